"""What a table is taken to be, before anything is trained on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regx.data.dataset import Dataset, Task
from regx.data.table import Table, TableSource

if TYPE_CHECKING:
    import pandas

TELLS = 0.9999  # rank correlation with a target from which on a column is that target in other words


@dataclass(frozen=True)
class Inspection:
    """A table in numbers.

    numeric, categorical: columns beside the target. missing: empty cells by column. inputs: features as the network
    sees them. classes: rows of each; empty for regression. parameters: of the plain network. notes: how the table was
    understood, a sentence each.
    """

    path: str
    target: str
    task: Task
    rows: int
    numeric: int
    categorical: int
    missing: dict[str, int]
    inputs: int
    classes: dict[str, int]
    split: tuple[int, int, int]
    parameters: int
    notes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "split": list(self.split), "notes": list(self.notes)}

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Inspection:
        return cls(**{**plain, "split": tuple(plain["split"]), "notes": tuple(plain["notes"])})


def inspect(source: TableSource, data: Dataset, parameters: int) -> Inspection:
    """Look at a table, and at one split of it."""
    table = source.table()
    words = [name for name, values in table.columns.items() if values.dtype == object]
    missing = {}
    for name, values in table.columns.items():
        empty = sum(value is None for value in values) if name in words else int(np.isnan(values).sum())
        if empty:
            missing[name] = empty
    counts: Any = np.bincount(table.y.astype(int), minlength=len(table.classes)) if table.classes else []
    return Inspection(
        path=table.origin,
        target=table.target,
        task=table.task,
        rows=len(table.y),
        numeric=len(table.columns) - len(words),
        categorical=len(words),
        missing=missing,
        inputs=len(data.features),
        classes={name: int(count) for name, count in zip(table.classes, counts, strict=True)},
        split=(len(data.train.x), len(data.val.x), len(data.test.x)),
        parameters=parameters,
        notes=(*data.notes, *_cautions(table)),
    )


def _cautions(table: Table) -> list[str]:
    """What makes a table look easier than new rows will be: copies of rows, and columns that are the target again."""
    import pandas

    frame, target = pandas.DataFrame(table.columns), pandas.Series(table.y)
    ranks = target.rank()
    words = {name for name, values in table.columns.items() if values.dtype == object}
    said = []
    # Where all columns are words, rows are alike because there is little to differ in.
    copies = int(frame.assign(**{"": target}).duplicated().sum()) if len(words) < len(frame.columns) else 0
    if copies:
        copy = "row is an exact copy of another" if copies == 1 else "rows are exact copies of others"
        said.append(
            f"{copies} {copy}. Where a copy of a test row is trained on, the test loss is too low: if that is no "
            "coincidence, take copies out of the table."
        )
    for name in frame:
        if _tells(frame[name], name in words, ranks, len(table.classes)):
            said.append(
                f"Column '{name}' alone tells '{table.target}'. If it is known only once the target is, take it out: "
                f"-s '{'dataset.drop=' + json.dumps([name], ensure_ascii=False)}'."
            )
    return said


def _tells(column: pandas.Series[Any], words: bool, target: pandas.Series[Any], classes: int) -> bool:
    """Whether a column alone says what the target is: by its order, or as a code that goes with one value each.

    target: its ranks.
    """
    if column.nunique(dropna=False) <= len(column) / 4:  # many values go with one each by being many
        return bool(target.groupby(column, dropna=False).nunique().max() == 1)
    if words:
        return False
    if not classes:
        known = column.notna()
        with np.errstate(invalid="ignore"):  # of equal targets there is no correlation
            return bool(abs(np.corrcoef(column[known].rank(), target[known])[0, 1]) > TELLS)
    ordered = target[column.sort_values().index]
    apart = ordered.diff().ne(0).sum() == classes
    return bool(apart and target.groupby(column, dropna=False).nunique().max() == 1)
