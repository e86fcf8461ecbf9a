"""The data loss and what follows from it; how far predicted numbers are from the true ones."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import Metric, on_splits
from regx.metrics.seen import SplitRows


def _mean_loss(rows: SplitRows) -> Array:
    return rows.mean(rows.seen.per_sample)


def _negative_log_likelihood(rows: SplitRows) -> Array:
    loss = _mean_loss(rows)
    if rows.seen.task != "regression":
        return loss
    variance = _mean_loss(rows.seen.splits["train"])
    return np.asarray((np.log(2 * np.pi * variance) + loss / variance) / 2)


def _gap(seed: Mapping[str, Any]) -> float | None:
    train, val = seed["metrics"].get("train_loss"), seed["metrics"].get("val_loss")
    return None if train is None or val is None else val - train


def _r2(rows: SplitRows) -> Array:
    y = np.broadcast_to(rows.y, rows.z.shape).astype(np.float64)
    left = np.square(y - rows.z).sum(axis=2)
    there = np.square(y - y.mean(axis=2, keepdims=True)).sum(axis=2)
    return np.asarray((1 - left / np.where(there > 0, there, np.nan)).mean(axis=1))


LOSS = on_splits(
    "loss",
    "Mean data loss on the {split} split, in evaluation mode: no dropout, no noise, no penalty.",
    better="lower", low=0.0, each_epoch=True, importance=1, of=_mean_loss,
)  # fmt: skip
GAP = Metric(
    "gap",
    "val_loss - train_loss at the reported epoch: how much better the network knows what it was trained on.",
    importance=7, of_seed=_gap,
)  # fmt: skip
NEGATIVE_LOG_LIKELIHOOD = on_splits(
    "negative_log_likelihood",
    "Mean of -log p of what happened on the {split} split. For classes it is the loss; for numbers p is the normal "
    "density around the prediction, with the mean squared error of the training split as its variance.",
    better="lower", of=_negative_log_likelihood,
)  # fmt: skip
MEAN_ABSOLUTE_ERROR = on_splits(
    "mae",
    "Mean absolute error on the {split} split, in the units that the network sees the target in.",
    better="lower", low=0.0, tasks=("regression",),
    of=lambda rows: np.abs(rows.z - rows.y).reshape(len(rows.z), -1).mean(axis=1),
)  # fmt: skip
R2 = on_splits(
    "r2",
    "R², 1 - squared error/squared distance from the mean, on the {split} split: 1 is perfect, 0 as good as always "
    "answering the mean of these rows, and there is no end below. Of several outputs the mean.",
    better="higher", high=1.0, tasks=("regression",), of=_r2,
)  # fmt: skip
