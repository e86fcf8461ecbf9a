"""From the numbers of one run to a verdict: underfitting, healthy, overfitting or diverged, and the evidence for it.

Losses are judged as shares of the trivial loss: that of always answering the training split's mean, or its shares of
the classes. At a share of 1 nothing has been learned, whatever the unit of the target or the number of classes, so the
thresholds below need not know either.
"""

from __future__ import annotations

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
# With most units constant the network is smaller than its architecture says.
DEAD = 0.5
# To first order, a change of the first layer by its own size then moves the loss by a thousandth.
VANISHED_GRADIENT = 1e-3


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

    points_to: the verdict that it speaks for, None where it only informs. text: a sentence.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    threshold: float | None
    points_to: Verdict | None
    text: str


def judge(seeds: Sequence[Seed]) -> tuple[Verdict, tuple[Evidence, ...]]:
    """The verdict on the finished seeds of a run, and what led there, the decisive first.

    A run of which at least half of the seeds diverged has diverged. Else the verdict is on the means over the others.
    """
    lost = [seed for seed in seeds if seed.diverged is not None]
    rest = [seed for seed in seeds if seed.diverged is None]
    if not seeds:
        return "cannot tell", ()
    verdict: Verdict = "diverged" if 2 * len(lost) >= len(seeds) else verdict_of(mean_of(rest))
    evidence = [*_divergence(lost, len(seeds)), *_evidence(rest)]

    def rank(item: Evidence) -> int:
        return 0 if item.points_to == verdict else 1 if item.points_to else 2

    return verdict, tuple(sorted(evidence, key=rank))


def verdict_of(one: Seed) -> Verdict:
    """The verdict on the numbers of one network, or on their means."""
    if one.diverged is not None:
        return "diverged"
    if one.train is None:
        return "cannot tell"
    if _exploded(one.train, one.start) or (one.val or 0.0) >= EXPLODED_VALIDATION:
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


def mean_of(seeds: Sequence[Seed]) -> Seed:
    """The mean of every number over the seeds that have it."""
    means: dict[str, Any] = {
        field.name: _mean(seeds, field.name)["mean"]
        for field in dataclasses.fields(Seed)
        if field.name not in ("seed", "diverged")
    }
    return Seed(seed=-1, **means)


def gap_of(one: Seed) -> float | None:
    """The validation loss less the training loss, each as a share of its trivial loss."""
    return None if one.val is None or one.train is None else one.val - one.train


def _exploded(train: float, start: float | None) -> bool:
    return train >= EXPLODED * max(1.0, start or 0.0)


def _from(threshold: float, value: float | None) -> float:
    """The value where it reaches the threshold, else 0."""
    return value if value is not None and value >= threshold else 0.0


def _mean(seeds: Sequence[Seed], name: str) -> Interval:
    values = [gap_of(seed) if name == "gap" else getattr(seed, name) for seed in seeds]
    return mean_interval([value for value in values if value is not None and math.isfinite(value)])


def _divergence(lost: Sequence[Seed], seeds: int) -> list[Evidence]:
    if not lost:
        return []
    named = ", ".join(str(seed.seed) for seed in lost[:5]) + (", ..." if len(lost) > 5 else "")
    first = min(seed.diverged or 0 for seed in lost)
    text = f"The one seed, {named}, stopped being finite at epoch {first}."
    if seeds > 1:
        which = f"(seed {named}) at" if len(lost) == 1 else f"(seeds {named}), the first at"
        text = f"{len(lost)} of {seeds} seeds stopped being finite {which} epoch {first}; "
        text += "from half of them on the run counts as diverged."
    return [Evidence("divergence", len(lost) / seeds, None, None, 0.5, "diverged", text)]


def _evidence(seeds: Sequence[Seed]) -> list[Evidence]:
    """Everything that was measured of the seeds that stayed finite, a sentence each."""
    one = mean_of(seeds)
    found = []

    def add(name: str, text: str, threshold: float | None = None, points_to: Verdict | None = None) -> None:
        interval = _mean(seeds, name)
        found.append(Evidence(name, interval["mean"], interval["low"], interval["high"], threshold, points_to, text))

    def about(name: str, turned: bool = False) -> str:
        """The interval; `turned` that of the opposite sign."""
        interval = _mean(seeds, name)
        low, high = interval["low"], interval["high"]
        if low is None or high is None:
            return ""
        ends = (-high, -low) if turned else (low, high)
        return f" [{_points(ends[0])}, {_points(ends[1])}]"

    if one.train is not None:
        text = f"Training loss: {_points(one.train)} % of the trivial loss{about('train')}."
        if _exploded(one.train, one.start):
            text += f" It began at {_points(one.start or 0.0)} %, so training led away from a solution."
            add("train", text, EXPLODED, "diverged")
        elif one.train >= NOTHING_LEARNED:
            text += f" From {100 * NOTHING_LEARNED:g} % on the network has learned next to nothing."
            add("train", text, NOTHING_LEARNED, "underfitting")
        else:
            add("train", text)
    if one.val is not None:
        text = f"Validation loss: {_points(one.val)} % of the trivial loss{about('val')}."
        if one.val >= EXPLODED_VALIDATION:
            text += " No learning by heart costs that much: the weights have exploded."
            add("val", text, EXPLODED_VALIDATION, "diverged")
        elif one.val >= NOTHING_LEARNED:
            text += " On new rows the network is no better than the trivial predictor."
            learned_by_heart = (gap_of(one) or 0.0) >= MILD_GAP
            add("val", text, NOTHING_LEARNED, None if learned_by_heart else "underfitting")
        else:
            add("val", text)
    gap = gap_of(one)
    if gap is not None:
        where = "above" if gap >= 0 else "below"
        text = f"Gap: the validation loss lies {_points(abs(gap))} points {where} the training loss"
        text += about("gap", turned=gap < 0) + _from_on(MILD_GAP, SEVERE_GAP, " above" * (gap < 0))
        add("gap", text, *_level(gap, MILD_GAP, SEVERE_GAP))
    if one.rise is not None:
        text = "The validation loss ends where it was least."
        if one.rise >= 0.0005:
            text = f"The validation loss was {_points(one.rise)} points lower at its best epoch{about('rise')}"
            text += _from_on(MILD_RISE, SEVERE_RISE)
        add("rise", text, *_level(one.rise, MILD_RISE, SEVERE_RISE))
    if one.gain is not None:
        what = "validation" if one.val is not None else "training"
        learning = one.gain >= STILL_LEARNING
        text = f"The last half of the epochs lowered the {what} loss by {_points(one.gain)} points{about('gain')}"
        text += f"; from {100 * STILL_LEARNING:g} on " + (
            "it is still learning." if learning else "it would still be learning."
        )
        add("gain", text, STILL_LEARNING, "underfitting" if learning else None)
    if one.pattern is not None:
        left = one.pattern >= PATTERN_LEFT
        text = (
            f"Training rows close to each other err alike: {_points(one.pattern)} points of the training "
            f"loss{about('pattern')} are such a pattern, which a network that fits better would learn."
            if left
            else f"Training rows close to each other do not err alike: {_points(one.pattern)} points of the training "
            "loss are such a pattern, so what is left looks like noise."
        )
        add("pattern", text, PATTERN_LEFT, "underfitting" if left else None)
    if one.accuracy_gap is not None:
        lower = "lower" if one.accuracy_gap >= 0 else "higher"
        points = _points(abs(one.accuracy_gap))
        add("accuracy_gap", f"Accuracy: {points} points {lower} on validation than on training rows.")
    if one.growth is not None:
        grown = one.growth >= GROWN
        text = f"Weights: their mean size grew {one.growth:.3g}-fold"
        if abs(one.growth - 1) < 0.005:
            text = "Weights: their mean size is what it was"
        elif one.growth < 1:
            text = f"Weights: their mean size shrank to {one.growth:.2g} of what it was"
        text += f"; from {GROWN:g}-fold on that fits a network that learns by heart." if grown else "."
        add("growth", text, GROWN)
    if one.gradient is not None:
        vanished = one.gradient < VANISHED_GRADIENT and (one.train or 0.0) >= NOTHING_LEARNED
        text = (
            f"Gradient of the first layer: {_short(one.gradient)} (its norm, times that of the weights, over the loss)"
        )
        text += "; it has vanished, so the first layer learns nothing." if vanished else "."
        add("gradient", text, VANISHED_GRADIENT, "underfitting" if vanished else None)
    if one.dead is not None:
        dead = one.dead >= DEAD
        text = f"Dead units: {_points(one.dead)} % of the hidden units answer all training rows alike"
        text += ", so the network is smaller than it looks." if dead else "."
        add("dead", text, DEAD, "underfitting" if dead else None)
    return found


def _from_on(mild: float, severe: float, where: str = "") -> str:
    return f"; from {100 * mild:g}{where} on it is mild overfitting, from {100 * severe:g} on severe."


def _level(value: float, mild: float, severe: float) -> tuple[float, Verdict | None]:
    """The threshold that was reached, else the lower one, and what it points to."""
    if value >= severe:
        return severe, "severe overfitting"
    return mild, "mild overfitting" if value >= mild else None


def _short(number: float) -> str:
    """Two digits, without an exponent where none is needed."""
    return f"{float(f'{number:.2g}'):g}"


def _points(share: float) -> str:
    """A share in percent, with a digit behind the point where there is only one before it."""
    percent = 100 * share
    if abs(percent) >= 1e5:
        return f"{percent:.1e}"
    return f"{percent:,.0f}" if abs(percent) >= 9.95 or percent == 0 else f"{percent:.1f}".replace("-0.0", "0.0")
