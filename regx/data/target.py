"""What a table's target is: numbers or classes, and so the task."""

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.text import first_of
from regx.data.cells import Cells
from regx.data.columns import Form, Reading, read
from regx.data.task import Task

# A target of whole numbers is a class if there are at most so many of them, each in so many rows on average.
CLASSES, ROWS_PER_CLASS = 20, 5
FEWEST = 10  # rows with a target, where others have none


def target_of(
    cells: Cells, name: str, task: str, form: Form, reading: Reading
) -> tuple[Array, Task, tuple[str, ...], str, Array]:
    """The target as numbers or class numbers, (n,), the task, the classes' names, the note, and where it is known.

    task: auto, regression or classification. Raises InputError where there is nothing to predict.
    """
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
