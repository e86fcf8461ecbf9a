"""Numbers, intervals and lists as they stand in tables and sentences."""

import math
from collections.abc import Sequence
from typing import Any

from regx.stats.aggregate import Interval

MOST_DECIMALS = 6
SMALL, LARGE = 1e-5, 1e7  # where all numbers are below the one, or some above the other, they have exponents
MOST_NAMES = 6  # that a sentence lists


def in_words(interval: Interval, turned: bool = False) -> str:
    """`0.0512 [0.0312, 0.0712]`, to three digits of the mean; `turned` with the opposite sign."""
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    if mean is None:
        return "unknown"
    if turned:
        mean, low, high = -mean, high and -high, low and -low
    return interval_cell(Interval(mean=mean, low=low, high=high), form_of([interval]), ends=True)


def in_full(interval: Interval | None) -> str:
    """`0.051 (95 % interval 0.031 to 0.071)`."""
    if interval is None or interval["mean"] is None:
        return "not known"
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    if low is None or high is None:
        return told(mean)
    return f"{told(mean)} (95 % interval {told(low)} to {told(high)})"


def interval_cell(interval: Interval | None, form: str, ends: bool) -> str:
    """An interval in a table: `mean [low, high]` with `ends`, else `mean ±half of it`."""
    if interval is None or interval["mean"] is None:
        return "-"
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    if low is None or high is None:
        return number(mean, form)
    if ends:
        return f"{number(mean, form)} [{number(low, form)}, {number(high, form)}]"
    return f"{number(mean, form)} ±{number((high - low) / 2, form)}"


def form_of(intervals: Sequence[Interval | None], digits: int = 3) -> str:
    """How numbers are written: so many decimals that the middle mean has its digits, or for all an exponent."""
    known = [interval for interval in intervals if interval is not None]
    numbers = [end for interval in known for end in (interval["mean"], interval["low"], interval["high"])]
    largest = max((abs(one) for one in numbers if one is not None), default=0)
    if largest >= LARGE or 0 < largest < SMALL:
        return f".{digits - 1}e"
    means = sorted(abs(interval["mean"]) for interval in known if interval["mean"])
    decimals = digits - 1 - math.floor(math.log10(means[len(means) // 2])) if means else 0
    return f".{min(max(decimals, 0), MOST_DECIMALS)}f"


def number(value: float, form: str) -> str:
    """A number in a form of `form_of`; 0 has no sign."""
    text = format(value, form)
    return text.removeprefix("-") if float(text) == 0 else text


def told(value: float) -> str:
    """A number in a sentence: `0.130`, `2e-05`, `1234`."""
    if value == 0 or 0.001 <= abs(value) < 10:
        return f"{value:.3f}"
    return f"{value:.{2 if abs(value) < 1 else 4}g}"


def brief(value: float) -> str:
    """To two digits."""
    return number(value, form_of([Interval(mean=value, low=None, high=None)], digits=2))


def chance(p: float | None) -> str:
    """A p in a sentence."""
    return "p unknown" if p is None else "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def count(many: int, noun: str) -> str:
    """`1 seed`, `20 seeds`, `8,513 parameters`."""
    return f"{many:,} {noun}{'' if many == 1 else 's'}"


def verdict_text(verdict: str, many: int | None, noun: str = "seed") -> str:
    """A verdict in a table: itself, and where it cannot be told by how many seeds."""
    return f"{verdict} ({count(many or 0, noun)})" if verdict == "cannot tell" else verdict


def listed(names: Sequence[str], most: int | None = None) -> str:
    """`a, b and c`; with `most`, the first of many and how many more."""
    if most is not None and len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def is_number(value: Any) -> bool:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)
