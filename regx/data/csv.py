"""The user's own table."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError, did_you_mean
from regx.core.parameters import choice, text, words
from regx.data.cells import SEPARATORS, Cells, is_missing, read_cells
from regx.data.columns import all_numbers, decimal_comma, numbers, numbers_or_words
from regx.data.dataset import Task
from regx.data.files import Version, version
from regx.data.table import Table, TableSource

# A target of whole numbers is a class if there are at most so many of them, each in so many rows on average.
CLASSES, ROWS_PER_CLASS = 20, 5
# Words of which there are more than this, and one for every second row or more, tell rows apart, not kinds of rows.
IDENTIFIERS = 10


@dataclass(frozen=True, kw_only=True)
class CSV(TableSource):
    """A file of comma-separated values with a header line, in UTF-8; other separators are recognised.

    Task: a target of two values is binary; of words, or of few whole numbers, multiclass; of other numbers, regression.
    Classes are numbered in sorted order. A column of words is one-hot encoded. Missing is an empty cell, NA, N/A, NaN,
    null, None or `?`. Blanks around a cell do not count. `notes` says what was understood.
    """

    kind = "csv"
    source = "your own file"

    path: str = text(help="the file")
    target: str = text(help="the column to predict")
    task: str = choice("auto", ("auto", "regression", "classification"), help="what the target is")
    drop: Sequence[str] = words([], help="columns to leave out")
    categorical: Sequence[str] = words([], help="columns of numbers that are names, such as postal codes")
    separator: str = choice("auto", ("auto", *SEPARATORS), help="what stands between two cells")

    def table(self) -> Table:
        path = Path(self.path).expanduser()
        try:
            at_version = version(path)
        except OSError as error:
            raise InputError(f"dataset.path: no file at {path} ({error.strerror}). Expected a CSV file.") from error
        return _read(
            path, at_version, self.target, self.task, tuple(self.drop), tuple(self.categorical), self.separator
        )

    def fingerprint(self) -> str:
        self.table()  # has the clear messages for a file that cannot be read
        return hashlib.sha256(Path(self.path).expanduser().read_bytes()).hexdigest()


@functools.lru_cache(maxsize=4)
def _read(
    path: Path,
    at_version: Version,
    target: str,
    task: str,
    drop: tuple[str, ...],
    categorical: tuple[str, ...],
    separator: str,
) -> Table:
    cells = read_cells(path, separator)
    _check_names(cells, target, drop, categorical)
    used = [name for name in cells.columns if name not in drop]
    comma, notes = decimal_comma(cells, [name for name in used if name not in categorical])
    columns: dict[str, Array] = {}
    errors: list[str] = []
    for name in used:
        try:
            if name == target:
                y, kind, classes, note = _target(cells, target, task, comma)
                notes.insert(0, note)
            else:
                columns[name] = numbers_or_words(cells, name, comma, name in categorical)
        except InputError as error:
            errors.append(str(error))
    if errors:
        raise InputError("\n".join(errors))
    notes += _describe_words(columns, categorical)
    if not columns:
        left_out = "".join(f" {note}" for note in notes if note.startswith("Left out"))
        found = f"Found columns {_listed(cells.columns)}.{left_out}"
        raise InputError(f"{path}: no column is left beside target '{target}'. {found}")
    return Table(columns, y, target, kind, str(path), classes, tuple(notes))


def _check_names(cells: Cells, target: str, drop: Iterable[str], categorical: Iterable[str]) -> None:
    features = [name for name in cells.columns if name != target]
    if target not in cells.columns:
        message = f"{cells.path}:1: no column '{target}' to predict.{did_you_mean(target, cells.columns)}"
        raise InputError(
            f"{message} Found columns {_listed(cells.columns)}; name one of them as dataset.target, or after --target."
        )
    for key, names in (("drop", drop), ("categorical", categorical)):
        for name in names:
            if name == target:
                raise InputError(f"dataset.{key}: '{name}' is the target. Expected another column.")
            if name not in features:
                message = f"dataset.{key}: no column '{name}' in {cells.path}.{did_you_mean(name, features)}"
                raise InputError(f"{message} Found columns {_listed(features)}.")


def _target(cells: Cells, name: str, task: str, comma: bool) -> tuple[Array, Task, tuple[str, ...], str]:
    """The target as numbers or class numbers, (n,), the task, the classes' names, and the note on it."""
    raw = cells.columns[name]
    for row, cell in enumerate(raw):
        if is_missing(cell):
            raise InputError(
                f"{cells.place(row)}: target '{name}' is missing ('{cell}'). Expected a value in every row; "
                "fill it in or delete the row."
            )
    if task == "regression":
        values = numbers(
            cells, name, comma, "Expected a quantity in every row; for classes set dataset.task: classification."
        )
    elif task == "classification":
        values = numbers_or_words(cells, name, comma, as_words=not all_numbers(cells, name, comma))
    else:
        values = numbers_or_words(cells, name, comma, remedy="Correct it, or set dataset.task: classification.")
    distinct = np.unique(values)
    whole = values.dtype != object and bool((values == np.rint(values)).all())
    few = len(distinct) <= min(CLASSES, len(values) / ROWS_PER_CLASS)
    classify = task == "classification" or (
        task == "auto" and (values.dtype == object or len(distinct) == 2 or (whole and few))
    )
    if not classify:
        if len(distinct) < 2:
            raise InputError(f"{cells.path}: target '{name}' is {raw[0]} in every row. Expected different numbers.")
        note = f"Target '{name}': {len(distinct)} different numbers, so the task is regression."
        return values, "regression", (), note + _otherwise(task, "classification")
    classes = tuple(str(value) if values.dtype == object else _plain(value) for value in distinct)
    if len(classes) < 2:
        raise InputError(f"{cells.path}: target '{name}' is '{classes[0]}' in every row. Expected two or more classes.")
    y = np.searchsorted(distinct, values)
    if len(classes) == 2:
        note = f"Target '{name}': two values, so the task is binary; 0 is '{classes[0]}', 1 is '{classes[1]}'."
        return y, "binary", classes, note + ("" if values.dtype == object else _otherwise(task, "regression"))
    note = f"Target '{name}': {len(classes)} classes ({_listed(classes)}), so the task is multiclass."
    return y, "multiclass", classes, note + ("" if values.dtype == object else _otherwise(task, "regression"))


def _otherwise(task: str, other: str) -> str:
    return f" Otherwise set dataset.task: {other}." if task == "auto" else ""


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def _describe_words(columns: dict[str, Array], categorical: tuple[str, ...]) -> list[str]:
    """Notes on the columns of words; takes out of `columns` those that look like identifiers."""
    notes, kept = [], []
    for name in [name for name, values in columns.items() if values.dtype == object]:
        levels = len({word for word in columns[name] if word is not None})
        if levels > max(IDENTIFIERS, len(columns[name]) / 2) and name not in categorical:
            del columns[name]
            notes.append(
                f"Left out column '{name}': {levels} different values in so few rows look like an identifier. "
                f"To keep it, set dataset.categorical: [{name}]."
            )
        else:
            kept.append(f"'{name}' ({levels} values)")
    if kept:
        notes.append(f"Read as categories, one-hot encoded: {', '.join(kept)}.")
    return notes


def _listed(names: Iterable[str], limit: int = 12) -> str:
    names = list(names)
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
