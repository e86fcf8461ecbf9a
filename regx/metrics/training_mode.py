"""What a network answers that was never put into evaluation mode: the forgotten `eval()`."""

from typing import cast

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import of_classes, on_splits
from regx.metrics.seen import SplitRows, Stored
from regx.nn.losses import LOSSES, correct, probabilities

TIMES = 5  # that the same rows are answered


def _answers(rows: SplitRows) -> list[Array]:
    return cast(Stored, rows.seen).in_training_mode(rows.name, TIMES)


def _loss(rows: SplitRows) -> Array:
    each = [LOSSES[rows.seen.task](z, rows.y, False)[0].mean(axis=1) for z in _answers(rows)]
    return np.asarray(np.mean(each, axis=0))


def _accuracy(rows: SplitRows) -> Array:
    return np.asarray(np.mean([correct(z, rows.y).mean(axis=1) for z in _answers(rows)], axis=0))


def _spread(rows: SplitRows) -> Array:
    p = np.array([probabilities(z, rows.seen.task) for z in _answers(rows)], np.float64)
    p -= p[0]  # so that equal answers differ by nothing, not by what rounding leaves
    return np.asarray(p.std(axis=0, ddof=1).reshape(p.shape[1], -1).mean(axis=1))


_LEFT_ON = (
    f"in training mode, the mean over {TIMES} answers to the {{split}} split: units and weights are dropped, and batch "
    "norm uses the statistics of these rows, as where `eval()` is forgotten."
)
LOSS_IN_TRAINING_MODE = on_splits(
    "loss_in_training_mode",
    f"Mean data loss {_LEFT_ON}",
    better="lower", low=0.0, of=_loss,
)  # fmt: skip
ACCURACY_IN_TRAINING_MODE = of_classes(
    "accuracy_in_training_mode",
    f"Share that is classified rightly {_LEFT_ON}",
    better="higher", of=_accuracy,
)  # fmt: skip
SPREAD_IN_TRAINING_MODE = on_splits(
    "spread_in_training_mode",
    f"By how much {TIMES} answers in training mode to the same row of the {{split}} split differ: the standard "
    "deviation of the number, or of the probabilities, mean over rows and outputs. 0 without dropout and its like.",
    low=0.0, of=_spread,
)  # fmt: skip
