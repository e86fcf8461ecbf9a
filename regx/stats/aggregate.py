"""A mean over seeds and how well it is known."""

import math
from collections.abc import Mapping, Sequence
from typing import TypedDict, TypeVar, cast

import numpy as np

from regx.core.arrays import Array
from regx.stats.student import critical


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
