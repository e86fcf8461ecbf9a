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
from regx.data.columns import Form, Reading, form_of, read
from regx.data.findings import extremes, left_out, words_said
from regx.data.numerals import decimal_sign
from regx.data.preparation import percent
from regx.data.split import nested_order
from regx.data.table import Table, TableSource, Version, version
from regx.data.target import target_of

ASIDE = ("group", "time", "weight")  # columns that say something of a row and are no features


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
    """A table with so many of its rows, in their order; each class keeps its share."""
    order = stream(0, "rows").permutation(len(table.y))
    kept = np.sort(nested_order(order, None if table.task == "regression" else table.y)[:rows])
    columns = {name: values[kept] for name, values in table.columns.items()}
    of_rows = {name: getattr(table, name) for name in ("y", "groups", "times", "weight")}
    beside = {name: values[kept] for name, values in of_rows.items() if values is not None}
    return dataclasses.replace(table, columns=columns, **beside)


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
        y, kind, classes, note, present = target_of(cells, target, settings.task, forms.get(target, Form()), reading)
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
        notes += extremes({target: y}, cells, rows, reading)
    notes += extremes(columns, cells, rows, reading)
    notes += left_out(columns, {*settings.keep, *settings.categorical}, settings.time)
    notes += words_said(columns, classes, bool(settings.missing_values))
    if not columns:
        gone = "".join(f" {note}" for note in notes if note.startswith("Left out"))
        found = f"Found columns {first_of(cells.names)}.{gone}"
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
            f"{cells.place(row, name)}: expected {expected} in every row, found '{cells.column(name)[row]}'."
        )
    return values
