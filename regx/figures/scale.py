"""The natural scale of a swept axis: logarithmic where its numbers are, words in their order."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from regx.figures.labels import words
from regx.figures.style import Axes
from regx.report.lines import looks_logarithmic
from regx.report.numbers import is_number

BESIDE = 0.5  # decades between a 0 and the least positive number of a logarithmic axis


@dataclass(frozen=True)
class AxisScale:
    """Where the values of an axis stand. values: in the order of their positions, (n,). positions: (n,), ascending."""

    kind: Literal["linear", "log", "symlog", "words"]
    values: tuple[Any, ...]
    positions: tuple[float, ...]

    def apply(self, axes: Axes, key: str, width: float) -> None:
        """Scale, ticks at the values, labels where they have room, and the name. width: of the panel, in inches."""
        if self.kind == "log":
            axes.set_xscale("log")
        elif self.kind == "symlog":
            axes.set_xscale("symlog", linthresh=self.positions[1], linscale=BESIDE)
        axes.set_xlim(*self._limits())
        axes.minorticks_off()
        axes.set_xticks(list(self.positions), self._labels(width))
        axes.set_xlabel(words(key) + (" (logarithmic)" if self.kind in ("log", "symlog") else ""))

    def _labels(self, width: float) -> list[str]:
        """The values as words, those left out that would run into the one before."""
        places = self._places()
        span = (places[-1] - places[0]) or 1.0
        labels, free_from = [], -math.inf
        for value, place in zip(self.values, places, strict=True):
            text = shown(value)
            half = 0.035 * (len(text) + 1)  # inches: half a label of 7 points
            middle = (place - places[0]) / span * 0.9 * width
            labels.append(text if middle - half >= free_from else "")
            free_from = middle + half if labels[-1] else free_from
        return labels

    def _limits(self) -> tuple[float, float]:
        """A little beyond the first and the last position."""
        places = self._places()
        room = 0.06 * ((places[-1] - places[0]) or 1.0)
        if self.kind == "log":
            return 10 ** (places[0] - room), 10 ** (places[-1] + room)
        if self.kind == "symlog":
            return -self.positions[1] * room / BESIDE, 10 ** (places[-1] + room)
        return places[0] - room, places[-1] + room

    def _places(self) -> list[float]:
        if self.kind == "log":
            return [math.log10(position) for position in self.positions]
        if self.kind == "symlog":
            positive = [math.log10(position) for position in self.positions[1:]]
            return [positive[0] - BESIDE, *positive]
        return list(self.positions)


def scale_of(values: Sequence[Any]) -> AxisScale:
    """The scale of an axis's values, which are all different."""
    if not all(map(is_number, values)):
        return AxisScale("words", tuple(values), tuple(map(float, range(len(values)))))
    numbers = tuple(sorted(values))
    if not looks_logarithmic(numbers):
        return AxisScale("linear", numbers, tuple(map(float, numbers)))
    return AxisScale("symlog" if numbers[0] == 0 else "log", numbers, tuple(map(float, numbers)))


def shown(value: Any) -> str:
    """A value of an axis as a short word."""
    if value is None or isinstance(value, bool):
        return {True: "on", False: "off", None: "none"}[value]
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return words(", ".join(map(str, value)) or "none", 16)
    if isinstance(value, dict):
        return words(", ".join(f"{key}: {part}" for key, part in value.items()), 16)
    return words(value, 16)
