"""From the numbers of one run to a verdict, and to what speaks for it; `words.py` has the sentences.

Losses are judged as shares of the trivial loss: that of always answering the training split's mean, or its shares of
the classes. At a share of 1 nothing has been learned, whatever the unit of the target or the number of classes, so the
thresholds below need not know either.
"""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from regx.stats.aggregate import Interval, mean_interval

Verdict = Literal["diverged", "underfitting", "healthy", "mild overfitting", "severe overfitting", "cannot tell"]

# Chosen on the seeds 0 to 4 of the settings in tests/benchmarks/confusion_diagnosis.py, whose state is known.
# Networks that carry next to no avoidable error had gaps up to 0.05 there, those that learned some noise 0.08 and more.
MILD_GAP = 0.07
# From here on the avoidable error exceeds a tenth of the trivial loss: a third of all there was to learn is lost.
SEVERE_GAP = 0.30
# The rise past the least validation loss compares losses of the same rows, so less of it is chance than of the gap.
MILD_RISE = 0.05
SEVERE_RISE = 0.25
# Learning curves are roughly straight over the logarithm of the epochs: doubling them again gains about as much.
STILL_LEARNING = 0.05
# A twentieth better than nothing is nothing.
NOTHING_LEARNED = 0.95
# What neighbouring rows err alike by is no noise: a network that fits better would take it away.
PATTERN_LEFT = 0.05
# Worse than trivial by this factor, and than before training: the steps led away from every solution. A few first steps
# that overshoot cost less.
EXPLODED = 5.0
# A confidently wrong answer costs about its logit, ten or so where random labels are learned by heart, never a hundred.
EXPLODED_VALIDATION = 100.0
# Lesson 000 has this factor. It informs and decides nothing, since wide networks overfit with smaller changes.
GROWN = 3.0
# From half of the seeds on the run counts as diverged.
DIVERGED = 0.5
# With most units constant the network is smaller than its architecture says.
DEAD = 0.5
# To first order, a change of the first layer by its own size then moves the loss by a thousandth.
VANISHED_GRADIENT = 1e-3
# With so few validation rows the gap is partly luck.
FEW_ROWS = 20


@dataclass(frozen=True)
class Seed:
    """What one network gave; None where it could not be measured. Losses are shares of their split's trivial loss.

    train, val: at the reported epoch. start: the training loss before training. rise: the validation loss less its
    least value over the epochs. gain: what the last half of the epochs took off the validation loss, or without a
    validation split off the training loss. pattern: the part of the training loss that neighbouring rows share.
    growth: mean |w|, reported over initial. gradient: the norm of the first layer's gradient times that of the weights,
    over the loss. dead: share of constant hidden units. accuracy_gap: training less validation accuracy.
    diverged: the epoch at which it stopped being finite.
    """

    seed: int
    train: float | None = None
    val: float | None = None
    start: float | None = None
    rise: float | None = None
    gain: float | None = None
    pattern: float | None = None
    growth: float | None = None
    gradient: float | None = None
    dead: float | None = None
    accuracy_gap: float | None = None
    diverged: int | None = None


@dataclass(frozen=True)
class Evidence:
    """One thing that was measured: mean and 95 % interval over seeds, and the threshold it was held against.

    points_to: the verdict that it speaks for, None where it only informs. text: a sentence, see `words.py`.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    points_to: Verdict | None
    text: str = ""


def judge(seeds: Sequence[Seed]) -> Verdict:
    """The verdict on the finished seeds of a run.

    A run of which at least half of the seeds diverged has diverged. Else the verdict is on the means over the others.
    """
    if not seeds:
        return "cannot tell"
    stayed = finite(seeds)
    if len(seeds) - len(stayed) >= DIVERGED * len(seeds):
        return "diverged"
    return verdict_of(mean_of(stayed))


def finite(seeds: Sequence[Seed]) -> list[Seed]:
    """The seeds that did not diverge."""
    return [seed for seed in seeds if seed.diverged is None]


def verdict_of(one: Seed) -> Verdict:
    """The verdict on the numbers of one network, or on their means."""
    if one.diverged is not None:
        return "diverged"
    if one.train is None:
        return "cannot tell"
    if exploded(one.train, one.start) or (one.val or 0.0) >= EXPLODED_VALIDATION:
        return "diverged"
    gap, rise = gap_of(one), one.rise or 0.0
    if one.train >= NOTHING_LEARNED:
        return "underfitting"
    if gap is not None and (gap >= SEVERE_GAP or rise >= SEVERE_RISE):
        return "severe overfitting"
    # Few rows give a gap to every network, so what is still to be learned counts where it is the larger of the two.
    missing = max(_from(PATTERN_LEFT, one.pattern), _from(STILL_LEARNING, one.gain))
    if missing and missing >= (gap or 0.0):
        return "underfitting"
    if gap is None:
        return "cannot tell"
    if gap >= MILD_GAP or rise >= MILD_RISE:
        return "mild overfitting"
    return "underfitting" if (one.val or 0.0) >= NOTHING_LEARNED else "healthy"


def evidence(verdict: Verdict, seeds: Sequence[Seed]) -> list[Evidence]:
    """What led to the verdict on the finished seeds of a run, the decisive first; without sentences."""
    stayed, found = finite(seeds), []
    if len(stayed) < len(seeds):
        share = (len(seeds) - len(stayed)) / len(seeds)
        found.append(Evidence("divergence", share, None, None, DIVERGED, "diverged"))
    mean = mean_of(stayed)
    for name, (threshold, points_to) in _held(mean).items():
        if value_of(mean, name) is not None:
            interval = mean_over(stayed, name)
            found.append(Evidence(name, interval["mean"], interval["low"], interval["high"], threshold, points_to))
    return sorted(found, key=lambda item: 0 if item.points_to == verdict else 1 if item.points_to else 2)


def _held(one: Seed) -> dict[str, tuple[float | None, Verdict | None]]:
    """Of everything that can be measured the threshold that it is held against, and the verdict that it speaks for."""
    train, val, gap = one.train or 0.0, one.val or 0.0, gap_of(one) or 0.0
    nothing_learned = train >= NOTHING_LEARNED
    vanished = nothing_learned and (one.gradient or 0.0) < VANISHED_GRADIENT
    found: dict[str, tuple[float | None, Verdict | None]] = {
        "train": (NOTHING_LEARNED, "underfitting") if nothing_learned else (None, None),
        "val": (None, None),
        "gap": _level(gap, MILD_GAP, SEVERE_GAP),
        "rise": _level(one.rise or 0.0, MILD_RISE, SEVERE_RISE),
        "gain": (STILL_LEARNING, "underfitting" if _from(STILL_LEARNING, one.gain) else None),
        "pattern": (PATTERN_LEFT, "underfitting" if _from(PATTERN_LEFT, one.pattern) else None),
        "accuracy_gap": (None, None),
        "growth": (GROWN, None),
        "gradient": (VANISHED_GRADIENT, "underfitting" if vanished else None),
        "dead": (DEAD, "underfitting" if _from(DEAD, one.dead) else None),
    }
    if exploded(train, one.start):
        found["train"] = EXPLODED, "diverged"
    if val >= EXPLODED_VALIDATION:
        found["val"] = EXPLODED_VALIDATION, "diverged"
    elif val >= NOTHING_LEARNED:  # else learned by heart
        found["val"] = NOTHING_LEARNED, "underfitting" if gap < MILD_GAP else None
    return found


def _level(value: float, mild: float, severe: float) -> tuple[float, Verdict | None]:
    """The threshold that was reached, else the lower one, and what it points to."""
    if value >= severe:
        return severe, "severe overfitting"
    return mild, "mild overfitting" if value >= mild else None


def mean_of(seeds: Sequence[Seed]) -> Seed:
    """The mean of every number over the seeds that have it."""
    means: dict[str, Any] = {
        field.name: mean_over(seeds, field.name)["mean"]
        for field in dataclasses.fields(Seed)
        if field.name not in ("seed", "diverged")
    }
    return Seed(seed=-1, **means)


def gap_of(one: Seed) -> float | None:
    """The validation loss less the training loss, each as a share of its trivial loss."""
    return difference(one.val, one.train)


def difference(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def exploded(train: float, start: float | None) -> bool:
    return train >= EXPLODED * max(1.0, start or 0.0)


def _from(threshold: float, value: float | None) -> float:
    """The value where it reaches the threshold, else 0."""
    return value if value is not None and value >= threshold else 0.0


def mean_over(seeds: Sequence[Seed], name: str) -> Interval:
    values = [value_of(seed, name) for seed in seeds]
    return mean_interval([value for value in values if value is not None and math.isfinite(value)])


def value_of(one: Seed, name: str) -> float | None:
    """One of the numbers of a seed, or its `gap`."""
    value: float | None = gap_of(one) if name == "gap" else getattr(one, name)
    return value
