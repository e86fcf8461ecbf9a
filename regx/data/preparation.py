"""From columns as they are to numbers as a network sees them: fitted on the training rows of one seed, kept as data."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.memory import shortage
from regx.core.text import first_of
from regx.data.columns import Form, Reading
from regx.data.task import Task

BOUND = 3.0  # of numbers that are scaled robustly
MISSING_LEVEL = "(missing)"  # the name of the level of empty cells among the features


@dataclass(frozen=True)
class Scaled:
    """A column of numbers: what stands for a missing one, then (value - mean) / scale.

    bound: if not 0, x is then x / sqrt(1 + (x/bound)²), which never leaves -bound to bound.
    """

    name: str
    fill: float
    mean: float
    scale: float
    bound: float = 0.0


@dataclass(frozen=True)
class OneHot:
    """A column of words: its levels in training, None for a missing one. Of any other level all are 0."""

    name: str
    levels: tuple[str | None, ...]

    @property
    def features(self) -> list[str]:
        return [f"{self.name}={MISSING_LEVEL if level is None else level}" for level in self.levels]


@dataclass(frozen=True)
class Preparation:
    """What new rows go through before a network sees them, and what its outputs are.

    reading: of the columns that are used. center, spread: of a regression's target, output times spread plus center.
    """

    reading: Reading
    numbers: tuple[Scaled, ...]
    words: tuple[OneHot, ...]
    task: Task
    target: str
    classes: tuple[str, ...] = ()
    center: float = 0.0
    spread: float = 1.0

    @property
    def features(self) -> tuple[str, ...]:
        return (*(one.name for one in self.numbers), *(name for one in self.words for name in one.features))

    def encode(self, columns: Mapping[str, Array]) -> Array:
        """The features, (n, D) float64. columns: (n,) each, as `Reading.columns` gives them."""
        n = len(next(iter(columns.values()), ()))
        x = np.zeros((n, len(self.features)))
        for k, one in enumerate(self.numbers):
            values = columns[one.name]
            x[:, k] = (np.where(np.isnan(values), one.fill, values) - one.mean) / one.scale
            if one.bound:
                x[:, k] /= np.sqrt(1 + (x[:, k] / one.bound) ** 2)
        start = len(self.numbers)
        for column in self.words:
            position = {level: start + k for k, level in enumerate(column.levels)}
            at = np.array([position.get(word, -1) for word in columns[column.name]], dtype=np.int64)
            rows = np.flatnonzero(at >= 0)
            x[rows, at[rows]] = 1
            start += len(column.levels)
        return x

    def as_json(self) -> dict[str, Any]:
        """Plain data, from which `preparation_of` makes the same again."""
        return dataclasses.asdict(self)


def preparation_of(data: Mapping[str, Any]) -> Preparation:
    """The preparation that `as_json` has written. Raises KeyError, TypeError or ValueError where it is none."""
    reading = data["reading"]
    forms = {name: Form(**{**form, "parts": tuple(form["parts"])}) for name, form in reading["forms"].items()}
    known = {*forms, *(f"{name}.{part}" for name, form in forms.items() for part in form.parts)}
    if strange := {one["name"] for one in (*data["numbers"], *data["words"])} - known:
        raise KeyError(*strange)
    missing = reading["missing"]
    return Preparation(
        Reading(forms, reading["decimal"], None if missing is None else tuple(missing)),
        tuple(Scaled(**one) for one in data["numbers"]),
        tuple(OneHot(one["name"], tuple(one["levels"])) for one in data["words"]),
        data["task"], data["target"], tuple(data["classes"]), float(data["center"]), float(data["spread"]),
    )  # fmt: skip


def fit(
    columns: Mapping[str, Array], train: Array, robust: bool = False
) -> tuple[tuple[Scaled, ...], tuple[OneHot, ...], tuple[str, ...]]:
    """How each column is encoded, and notes on what that does.

    columns: (n,) each; float64 with NaN where a value is missing, or words (object) with None where one is.
    train: row numbers. Nothing but these rows decides on filling, scaling, levels and what is constant.
    Numbers get the median where missing, then mean 0 and standard deviation 1. Of words each is one-hot, missing being
    a level of its own. robust: median 0 and quartiles 1 apart, then drawn in to below `BOUND` (Holzmüller et al. 2024,
    Better by Default, section 3).
    """
    levels_of: dict[str, list[str | None]] = {}
    names: list[str] = []
    constant: list[str] = []
    for name, values in columns.items():
        if values.dtype == object:
            levels = sorted(set(values[train]), key=lambda level: (level is None, level or ""))
            varies = len(levels) > 1
            if varies:
                levels_of[name] = levels
        else:
            present = values[train][~np.isnan(values[train])]
            varies = bool((present != present[:1]).any())
            names += [name] if varies else []
        constant += [] if varies else [name]
    _check_size(len(next(iter(columns.values()))), len(names), {name: len(of) for name, of in levels_of.items()})
    # All at once: a sum along a column of many has other last bits than the sum of one alone.
    fitted = _standardised(np.column_stack([columns[name][train] for name in names])) if names else ()
    numbers = tuple(Scaled(name, *(float(of[k]) for of in fitted)) for k, name in enumerate(names))
    if robust:
        numbers = tuple(Scaled(one.name, one.fill, *_quartiles(columns[one.name][train]), BOUND) for one in numbers)
    words = tuple(OneHot(name, tuple(levels)) for name, levels in levels_of.items())
    return numbers, words, tuple(_notes(columns, numbers, words, constant))


def _standardised(x: Array) -> tuple[Array, Array, Array]:
    """Of columns (n, D), NaN where missing: their medians, and with these filled in their means and deviations.

    The numbers of scikit-learn's `SimpleImputer` and `StandardScaler`, whose import takes longer than most trainings.
    """
    n, median = len(x), np.nanmedian(x, axis=0)
    x = np.where(np.isnan(x), median, x)
    mean = x.sum(axis=0) / n
    off = x - mean
    # Chan, Golub & LeVeque 1983, Algorithms for Computing the Sample Variance, the corrected two-pass algorithm (1.7).
    correction = off.sum(axis=0)
    off **= 2
    variance = (off.sum(axis=0) - correction**2 / n) / n
    # What rounding leaves of a constant column is no deviation.
    rounding = n * np.finfo(np.float64).eps
    is_constant = variance <= rounding * variance + (rounding * mean) ** 2
    return median, mean, np.where(is_constant, 1.0, np.sqrt(variance))


def _quartiles(values: Array) -> tuple[float, float]:
    """The median, and how far the quartiles are apart; where they are equal half of the range."""
    low, middle, high = np.nanquantile(values, (0.25, 0.5, 0.75))
    return float(middle), float(high - low or (np.nanmax(values) - np.nanmin(values)) / 2)


def _notes(
    columns: Mapping[str, Array], numbers: tuple[Scaled, ...], words: tuple[OneHot, ...], constant: list[str]
) -> list[str]:
    notes = []
    for one in words:
        if unknown := set(columns[one.name]) - set(one.levels):
            named = sorted(MISSING_LEVEL if level is None else level for level in unknown)
            quoted = [f"'{level}'" for level in named]
            notes.append(
                f"Column '{one.name}': {first_of(quoted, 5)} not in the training split; its one-hot is all zero."
            )
    if constant:
        quoted = [f"'{name}'" for name in constant]
        notes.append(f"Left out, constant in the training split: {first_of(quoted, 5)}.")
    shares = {name: missing_share(columns[name]) for name in [*(n.name for n in numbers), *(w.name for w in words)]}
    for kind, filled in ((numbers, "filled with the training split's median"), (words, "a level of its own")):
        if some := [f"'{one.name}' ({percent(shares[one.name])})" for one in kind if shares[one.name]]:
            notes.append(f"Missing in {', '.join(some)}: {filled}.")
    if mostly := [name for name, share in shares.items() if share > 0.5]:
        quoted = [f"'{name}'" for name in mostly]
        notes.append(
            f"Mostly missing: {first_of(quoted, 5)}. If nothing is to be learned from so few values, set dataset.drop: "
            f"[{', '.join(mostly)}]."
        )
    return notes


def missing_share(values: Array) -> float:
    """The share of a column that is missing."""
    return float(np.mean([value is None for value in values] if values.dtype == object else np.isnan(values)))


def percent(share: float) -> str:
    """A share in per cent; a part is never shown as 0 % or 100 %."""
    return f"{min(max(share, 0.001), 0.999 if share < 1 else 1):.{0 if 0.01 <= share <= 0.99 or share == 1 else 1}%}"


def _check_size(n: int, numbers: int, levels_of: Mapping[str, int]) -> None:
    """Raise InputError, before anything is allocated, if n rows of so many numbers and words do not fit in memory."""
    # Three times: the features, the splits, and what is between.
    if short := shortage(3 * 8 * n * (numbers + sum(levels_of.values()))):
        most = sorted(levels_of, key=lambda name: -levels_of[name])[:5]
        columns = ", ".join(f"'{name}' ({levels_of[name]} different words)" for name in most) or f"all {numbers}"
        raise InputError(
            f"the table: expected features that fit in memory, found {short}. Leave columns out with dataset.drop; the "
            f"largest: {columns}."
        )
