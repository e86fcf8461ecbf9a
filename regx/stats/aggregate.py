"""A mean over seeds and how well it is known."""

import functools
import math
from collections.abc import Mapping, Sequence
from typing import TypedDict, TypeVar, cast

import numpy as np

from regx.core.arrays import Array


class Interval(TypedDict):
    """A mean and its 95 % interval; None where there is none."""

    mean: float | None
    low: float | None
    high: float | None


T = TypeVar("T", bound=Interval)
UNKNOWN = Interval(mean=None, low=None, high=None)


def at_shared_seeds(measured: Sequence[Mapping[int, float]]) -> tuple[tuple[int, ...], Array]:
    """The seeds that all of n have, ascending, and the value of each there, (n, seeds)."""
    seeds = tuple(sorted(set.intersection(*(set(one) for one in measured))))
    return seeds, np.array([[one[seed] for seed in seeds] for one in measured]).reshape(len(measured), len(seeds))


def mean_interval(values: Sequence[float | None]) -> Interval:
    """The mean of one value per seed, (n,), and its 95 % Student-t interval: mean ± t(n - 1)·s/√n.

    One seed has a mean and no interval. A value that is missing or not finite leaves neither: a mean over the other
    seeds would be another quantity.  Student 1908, The Probable Error of a Mean.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    if len(known) < len(values) or not known:
        return UNKNOWN
    n = len(known)
    mean = math.fsum(known) / n
    if n == 1:
        return Interval(mean=mean, low=None, high=None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (n - 1))
    half = critical(n - 1) * deviation / math.sqrt(n)
    return Interval(mean=mean, low=mean - half, high=mean + half)


@functools.cache
def critical(free: int) -> float:
    """What Student's t of so many degrees of freedom exceeds, up or down, with probability 0.05.

    `scipy.special.stdtrit(free, 0.975)` to 13 digits, without an import that takes longer than most trainings. The
    probability within ±t is a finite sum (Abramowitz & Stegun 1964, 26.7.3 and 26.7.4) and concave in t, so that
    Newton's steps come from below.
    """
    if free > 1000:
        from scipy.special import stdtrit

        return float(stdtrit(free, 0.975))
    odd = free % 2
    log_density = math.lgamma((free + 1) / 2) - math.lgamma(free / 2) - math.log(free * math.pi) / 2
    t = 1.9
    while True:
        angle, square = math.atan(t / math.sqrt(free)), free / (free + t * t)
        term, total = 1.0, 0.0
        for k in range(1, (free - odd) // 2 + 1):
            total += term
            term *= square * (2 * k - 1 + odd) / (2 * k + odd)
        within = math.sin(angle) * total
        if odd:
            within = (angle + within * math.cos(angle)) * 2 / math.pi
        step = (0.95 - within) / (2 * math.exp(log_density + (free + 1) / 2 * math.log(square)))
        if step <= 1e-14 * t:
            return t
        t += step


def within(interval: T, reach: float | None) -> T:
    """An interval of a difference without what lies further from 0 than it can be; None where it can be anything."""
    if reach is None or interval["low"] is None or interval["high"] is None:
        return interval
    ends = {"low": max(interval["low"], -reach), "high": min(interval["high"], reach)}
    return cast(T, {**interval, **ends})


def side(interval: Interval) -> int:
    """-1 where an interval lies below 0, 1 where it lies above, 0 where it holds 0 or has no ends."""
    low, high = interval["low"], interval["high"]
    if low is None or high is None:
        return 0
    return 1 if low > 0 else -1 if high < 0 else 0
