"""The evidence for a diagnosis in words: a sentence for everything that was measured, with what it points to."""

from collections.abc import Sequence
from dataclasses import dataclass

from regx.studies.diagnosis import judgement as limits
from regx.studies.diagnosis.judgement import Seed, Verdict, exploded, gap_of, mean_of, mean_over


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


def evidence_for(verdict: Verdict, seeds: Sequence[Seed]) -> tuple[Evidence, ...]:
    """What led to the verdict on the finished seeds of a run, the decisive first."""
    lost = [seed for seed in seeds if seed.diverged is not None]
    found = [*_divergence(lost, len(seeds)), *_evidence([seed for seed in seeds if seed.diverged is None])]

    def rank(item: Evidence) -> int:
        return 0 if item.points_to == verdict else 1 if item.points_to else 2

    return tuple(sorted(found, key=rank))


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
        interval = mean_over(seeds, name)
        found.append(Evidence(name, interval["mean"], interval["low"], interval["high"], threshold, points_to, text))

    def about(name: str, turned: bool = False) -> str:
        """The interval; `turned` that of the opposite sign."""
        interval = mean_over(seeds, name)
        low, high = interval["low"], interval["high"]
        if low is None or high is None:
            return ""
        return f" [{_points(-high)}, {_points(-low)}]" if turned else f" [{_points(low)}, {_points(high)}]"

    if one.train is not None:
        text = f"Training loss: {_points(one.train)} % of the trivial loss{about('train')}."
        if exploded(one.train, one.start):
            text += f" It began at {_points(one.start or 0.0)} %, so training led away from a solution."
            add("train", text, limits.EXPLODED, "diverged")
        elif one.train >= limits.NOTHING_LEARNED:
            text += f" From {100 * limits.NOTHING_LEARNED:g} % on the network has learned next to nothing."
            add("train", text, limits.NOTHING_LEARNED, "underfitting")
        else:
            add("train", text)
    if one.val is not None:
        text = f"Validation loss: {_points(one.val)} % of the trivial loss{about('val')}."
        if one.val >= limits.EXPLODED_VALIDATION:
            text += " No learning by heart costs that much: the weights have exploded."
            add("val", text, limits.EXPLODED_VALIDATION, "diverged")
        elif one.val >= limits.NOTHING_LEARNED:
            text += " On new rows the network is no better than the trivial predictor."
            learned_by_heart = (gap_of(one) or 0.0) >= limits.MILD_GAP
            add("val", text, limits.NOTHING_LEARNED, None if learned_by_heart else "underfitting")
        else:
            add("val", text)
    gap = gap_of(one)
    if gap is not None:
        where = "above" if gap >= 0 else "below"
        text = f"Gap: the validation loss lies {_points(abs(gap))} points {where} the training loss"
        text += about("gap", turned=gap < 0) + _from_on(limits.MILD_GAP, limits.SEVERE_GAP, " above" * (gap < 0))
        add("gap", text, *_level(gap, limits.MILD_GAP, limits.SEVERE_GAP))
    if one.rise is not None:
        text = "The validation loss ends where it was least."
        if one.rise >= 0.0005:
            text = f"The validation loss was {_points(one.rise)} points lower at its best epoch{about('rise')}"
            text += _from_on(limits.MILD_RISE, limits.SEVERE_RISE)
        add("rise", text, *_level(one.rise, limits.MILD_RISE, limits.SEVERE_RISE))
    if one.gain is not None:
        what = "validation" if one.val is not None else "training"
        learning = one.gain >= limits.STILL_LEARNING
        text = f"The last half of the epochs lowered the {what} loss by {_points(one.gain)} points{about('gain')}"
        text += f"; from {100 * limits.STILL_LEARNING:g} on it {'is still' if learning else 'would still be'} learning."
        add("gain", text, limits.STILL_LEARNING, "underfitting" if learning else None)
    if one.pattern is not None:
        left = one.pattern >= limits.PATTERN_LEFT
        text = (
            f"Training rows close to each other err alike: {_points(one.pattern)} points of the training "
            f"loss{about('pattern')} are such a pattern, which a network that fits better would learn."
            if left
            else f"Training rows close to each other do not err alike: {_points(one.pattern)} points of the training "
            "loss are such a pattern, so what is left looks like noise."
        )
        add("pattern", text, limits.PATTERN_LEFT, "underfitting" if left else None)
    if one.accuracy_gap is not None:
        lower = f"{_points(abs(one.accuracy_gap))} points {'lower' if one.accuracy_gap >= 0 else 'higher'}"
        add("accuracy_gap", f"Accuracy: {lower} on validation than on training rows.")
    if one.growth is not None:
        grown = one.growth >= limits.GROWN
        text = f"Weights: their mean size grew {one.growth:.3g}-fold"
        if abs(one.growth - 1) < 0.005:
            text = "Weights: their mean size is what it was"
        elif one.growth < 1:
            text = f"Weights: their mean size shrank to {one.growth:.2g} of what it was"
        text += f"; from {limits.GROWN:g}-fold on that fits a network that learns by heart." if grown else "."
        add("growth", text, limits.GROWN)
    if one.gradient is not None:
        vanished = one.gradient < limits.VANISHED_GRADIENT and (one.train or 0.0) >= limits.NOTHING_LEARNED
        digits = f"{float(f'{one.gradient:.2g}'):g}"
        text = f"Gradient of the first layer: {digits} (its norm, times that of the weights, over the loss)"
        text += "; it has vanished, so the first layer learns nothing." if vanished else "."
        add("gradient", text, limits.VANISHED_GRADIENT, "underfitting" if vanished else None)
    if one.dead is not None:
        dead = one.dead >= limits.DEAD
        text = f"Dead units: {_points(one.dead)} % of the hidden units answer all training rows alike"
        text += ", so the network is smaller than it looks." if dead else "."
        add("dead", text, limits.DEAD, "underfitting" if dead else None)
    return found


def _from_on(mild: float, severe: float, where: str = "") -> str:
    return f"; from {100 * mild:g}{where} on it is mild overfitting, from {100 * severe:g} on severe."


def _level(value: float, mild: float, severe: float) -> tuple[float, Verdict | None]:
    """The threshold that was reached, else the lower one, and what it points to."""
    if value >= severe:
        return severe, "severe overfitting"
    return mild, "mild overfitting" if value >= mild else None


def _points(share: float) -> str:
    """A share in percent, with a digit behind the point where there is only one before it."""
    percent = 100 * share
    if abs(percent) >= 1e5:
        return f"{percent:.1e}"
    return f"{percent:,.0f}" if abs(percent) >= 9.95 or percent == 0 else f"{percent:.1f}".replace("-0.0", "0.0")
