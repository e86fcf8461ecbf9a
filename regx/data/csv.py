"""The user's own table."""

import dataclasses
import functools
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError, did_you_mean
from regx.core.parameters import choice, integer, integers, text, words
from regx.core.streams import stream
from regx.core.text import first_of
from regx.data.cells import SEPARATORS, Cells, read_cells
from regx.data.columns import SMALLEST, Form, Reading, form_of, read
from regx.data.dataset import Task
from regx.data.numerals import MISSING, decimal_sign
from regx.data.preparation import percent
from regx.data.split import nested_order
from regx.data.table import Table, TableSource, Version, version

# A target of whole numbers is a class if there are at most so many of them, each in so many rows on average.
CLASSES, ROWS_PER_CLASS = 20, 5
# Words of which there are more than this, and one for every second row or more, tell rows apart, not kinds of rows.
IDENTIFIERS = 10
# Whole numbers, none twice, are row numbers if they leave out few between the least and the largest, or are called so.
DENSE = 1.1
NAMES_OF_ROWS = frozenset(("id", "ids", "index", "idx", "row", "rowid", "rownames", "nr", "no", "number", "key", "uid"))
# So many times the usual distance from the middle a number is said, or refused: squares of it leave nothing of others.
FAR, TOO_FAR = 1e6, 1e12
FEWEST = 10  # rows with a target, where others have none
ASIDE = ("group", "time", "weight")  # each a column that says something of a row and is no feature


class CSV(TableSource, kw_only=True):
    """A file of comma-separated values with a header line, in UTF-8; other separators and gzip are recognised.

    Task: a target of two values is binary; of words, or of few whole numbers, multiclass; of other numbers, regression.
    Classes are numbered in sorted order. A column of words is one-hot encoded, missing being a level of its own; of a
    date its day, month, year and weekday are features. Missing is an empty cell; among numbers also NA, N/A, NaN, null,
    None or `?`. Blanks around a cell do not count. `notes` says what was understood.
    """

    kind = "csv"
    source = "your own file"

    path: str = text(help="the file")
    target: str = text(help="the column to predict")
    task: str = choice("auto", ("auto", "regression", "classification"), help="what the target is")
    drop: Sequence[str] = words([], help="columns to leave out")
    categorical: Sequence[str] = words([], help="columns of numbers that are names, such as postal codes")
    keep: Sequence[str] = words([], help="columns to keep as they are that look like row numbers, names or codes")
    separator: str = choice("auto", ("auto", *SEPARATORS), help="what stands between two cells")
    decimal: str = choice("auto", ("auto", "point", "comma"), help="the decimal sign, where it cannot be recognised")
    missing_values: Sequence[str] = words(
        [], help="the words for missing, in place of the usual ones; an empty cell always is"
    )
    group: str | None = text(None, optional=True, help="a column whose rows of one value stand in one split: a person")
    time: str | None = text(None, optional=True, help="a column by which the latest rows are the test split")
    weight: str | None = text(None, optional=True, help="a column of how much each row counts")
    rows: int | None = integer(
        None, ge=10, optional=True, static=True, help="use only so many rows, drawn at random, the same for every seed"
    )

    shape: Sequence[int] = integers(
        [],
        ge=1,
        example="[1, 28, 28]",
        help="channels, height, width of images whose pixels the columns are, channel by channel; empty for a table",
    )

    @property
    def is_images(self) -> bool:
        return bool(self.shape)

    def table(self) -> Table:
        path = Path(self.path).expanduser()
        try:
            at_version = version(path)
        except OSError as error:
            raise InputError(f"dataset.path: no file at {path} ({error.strerror}). Expected a CSV file.") from error
        # What does not matter to reading is left at its default, so that it is read once.
        own: dict[str, Any] = {key: getattr(self, key) for key in ("task", "separator", "decimal", *ASIDE)}
        own |= {key: tuple(getattr(self, key)) for key in ("drop", "categorical", "keep", "missing_values")}
        table = _read(CSV(path=str(path), target=" ".join(self.target.split()), **own), at_version)
        if self.rows is not None and self.rows < len(table.y):
            table = _some(table, self.rows)
        return _as_images(table, tuple(self.shape)) if self.shape else table

    def fingerprint(self) -> str:
        self.table()  # has the clear messages for a file that cannot be read
        with Path(self.path).expanduser().open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@functools.lru_cache(maxsize=2)
def _some(table: Table, rows: int) -> Table:
    """A table of so many of its rows, in their order; of classes each has its share."""
    order = stream(0, "rows").permutation(len(table.y))
    kept = np.sort(nested_order(order, None if table.task == "regression" else table.y)[:rows])

    def of(values: Array | None) -> Array | None:
        return None if values is None else values[kept]

    columns = {name: values[kept] for name, values in table.columns.items()}
    return dataclasses.replace(
        table, columns=columns, y=table.y[kept], groups=of(table.groups), times=of(table.times), weight=of(table.weight)
    )


def _as_images(table: Table, shape: tuple[int, ...]) -> Table:
    """A table whose columns are the pixels of images of this shape.  Raises InputError where they are not."""
    size = int(np.prod(shape))
    if len(shape) != 3 or shape[0] not in (1, 3) or len(table.columns) != size:
        raise InputError(
            f"dataset.shape is {list(shape)}; expected [channels, height, width] with 1 or 3 channels and a product of "
            f"{len(table.columns)}, the columns of {table.origin} beside the target. Leave others out: dataset.drop."
        )
    for name, values in table.columns.items():
        if values.dtype == object or np.isnan(values).any():
            found = "words" if values.dtype == object else "an empty cell"
            raise InputError(f"{table.origin}: column '{name}': expected a number for each pixel, found {found}.")
    return dataclasses.replace(table, shape=shape)


@functools.lru_cache(maxsize=4)
def _read(settings: CSV, at_version: Version) -> Table:
    target, path = settings.target, Path(settings.path)
    cells = read_cells(path, settings.separator, (target,))
    _check_names(cells, settings)
    aside = {settings.group, settings.weight}
    used = [name for name in cells.names if name not in settings.drop and name not in aside]
    plain = [name for name in used if name not in settings.categorical]
    also = [one for one in (settings.time, settings.weight) if one and one not in plain]
    decimal, notes = decimal_sign(cells, [*plain, *also], settings.decimal)
    notes = [*cells.notes, *notes]
    reading = Reading({}, decimal, tuple(settings.missing_values) or None)
    forms: dict[str, Form] = {}
    errors: list[str] = []
    for name in dict.fromkeys([*used, *also]):
        try:
            as_words = name in settings.categorical or (name == target and settings.task == "regression")
            form, note = form_of(cells, name, reading, as_words, name in settings.keep)
            forms[name] = Form() if name == target and settings.task == "regression" and not form.unit else form
            notes += [note] if note and name in used else []
        except InputError as error:
            errors.append(str(error))
    reading = dataclasses.replace(
        reading, forms={name: forms[name] for name in forms if name in used and name != target}
    )
    try:
        y, kind, classes, note, present = _target(cells, settings, forms.get(target, Form()), reading)
        notes.insert(0, note)
    except InputError as error:
        errors.append(str(error))
    try:
        columns = reading.columns(cells)
    except InputError as error:
        errors.append(str(error))
    if errors:
        raise InputError("\n".join(errors))
    rows = np.flatnonzero(present)
    if len(rows) < len(present):
        without = len(present) - len(rows)
        some = f"{without} row has" if without == 1 else f"{without} rows have"
        share = percent(without / len(present))
        notes.append(f"{some} no value of target '{target}' ({share}) and {'is' if without == 1 else 'are'} left out.")
        columns = {name: values[rows] for name, values in columns.items()}
        y = y[rows]
    if kind == "regression":
        notes += _extremes({target: y}, cells, rows, reading)
    notes += _extremes(columns, cells, rows, reading)
    notes += _left_out(columns, settings)
    notes += _words(columns, classes, settings)
    if not columns:
        left_out = "".join(f" {note}" for note in notes if note.startswith("Left out"))
        found = f"Found columns {first_of(cells.names)}.{left_out}"
        raise InputError(f"{path}: no column is left beside target '{target}'. {found}")
    groups = None
    if settings.group:
        column = cells.column(settings.group)
        groups = np.array([column[row] or f"\0{row}" for row in rows])  # a row without a name is a group of its own
    times = _quantity(cells, settings.time, forms, reading, rows, -np.inf)
    weight = _quantity(cells, settings.weight, forms, reading, rows, 0.0)
    return Table(
        columns, y, target, kind, str(path), classes, tuple(notes), reading=reading, groups=groups, times=times,
        weight=weight,
    )  # fmt: skip


def _check_names(cells: Cells, settings: CSV) -> None:
    target = settings.target
    features = [name for name in cells.names if name != target]
    if target not in cells.names:
        message = f"{cells.path}:1: no column '{target}' to predict.{did_you_mean(target, cells.names)}"
        raise InputError(
            f"{message} Found columns {first_of(cells.names)}; name one of them as dataset.target, or after --target."
        )
    single = {key: (getattr(settings, key),) for key in ASIDE if getattr(settings, key)}
    several = {key: getattr(settings, key) for key in ("drop", "categorical", "keep")}
    for key, names in {**several, **single}.items():
        for name in names:
            if name == target:
                raise InputError(f"dataset.{key}: '{name}' is the target. Expected another column.")
            if name not in features:
                message = f"dataset.{key}: no column '{name}' in {cells.path}.{did_you_mean(name, features)}"
                raise InputError(f"{message} Found columns {first_of(features)}.")
    if settings.group and settings.time:
        raise InputError("dataset.group and dataset.time: expected one of the two, since each decides on the splits.")


def _target(
    cells: Cells, settings: CSV, form: Form, reading: Reading
) -> tuple[Array, Task, tuple[str, ...], str, Array]:
    """The target as numbers or class numbers, (n,), the task, the classes' names, the note, and where it is known."""
    name, task = settings.target, settings.task
    if form.kind == "date":
        raise InputError(
            f"{cells.path}:1: target '{name}' is a date. Expected numbers or classes: for classes set "
            f"dataset.categorical: [{name}]; for a time write the number of days since a day."
        )
    remedy = "Correct it, or set dataset.task: classification."
    if task == "regression":
        remedy = "Expected a quantity in every row; for classes set dataset.task: classification."
    try:
        values = read(cells, name, form, reading, remedy)[name]
    except InputError:
        if task != "classification":
            raise
        values = read(cells, name, Form("words"), reading)[name]
    is_words = values.dtype == object
    present = np.array([value is not None for value in values]) if is_words else ~np.isnan(values)
    if (missing := int((~present).sum())) and present.sum() < FEWEST:
        row = int(np.flatnonzero(~present)[0])
        raise InputError(
            f"{cells.place(row)}: target '{name}' is missing here and in {missing} of {len(present)} rows. Expected a "
            f"value in {FEWEST} rows or more."
        )
    known = values[present]
    distinct = np.unique(known)
    whole = not is_words and bool((known == np.rint(known)).all())
    few = len(distinct) <= min(CLASSES, len(known) / ROWS_PER_CLASS)
    classify = task == "classification" or (task == "auto" and (is_words or len(distinct) == 2 or (whole and few)))
    if not classify:
        if len(distinct) < 2:
            cell = next(cell for cell, is_known in zip(cells.column(name), present, strict=True) if is_known)
            raise InputError(f"{cells.path}: target '{name}' is {cell} in every row. Expected different numbers.")
        note = f"Target '{name}': {len(distinct)} different numbers, so the task is regression."
        return values, "regression", (), note + _otherwise(task, "classification"), present
    classes = tuple(str(value) if is_words else _plain(value) for value in distinct)
    if len(classes) < 2:
        raise InputError(f"{cells.path}: target '{name}' is '{classes[0]}' in every row. Expected two or more classes.")
    y = np.zeros(len(values), dtype=np.int64)
    y[present] = np.searchsorted(distinct, known)
    otherwise = "" if is_words else _otherwise(task, "regression")
    if len(classes) == 2:
        note = f"Target '{name}': two values, so the task is binary; 0 is '{classes[0]}', 1 is '{classes[1]}'."
        return y, "binary", classes, note + otherwise, present
    note = f"Target '{name}': {len(classes)} classes ({first_of(classes)}), so the task is multiclass."
    return y, "multiclass", classes, note + otherwise, present


def _otherwise(task: str, other: str) -> str:
    return f" Otherwise set dataset.task: {other}." if task == "auto" else ""


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _quantity(
    cells: Cells, name: str | None, forms: Mapping[str, Form], reading: Reading, rows: Array, least: float
) -> Array | None:
    """A column of numbers or dates of which every row has one, of `least` or more."""
    if name is None:
        return None
    values = np.full(len(rows), np.nan)
    if forms[name].kind != "words":
        values = read(cells, name, forms[name], reading)[name][rows]
    wrong = ~(values >= least)
    if wrong.any():
        row = int(rows[np.flatnonzero(wrong)[0]])
        expected = "a date or a number" if least < 0 else "a weight of 0 or more"
        raise InputError(
            f"{cells.place(row)}: column '{name}': expected {expected} in every row, found '{cells.column(name)[row]}'."
        )
    return values


def _extremes(columns: Mapping[str, Array], cells: Cells, rows: Array, reading: Reading) -> list[str]:
    """Notes on numbers that are very far from the others; raises InputError where squares overflow, or vanish."""
    notes, errors = [], []
    for name, values in columns.items():
        if values.dtype == object or name not in cells.blocks or np.isnan(values).all():
            continue
        largest = np.nanmax(np.abs(values))
        if 0 < largest < SMALLEST:
            row = int(rows[np.nanargmax(np.abs(values))])
            errors.append(
                f"{cells.place(row)}: column '{name}': its largest number is {largest:g}, whose square is 0 to a "
                "computer. Write the column in another unit."
            )
            continue
        away = np.abs(values - np.nanmedian(values))
        usual = np.nanmedian(away[away > 0]) if (away > 0).any() else 0.0
        if not usual or not np.nanmax(away) > FAR * usual:
            continue
        row = int(np.nanargmax(away))
        told = f"{cells.place(int(rows[row]))}: column '{name}': {values[row]:g} is very far from the others"
        if away[row] > TOO_FAR * usual:
            errors.append(
                f"{told}, which lie about {usual:.2g} from their middle: beside it nothing is left of them. Correct "
                "the cell, leave it empty if its value is not known, or leave the column or the row out."
            )
        else:
            notes.append(f"{told}. If it is a mistake, correct the cell: scaling and losses follow such a number.")
    if errors:
        raise InputError("\n".join(errors))
    return notes


def _left_out(columns: dict[str, Array], settings: CSV) -> list[str]:
    """Take out of `columns` those that look like identifiers, and say so; row numbers only while others are left."""
    notes = []
    kept = {*settings.keep, *settings.categorical}
    for name in [name for name, values in columns.items() if values.dtype == object and name not in kept]:
        levels = len({word for word in columns[name] if word is not None})
        if levels > max(IDENTIFIERS, len(columns[name]) / 2):
            del columns[name]
            notes.append(
                f"Left out column '{name}': {levels} different values in so few rows look like an identifier. "
                f"To keep it, set dataset.categorical: [{name}]."
            )
    numbered = [name for name, values in columns.items() if name not in kept and _numbers_rows(name, values)]
    if settings.time in numbered:
        numbered.remove(settings.time)
    for name in numbered if len(numbered) < len(columns) else ():
        del columns[name]
        notes.append(
            f"Left out column '{name}': whole numbers of which none stands twice number the rows. To keep it, set "
            f"dataset.keep: [{name}]."
        )
    return notes


def _numbers_rows(name: str, values: Array) -> bool:
    """Whether a column is row numbers: whole, none twice, and called so or with hardly a gap."""
    if values.dtype == object or len(values) < 2 or np.isnan(values).any() or (values != np.rint(values)).any():
        return False
    # Of many unequal numbers the span tells quickly whether there can be a gap.
    dense = values.max() - values.min() + 1 <= DENSE * len(values)
    simple = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    camel = name[-2:] in ("Id", "ID")
    called = camel or bool(simple and simple[-1] in NAMES_OF_ROWS)
    return (dense or called) and len(np.unique(values)) == len(values)


def _words(columns: Mapping[str, Array], classes: tuple[str, ...], settings: CSV) -> list[str]:
    """Notes on the columns of words, and on words in them that stand for missing elsewhere."""
    notes, kept, usual = [], [], []
    for name in [name for name, values in columns.items() if values.dtype == object]:
        levels = {word for word in columns[name] if word is not None}
        kept.append(f"'{name}' ({len(levels)} values)")
        usual += [
            f"'{word}' in '{name}' ({percent(float(np.mean(columns[name] == word)))})"
            for word in sorted(levels)
            if word.lower() in MISSING
        ]
    if kept:
        notes.append(f"Read as categories, one-hot encoded: {', '.join(kept)}.")
    usual += [f"class '{word}'" for word in classes if word.lower() in MISSING]
    if usual and not settings.missing_values:
        notes.append(
            f"Taken for words like any other: {', '.join(usual)}. If such a word stands for missing, set "
            "dataset.missing_values to a list of it."
        )
    return notes
