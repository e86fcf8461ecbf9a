"""What an exercise asks of its cells: numbers for each seed, an interval over seeds, and where it lies.

    {metric: M, of: {a: 1, b: -1}, below: 0}     the sum of the cells' metrics, each times its weight, is below 0;
                                                 also `above: X`, and `within: [X, Y]`
    {metric: M, along: [a, b, c], claim: falls}  M falls (or `rises`) from each cell to the next
    {metric: M, along: [a, b, c], claim: valley} M is least at a cell between the first and the last

Each question says its claim in words under `says`. An answer is `holds` where the 95 % interval over shared seeds lies
where the claim has it, `does not hold` where it lies wholly elsewhere, and `cannot tell` otherwise. All questions of an
exercise must hold, so none needs a correction for that; since one that does not hold decides, it must do so with a p of
at most 0.05 over the number of questions.
"""

import itertools
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.stats.aggregate import Interval
from regx.stats.paired import FEWEST_SEEDS, SIGNIFICANCE
from regx.studies.lessons.answer import Answer, ClaimVerdict, together

# Differences, one a seed, to the interval of their mean and the two-sided p of its being 0.
Judge = Callable[[Sequence[float]], tuple[Interval, float]]
Measured = Mapping[str, Mapping[int, float]]  # by cell and seed


@dataclass(frozen=True)
class Question(ABC):
    """says: the claim in words. cells: those that are looked at."""

    metric: str
    says: str
    cells: tuple[str, ...]

    def answer(self, measured: Measured, judge: Judge, questions: int) -> Answer:
        """measured: the metric of every cell. questions: how many the exercise asks."""
        shared = sorted(set.intersection(*(set(measured[cell]) for cell in self.cells)))
        numbers = [(cell, list(measured[cell].values())) for cell in self.cells]
        means = ", ".join(f"{cell} {_number(math.fsum(of) / len(of) if of else None)}" for cell, of in numbers)
        if len(shared) < FEWEST_SEEDS:
            return Answer("cannot tell", f"{self.says}: {len(shared)} shared seeds are too few ({means}).")
        values = np.array([[measured[cell][seed] for seed in shared] for cell in self.cells])
        verdict, found = self.verdict(values, judge, questions)
        return Answer(verdict, f"{self.says}: {verdict}; {self.metric} {means}{found}.")

    @abstractmethod
    def verdict(self, values: Array, judge: Judge, questions: int) -> tuple[ClaimVerdict, str]:
        """From the metric, (cells, seeds): the verdict, and the interval that decided, in words."""


@dataclass(frozen=True)
class Contrast(Question):
    """A weighted sum of cells lies between two bounds."""

    weights: tuple[float, ...]
    low: float
    high: float

    def verdict(self, values: Array, judge: Judge, questions: int) -> tuple[ClaimVerdict, str]:
        sums = np.asarray(self.weights) @ values
        interval, _ = judge(sums.tolist())
        low, high = _ends(interval)
        found = f"; {self._sum()} {_number(interval['mean'])} [{_number(low)}, {_number(high)}]"
        if self.low <= low and high <= self.high and not (low == high and low in (self.low, self.high)):
            return "holds", found
        if high < self.low or low > self.high:
            nearest = self.low if high < self.low else self.high
            _, p = judge((sums - nearest).tolist())
            if p <= SIGNIFICANCE / questions:
                return "does not hold", found
        if low == high and low in (self.low, self.high):  # no seed differs, where a difference is claimed
            return "does not hold", found
        return "cannot tell", found

    def _sum(self) -> str:
        words = ""
        for weight, cell in zip(self.weights, self.cells, strict=True):
            sign = " - " if weight < 0 else " + "
            factor = "" if abs(weight) == 1 else f"{abs(weight):g} x "
            words += f"{sign if words or weight < 0 else ''}{factor}{cell}"
        return words.strip()


@dataclass(frozen=True)
class Along(Question):
    """A metric falls, rises, or has its least value inside, along cells in their order."""

    claim: str

    def verdict(self, values: Array, judge: Judge, questions: int) -> tuple[ClaimVerdict, str]:
        if self.claim == "valley":
            # For every seed the inner cell that is best over the others, so that none chooses for itself.
            inner = values[1:-1]
            others = inner.sum(axis=1, keepdims=True) - inner
            inside = inner[others.argmin(axis=0), np.arange(values.shape[1])]
            pairs = [("first", values[0] - inside), ("last", values[-1] - inside)]
        else:
            sign = -1 if self.claim == "rises" else 1
            steps = [sign * (one - other) for one, other in itertools.pairwise(values)]
            pairs = [("first to last", sign * (values[0] - values[-1]))]
            wrong = [_wrong(step, judge, questions * len(steps)) for step in steps]
            if any(wrong):
                number = wrong.index(True)
                return "does not hold", f"; it does the opposite from {self.cells[number]} to {self.cells[number + 1]}"
        found: str = ""
        verdicts: list[ClaimVerdict] = []
        for name, differences in pairs:
            interval, _ = judge(differences.tolist())
            low, high = _ends(interval)
            noun = "above the least inside" if self.claim == "valley" else "apart"
            found += f"; {name} {_number(interval['mean'])} [{_number(low)}, {_number(high)}] {noun}"
            wrong_way = _wrong(differences, judge, questions * len(pairs))
            verdicts.append("does not hold" if wrong_way else "holds" if low > 0 else "cannot tell")
        verdict = together(verdicts)
        assert verdict is not None
        return verdict, found


def _wrong(differences: Array, judge: Judge, tests: int) -> bool:
    """Whether differences that are claimed to be positive lie below 0, corrected for so many tests."""
    interval, p = judge(differences.tolist())
    return interval["high"] is not None and interval["high"] < 0 and p <= SIGNIFICANCE / tests


def question_of(content: Mapping[str, Any], cells: Mapping[str, Any]) -> Question:
    """A question as an exercise's file writes it."""
    given = dict(content)
    metric, says = given.pop("metric"), given.pop("says")
    if "along" in given:
        names = tuple(str(name) for name in given.pop("along"))
        question: Question = Along(metric, says, names, given.pop("claim"))
        assert question.claim in ("falls", "rises", "valley")  # type: ignore[attr-defined]
    else:
        weights = given.pop("of")
        low, high = given.pop("within", (-math.inf, math.inf))
        low, high = given.pop("above", low), given.pop("below", high)
        names = tuple(str(name) for name in weights)
        question = Contrast(metric, says, names, tuple(map(float, weights.values())), float(low), float(high))
    assert not given, f"unknown keys of a question: {list(given)}"
    assert set(question.cells) <= set(cells), f"unknown cells: {set(question.cells) - set(cells)}"
    return question


def _ends(interval: Interval) -> tuple[float, float]:
    """Of an interval that is known."""
    low, high = interval["low"], interval["high"]
    assert low is not None
    assert high is not None
    return low, high


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
