"""The studentised bootstrap of a mean."""

import functools
import math
from collections.abc import Sequence

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.stats.aggregate import Interval, mean_interval

RESAMPLES = 10_000
FURTHEST = 5  # times as far from the mean as Student's, an end may lie


def bootstrap_interval(values: Sequence[float]) -> Interval:
    """The mean of values (n,) and its 95 % bootstrap-t interval from 10,000 resamples, the same ones every time.

    The distribution of t* = (mean* - mean)/se* over resamples stands for that of (mean - truth)/se, so the interval is
    asymmetric where the values are. An end that the resamples do not bound, as when few values differ, is Student's.
    None lies further from the mean than five times Student's: where three of five values happen to be nearly equal,
    resamples of these have next to no error, and an end would lie anywhere. That cuts an end of 6 % of the intervals of
    five normal values, of none of ten, and the shares below stay as they are without it.

    Share of 4,000 samples whose 95 % interval held the truth, at n = 5, 10 and 20:

                              normal             exponential        t(3)               log-normal
        bootstrap-t           0.95 0.95 0.95     0.93 0.95 0.95     0.94 0.93 0.93     0.90 0.91 0.93
        percentile            0.83 0.90 0.94     0.79 0.87 0.91     0.83 0.90 0.92     0.72 0.81 0.86
        BCa                   0.84 0.89 0.93     0.81 0.88 0.92     0.82 0.87 0.89     0.74 0.83 0.88
        Student's t           0.95 0.95 0.96     0.89 0.91 0.93     0.96 0.96 0.96     0.83 0.84 0.88

    Efron & Tibshirani 1993, An Introduction to the Bootstrap, section 12.5; Hall 1988, Theoretical Comparison of
    Bootstrap Confidence Intervals.
    """
    x = np.asarray(values, dtype=np.float64)
    n = len(x)
    mean = float(np.mean(x))
    if n < 2:
        return Interval(mean=mean, low=None, high=None)
    centred = x - mean
    error = float(np.sqrt(centred @ centred / (n - 1) / n))
    if error <= 1e-12 * abs(mean):  # all values are equal
        return Interval(mean=mean, low=mean, high=mean)
    weights = _weights(n)
    shifts = weights @ centred
    variances = np.maximum(weights @ centred**2 - shifts**2, 0.0)
    # A resample of equal values has no error: its t* is infinite, on the side where it lies.
    flat = variances <= 1e-14 * float(centred @ centred)
    ratio = shifts / np.sqrt(np.where(flat, 1.0, variances / (n - 1)))
    t = np.where(flat, np.copysign(np.inf, shifts), ratio)
    lower, upper = np.quantile(t, [0.025, 0.975], method="inverted_cdf")
    low, high = mean - float(upper) * error, mean - float(lower) * error
    highest = mean_interval(x.tolist())["high"]
    assert highest is not None
    student = highest - mean
    return Interval(
        mean=mean,
        low=max(low, mean - FURTHEST * student) if math.isfinite(low) else mean - student,
        high=min(high, mean + FURTHEST * student) if math.isfinite(high) else mean + student,
    )


@functools.lru_cache(maxsize=8)
def _weights(n: int) -> Array:
    """The share of each value in each resample, (10,000, n). Equal for all tables, so that rows compare."""
    drawn = stream(0, "bootstrap").integers(0, n, (RESAMPLES, n))
    counts = np.bincount((drawn + np.arange(RESAMPLES)[:, None] * n).ravel(), minlength=RESAMPLES * n)
    return counts.reshape(RESAMPLES, n) / n
