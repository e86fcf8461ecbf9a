"""A dataset as CSV files, for other programs."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from regx.core.errors import InputError
from regx.data.dataset import Dataset, Split
from regx.data.task import Task


def export(dataset: Dataset, folder: Path) -> list[Path]:
    """Write `train.csv`, `val.csv` and `test.csv` as the network sees them, and return their paths.

    A header, then a row per sample: the features, then `target`: the number, the label 0 or 1, or the class from 0.
    Numbers are written so that reading them gives the same float64. Each file is complete or as it was before. Raises
    InputError where a feature is called `target` or the folder cannot be written.
    """
    if "target" in dataset.features:
        raise InputError("A feature is called 'target', which is the name of the last column. Rename it in the table.")
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("train", "val", "test"):
            path = folder / f"{name}.csv"
            partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
            try:
                with partial.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.writer(file, lineterminator="\n")
                    writer.writerow([*dataset.features, "target"])
                    writer.writerows(_rows(dataset.task, getattr(dataset, name)))
                partial.replace(path)
            finally:
                partial.unlink(missing_ok=True)
            paths.append(path)
    except OSError as error:
        raise InputError(f"Cannot write to {folder}: {error.strerror}. Give another folder.") from error
    return paths


def _rows(task: Task, split: Split) -> Iterator[list[float | int]]:
    target = np.argmax(split.y, axis=1) if task == "multiclass" else split.y[:, 0]
    values = (target if task == "regression" else target.astype(int)).tolist()
    for features, value in zip(split.x.tolist(), values, strict=True):
        yield [*features, value]
