"""How far predicted probabilities are from what happens."""

import math

import numpy as np

from regx.core.arrays import Array

BINS = 15


def expected_calibration_error(probabilities: Array, y: Array) -> float:
    """The mean over samples of |accuracy - confidence| of the bin that each falls in; 15 bins of equal width.

    Guo et al. 2017, On Calibration of Modern Neural Networks, section 2, equation 3. The confidence is the probability
    of the predicted class. probabilities, y: (n, K) with y one-hot, or (n, 1) for the probability of class 1. NaN where
    a probability is not finite.
    """
    if not np.isfinite(probabilities).all():
        return math.nan
    p, truth = probabilities, y
    if p.shape[1] == 1:
        p, truth = (np.hstack([1 - one, one]) for one in (p, y))
    confidence = p.max(axis=1)
    right = (p.argmax(axis=1) == truth.argmax(axis=1)).astype(float)
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    counted = np.bincount(bins, minlength=BINS)
    gaps = np.abs(np.bincount(bins, right - confidence, BINS))[counted > 0]
    return float(gaps.sum() / len(p))


def brier_score(probabilities: Array, y: Array) -> float:
    """The mean squared distance of the probabilities from what happened, over samples, summed over classes.

    Brier 1950, Verification of Forecasts Expressed in Terms of Probability, equation 2; for two classes with one output
    half of it, (p - y)², as scikit-learn's `brier_score_loss`. Shapes as above.
    """
    return float(np.mean(np.sum((probabilities - y) ** 2, axis=1)))
