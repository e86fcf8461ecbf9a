"""How far predicted numbers are from the true ones, in their own units and as a share of how much they vary."""

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import on_splits
from regx.metrics.seen import SplitRows


def _mean_absolute_error(rows: SplitRows) -> Array:
    off = np.abs(rows.z - rows.y).reshape(len(rows.z), -1)
    return np.asarray(off.mean(axis=1))


def _r2(rows: SplitRows) -> Array:
    y = np.broadcast_to(rows.y, rows.z.shape).astype(np.float64)
    left = np.square(y - rows.z).sum(axis=2)
    there = np.square(y - y.mean(axis=2, keepdims=True)).sum(axis=2)
    return np.asarray((1 - left / np.where(there > 0, there, np.nan)).mean(axis=1))


MEAN_ABSOLUTE_ERROR = on_splits(
    "mae",
    "Mean absolute error on the {split} split, in the units that the network sees the target in.",
    better="lower", low=0.0, tasks=("regression",), of=_mean_absolute_error,
)  # fmt: skip
R2 = on_splits(
    "r2",
    "R², 1 - squared error/squared distance from the mean, on the {split} split: 1 is perfect, 0 as good as always "
    "answering the mean of these rows, and there is no end below. Of several outputs the mean.",
    better="higher", high=1.0, tasks=("regression",), of=_r2,
)  # fmt: skip
