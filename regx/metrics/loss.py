"""The data loss, and what follows from it."""

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
