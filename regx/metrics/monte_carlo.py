"""The mean over masks as an ensemble: what a network with the noise of training on answers on average."""

from typing import cast

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import of_classes, on_splits
from regx.metrics.seen import SplitRows, Stored, by_class
from regx.nn.losses import LOSSES, correct
from regx.stats.calibration import expected_calibration_error

MASKS = 50
LEAST = 1e-12  # of a probability whose logarithm is taken


def _mean(rows: SplitRows) -> Array:
    """The mean over masks of the numbers, or of the probabilities: (R, K, n) in float64."""
    return cast(Stored, rows.seen).mean_over_masks(rows.name, MASKS)


def _outputs(rows: SplitRows) -> Array:
    """The outputs of a network that predicts this mean."""
    p = _mean(rows)
    if rows.seen.task == "regression":
        return p
    p = np.clip(p, LEAST, 1 - LEAST)
    return np.asarray(np.log(p) - np.log1p(-p) if rows.seen.task == "binary" else np.log(p))


def _loss(rows: SplitRows) -> Array:
    return np.asarray(LOSSES[rows.seen.task](_outputs(rows), rows.y, False)[0].mean(axis=1))


def _accuracy(rows: SplitRows) -> Array:
    return np.asarray(correct(_outputs(rows), rows.y).mean(axis=1))


def _calibration_error(rows: SplitRows, p: Array | None = None) -> Array:
    own, y = rows.classes
    found = own if p is None else by_class(p)
    return np.array([expected_calibration_error(*one) for one in zip(found, y, strict=True)])


_MEAN = (
    f"the mean over {MASKS} answers to the {{split}} split with units and weights dropped as in training: Monte Carlo "
    "dropout, an ensemble of thinned networks (Gal & Ghahramani 2016, Dropout as a Bayesian Approximation, section 4)."
)
_GAIN = f"by how much lower it is than that of the network at rest, the same seed beside itself, for {_MEAN}"
MONTE_CARLO_LOSS = on_splits(
    "monte_carlo_loss",
    f"Data loss of {_MEAN} The mean is of numbers or of probabilities; for classes the loss is the negative "
    "log-likelihood. Batch norm uses its running statistics.",
    "lower", low=0.0, of=_loss,
)  # fmt: skip
MONTE_CARLO_ACCURACY = of_classes("monte_carlo_accuracy", f"Accuracy of {_MEAN}", "higher", of=_accuracy)
MONTE_CARLO_CALIBRATION_ERROR = of_classes(
    "monte_carlo_calibration_error", f"Expected calibration error of {_MEAN}", "lower",
    of=lambda rows: _calibration_error(rows, _mean(rows)),
)  # fmt: skip
MONTE_CARLO_GAIN = on_splits(
    "monte_carlo_gain", f"The loss: {_GAIN}", "higher",
    of=lambda rows: np.asarray(rows.mean(rows.seen.per_sample) - _loss(rows)),
)  # fmt: skip
MONTE_CARLO_CALIBRATION_GAIN = of_classes(
    "monte_carlo_calibration_gain", f"The expected calibration error: {_GAIN}", "higher", low=-1.0,
    of=lambda rows: np.asarray(_calibration_error(rows) - _calibration_error(rows, _mean(rows))),
)  # fmt: skip
