"""What all tables have in common: the split, the encoding fitted on the training rows, and label noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.parameters import integer, number
from regx.data.dataset import Dataset, Source, Split, Task
from regx.data.encode import encode
from regx.data.label_noise import with_label_noise
from regx.data.split import split_rows


@dataclass(frozen=True)
class Table:
    """A table before it is split.

    columns: (n,) each, by name; see `encode`. y: (n,), float64 for regression, else the class's number, int64.
    origin: how messages name the table. scaled: the columns are all on one scale, as pixels, and stay as they are.
    """

    columns: dict[str, Array]
    y: Array
    target: str
    task: Task
    origin: str
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scaled: bool = False


@dataclass(frozen=True, kw_only=True)
class TableSource(Source):
    """Base of the datasets that are tables. Each split is drawn anew for each seed.

    Features are standardised, filled and one-hot encoded by the training split alone, and so is a regression target:
    a loss of 1 is then what predicting the mean scores.
    """

    test_fraction: float = number(0.25, gt=0, lt=1, static=True, help="share of all rows that is kept for the test")
    val_fraction: float = number(0.15, ge=0, lt=1, static=True, help="share of all rows for validation; 0 for none")
    n_train: int | None = integer(None, ge=1, static=True, optional=True, help="train on only so many rows")
    label_noise: float = number(0.0, ge=0, le=1, static=True, help="share of the training labels drawn anew at random")

    def table(self) -> Table:
        """The whole table."""
        raise NotImplementedError

    def load(self, seed: int) -> Dataset:
        table = self.table()
        regression = table.task == "regression"
        train, val, test = split_rows(
            len(table.y), seed, self.test_fraction, self.val_fraction, self.n_train,
            labels=None if regression else table.y, classes=table.classes, origin=table.origin,
        )  # fmt: skip
        notes = table.notes
        if table.scaled:
            x, features = np.column_stack(list(table.columns.values())), tuple(table.columns)
        else:
            x, features, of_encoding = encode(table.columns, train)
            notes += of_encoding
        if not features:
            raise InputError(f"{table.origin}: no column varies in the training split: nothing to learn from.")
        if regression:
            y, of_target = _standardised(table, train)
            notes += (of_target,)
        elif table.task == "binary":
            y = table.y[:, None].astype(np.float64)
        else:
            y = np.eye(len(table.classes))[table.y]
        return Dataset(
            table.task,
            train=with_label_noise(Split(x[train], y[train]), table.task, self.label_noise, seed),
            val=Split(x[val], y[val]),
            test=Split(x[test], y[test]),
            features=features,
            target=table.target,
            classes=table.classes,
            notes=notes,
        )


def _standardised(table: Table, train: Array) -> tuple[Array, str]:
    """The target with mean 0 and standard deviation 1 in the training rows, (n, 1), and the note that says so."""
    mean, deviation = table.y[train].mean(), table.y[train].std()
    if deviation <= 1e-12 * abs(mean):  # the rounding error of a constant
        raise InputError(
            f"{table.origin}: target '{table.target}' is constant in the {len(train)} training rows, so there is "
            "nothing to predict. Expected different numbers."
        )
    note = (
        f"Target '{table.target}' is standardised with the training split's mean {mean:.6g} and standard deviation "
        f"{deviation:.6g}: always predicting that mean has a mean squared error of about 1."
    )
    return ((table.y - mean) / deviation)[:, None], note
