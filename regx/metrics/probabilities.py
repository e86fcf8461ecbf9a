"""How good the probabilities of classes are."""

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import CLASSES, of_classes, on_splits
from regx.metrics.seen import SplitRows, by_class
from regx.stats.calibration import brier_score, expected_calibration_error


def calibration_error(rows: SplitRows, p: Array | None = None) -> Array:
    """The expected calibration error, (R,), of the networks' own answers or of other probabilities, (R, K, n)."""
    own, y = rows.classes
    found = own if p is None else by_class(p)
    return np.array([expected_calibration_error(*one) for one in zip(found, y, strict=True)])


def _brier_score(rows: SplitRows) -> Array:
    p, y = rows.classes
    first = 1 if rows.z.shape[1] == 1 else 0  # of two classes with one output half of the sum
    return np.array([brier_score(*one) for one in zip(p[:, :, first:], y[:, :, first:], strict=True)])


CALIBRATION_ERROR = of_classes(
    "calibration_error",
    "Expected calibration error on the {split} split: mean distance between confidence and accuracy over 15 bins of "
    "equal width (Guo et al. 2017, On Calibration of Modern Neural Networks, section 2).",
    better="lower", kept=True, of=calibration_error,
)  # fmt: skip
BRIER_SCORE = on_splits(
    "brier_score",
    "Mean squared distance of the probabilities from what happened on the {split} split, summed over classes (Brier "
    "1950, equation 2); for two classes half of it, (p - y)².",
    better="lower", low=0.0, high=2.0, tasks=CLASSES, kept=True, of=_brier_score,
)  # fmt: skip
