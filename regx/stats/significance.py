"""Tests of paired differences, and the correction for many tests."""

import functools
import math
from collections.abc import Sequence

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.stats.resampled import POWER, resampled_difference

EXACT_UP_TO = 12  # 2^12 = 4,096 sign patterns
DRAWN = 10_000
MOST_SEEDS = 1000


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p of the mean of paired differences, (n,), being 0: the share of sign patterns with as great a mean.

    Exact up to n = 12; beyond it from 10,000 drawn patterns, the same ones
    every time, with the observed one counted in.  Fisher 1935, The Design of Experiments, section 21.
    """
    x = np.asarray(differences, dtype=np.float64)
    sums = np.abs(_signs(len(x)) @ x)
    # Patterns that are equal but for rounding count as equal.
    as_great = int(np.count_nonzero(sums >= abs(float(x.sum())) - 1e-12 * float(np.abs(x).sum())))
    return as_great / len(sums) if len(x) <= EXACT_UP_TO else (as_great + 1) / (len(sums) + 1)


def least_p(n: int) -> float:
    """The least p that sign flips of n differences can give: 0.0625 at five, 0.031 at six."""
    return 2 / 2**n if n <= EXACT_UP_TO else 1 / (DRAWN + 1)


def paired_t_p(differences: Sequence[float]) -> float:
    """Two-sided p of the mean of differences, (n,), being 0, if they are normal.  Student 1908, section 9."""
    return resampled_difference(differences, held_out=0.0).p or 0.0


@functools.lru_cache(maxsize=8)
def _signs(n: int) -> Array:
    """Sign patterns, (patterns, n)."""
    if n <= EXACT_UP_TO:
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    else:
        bits = stream(0, "sign flip").integers(0, 2, (DRAWN, n))
    return 1.0 - 2.0 * bits


def holm(p_values: Sequence[float]) -> list[float]:
    """Each p, (m,), corrected for there being m tests.  Holm 1979, A Simple Sequentially Rejective Test Procedure."""
    corrected = [0.0] * len(p_values)
    least = 0.0
    factors = holm_factors(p_values)
    for index in sorted(range(len(p_values)), key=lambda index: -factors[index]):
        least = max(least, min(1.0, factors[index] * p_values[index]))
        corrected[index] = least
    return corrected


def holm_factors(p_values: Sequence[float]) -> list[int]:
    """What Holm's method multiplies each p by: m for the least of m, m - 1 for the next, and so on."""
    order = sorted(range(len(p_values)), key=lambda index: p_values[index])
    factors = [0] * len(p_values)
    for rank, index in enumerate(order):
        factors[index] = len(p_values) - rank
    return factors


def seeds_to_tell(differences: Sequence[float], level: float) -> int | None:
    """About how many seeds would make p at most `level`, if all seeds differ as these do; None for more than 1,000.

    For a paired t-test to find, with probability 0.8, an effect d of mean/deviation as observed in differences, (n,):
    ((z(1 - level/2) + z(0.8))/d)² + z(1 - level/2)²/2, which is within a seed or two of the non-central t. The effect
    is itself known from n seeds alone, so this is a rough number.

    Guenther 1981, Sample Size Formulas for Normal Theory T Tests.
    """
    from statistics import NormalDist

    x = np.asarray(differences, dtype=np.float64)
    quantile = NormalDist().inv_cdf(1 - level / 2)
    mean, deviation = abs(float(x.mean())), float(x.std(ddof=1))
    factor = quantile + NormalDist().inv_cdf(POWER)
    if mean == 0 or factor * deviation > mean * math.sqrt(MOST_SEEDS):
        return None
    found = (factor * deviation / mean) ** 2 + quantile**2 / 2
    # What these seeds could not tell needs more than these seeds.
    needed = max(math.ceil(found), len(x) + 1)
    return needed if needed <= MOST_SEEDS else None
