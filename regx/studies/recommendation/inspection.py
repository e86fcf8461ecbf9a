"""What a table is taken to be, before anything is trained on it."""

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from regx.data.cautions import cautions
from regx.data.dataset import Dataset
from regx.data.table import TableSource
from regx.data.task import Task


@dataclass(frozen=True)
class Inspection:
    """A table in numbers.

    numeric, categorical: columns beside the target. missing: empty cells by column. inputs: features as the network
    sees them. classes: rows of each; empty for regression. parameters: of the plain network. notes: how the table was
    understood, a sentence each. images: whether the rows are images, and the columns their pixels.
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
    images: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**self.__dict__, "split": list(self.split), "notes": list(self.notes)}

    @classmethod
    def of_json(cls, plain: dict[str, Any]) -> Self:
        known = {field.name: plain[field.name] for field in fields(cls) if field.name in plain}
        return cls(**{**known, "split": tuple(plain["split"]), "notes": tuple(plain["notes"])})


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
    classes = {name: int(count) for name, count in zip(table.classes, counts, strict=True)}
    return Inspection(
        path=table.origin, target=table.target, task=table.task, rows=len(table.y),
        numeric=len(table.columns) - len(words), categorical=len(words), missing=missing, inputs=len(data.features),
        classes=classes, split=(len(data.train.x), len(data.val.x), len(data.test.x)), parameters=parameters,
        notes=(*data.notes, *cautions(table)),
        images=source.is_images,
    )  # fmt: skip
