"""What a network answers with the noise of training on: one that was never put into evaluation mode, and the mean of
many such answers as an ensemble.
"""

from typing import cast

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import of_classes, on_splits
from regx.metrics.probabilities import calibration_error
from regx.metrics.seen import SplitRows, Stored
from regx.nn.losses import logits, probabilities

TIMES = 5  # that the same rows are answered by a network left in training mode
MASKS = 50
LEAST = 1e-12  # of a probability whose logarithm is taken


def _answers(rows: SplitRows) -> list[Array]:
    return cast(Stored, rows.seen).in_training_mode(rows.name, TIMES)


def _spread(rows: SplitRows) -> Array:
    p = np.array([probabilities(z, rows.seen.task) for z in _answers(rows)], np.float64)
    p -= p[0]  # so that equal answers differ by nothing, not by what rounding leaves
    return np.asarray(p.std(axis=0, ddof=1).reshape(p.shape[1], -1).mean(axis=1))


def _mean(rows: SplitRows) -> Array:
    """The mean over masks of the numbers, or of the probabilities: (R, K, n) in float64."""
    return cast(Stored, rows.seen).mean_over_masks(rows.name, MASKS)


def _loss_of_mean(rows: SplitRows) -> Array:
    return rows.loss_of(logits(_mean(rows), rows.seen.task, LEAST))


_LEFT_ON = (
    f"in training mode, the mean over {TIMES} answers to the {{split}} split: units and weights are dropped, and batch "
    "norm uses the statistics of these rows, as where `eval()` is forgotten."
)
LOSS_IN_TRAINING_MODE = on_splits(
    "loss_in_training_mode", f"Mean data loss {_LEFT_ON}", "lower", low=0.0,
    of=lambda rows: np.asarray(np.mean([rows.loss_of(z) for z in _answers(rows)], axis=0)),
)  # fmt: skip
ACCURACY_IN_TRAINING_MODE = of_classes(
    "accuracy_in_training_mode", f"Share that is classified rightly {_LEFT_ON}", "higher",
    of=lambda rows: np.asarray(np.mean([rows.accuracy_of(z) for z in _answers(rows)], axis=0)),
)  # fmt: skip
SPREAD_IN_TRAINING_MODE = on_splits(
    "spread_in_training_mode",
    f"By how much {TIMES} answers in training mode to the same row of the {{split}} split differ: the standard "
    "deviation of the number, or of the probabilities, mean over rows and outputs. 0 without dropout and its like.",
    low=0.0, of=_spread,
)  # fmt: skip

_MEAN = (
    f"the mean over {MASKS} answers to the {{split}} split with units and weights dropped as in training: Monte Carlo "
    "dropout, an ensemble of thinned networks (Gal & Ghahramani 2016, Dropout as a Bayesian Approximation, section 4)."
)
_GAIN = f"by how much lower it is than that of the network at rest, the same seed beside itself, for {_MEAN}"
MONTE_CARLO_LOSS = on_splits(
    "monte_carlo_loss",
    f"Data loss of {_MEAN} The mean is of numbers or of probabilities; for classes the loss is the negative "
    "log-likelihood. Batch norm uses its running statistics.",
    "lower", low=0.0, of=_loss_of_mean,
)  # fmt: skip
MONTE_CARLO_ACCURACY = of_classes(
    "monte_carlo_accuracy", f"Accuracy of {_MEAN}", "higher",
    of=lambda rows: rows.accuracy_of(logits(_mean(rows), rows.seen.task, LEAST)),
)  # fmt: skip
MONTE_CARLO_CALIBRATION_ERROR = of_classes(
    "monte_carlo_calibration_error", f"Expected calibration error of {_MEAN}", "lower",
    of=lambda rows: calibration_error(rows, _mean(rows)),
)  # fmt: skip
MONTE_CARLO_GAIN = on_splits(
    "monte_carlo_gain", f"The loss: {_GAIN}", "higher",
    of=lambda rows: np.asarray(rows.mean(rows.seen.per_sample) - _loss_of_mean(rows)),
)  # fmt: skip
MONTE_CARLO_CALIBRATION_GAIN = of_classes(
    "monte_carlo_calibration_gain", f"The expected calibration error: {_GAIN}", "higher", low=-1.0,
    of=lambda rows: np.asarray(calibration_error(rows) - calibration_error(rows, _mean(rows))),
)  # fmt: skip
