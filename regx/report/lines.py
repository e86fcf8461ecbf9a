"""A small plot for the terminal: losses, or parts of an error, along an axis."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from regx.report.numbers import is_number

MARKERS = {"train_loss": "o", "val_loss": "x", "test_loss": "+"}
LARGEST = 1e300
Numbers = Sequence[float | None]


def validation_curve(
    values: Sequence[Any],
    means: Mapping[str, Numbers],
    lows: Mapping[str, Numbers],
    highs: Mapping[str, Numbers],
    chosen: int | None = None,
    width: int = 80,
    height: int = 16,
    markers: Mapping[str, str] = MARKERS,
    chosen_as: str = "chosen",
    log_loss: bool | None = None,
) -> str:
    """The curves as lines of text, no wider than `width`.

    values: the axis, (n,), ascending if numbers; anything else is spread evenly. means, lows, highs: by metric, such as
    `val_loss`, each (n,), None where there is none; the interval is drawn as a bar. chosen: the index of the value to
    mark. Where the spacing suggests it the axis is logarithmic, with a place of its own for 0 at the left end.
    log_loss: whether the losses are drawn on a logarithmic scale; if None, when they span more than a factor of 30.
    markers: the sign of each metric, one letter. chosen_as: what the mark says.
    """
    means, lows, highs = _finite(means), _finite(lows), _finite(highs)
    numbers = [number for every in (means, lows, highs) for line in every.values() for number in line]
    finite = [number for number in numbers if number is not None]
    drawn = [number for line in means.values() for number in line if number is not None]
    if not drawn:
        return "no losses to draw"
    # A bar that leaves the picture is cut; the means are what must be seen.
    span = (max(drawn) - min(drawn)) or abs(max(drawn)) or 1.0
    log_y = min(drawn) > 0 and (max(drawn) > 30 * min(drawn) if log_loss is None else log_loss)
    low = max(min(finite), min(drawn) / 2 if log_y else min(drawn) - span / 2)
    high = min(max(finite), max(drawn) * 2 if log_y else max(drawn) + span / 2)
    if high <= low:
        low, high = low - span / 2, high + span / 2
    if low == high:  # what little lies between is too small to be halved
        high = low + 1.0
    scale, inverse = (math.log, math.exp) if log_y else (float, float)

    ticks = [f"{inverse(scale(low) + share * (scale(high) - scale(low))):.3g}" for share in (0, 0.5, 1)]
    margin = max(map(len, ticks)) + 2
    wide = max(width - margin - 1, 20)
    columns, broken = _columns(values, wide)

    def row(number: float) -> int:
        share = (scale(min(max(number, low), high)) - scale(low)) / (scale(high) - scale(low))
        return round((1 - share) * (height - 1))

    canvas = [[" "] * wide for _ in range(height)]
    if chosen is not None:
        for line in canvas:
            line[columns[chosen]] = "┊"
    for name in means:
        _draw_line(canvas, columns, [None if number is None else row(number) for number in means[name]])
    for name in means:
        for column, bottom, top in zip(columns, lows.get(name, ()), highs.get(name, ()), strict=False):
            if bottom is not None and top is not None:
                for y in range(row(top), row(bottom) + 1):
                    canvas[y][column] = "│"
    # Marks last, so that no bar hides one; where two fall together the later covers the earlier.
    for name in means:
        for column, number in zip(columns, means[name], strict=True):
            if number is not None:
                canvas[row(number)][column] = markers.get(name, "*")

    labelled = {0: ticks[2], height - 1: ticks[0], round((height - 1) / 2): ticks[1]}
    text = []
    for y, line in enumerate(canvas):
        edge = f"{labelled[y]:>{margin - 1}} ┤" if y in labelled else f"{'':{margin}}│"
        text.append(edge + "".join(line).rstrip())
    axis = ["─"] * wide
    for column in columns:
        axis[column] = "┬"
    if broken is not None:
        axis[broken] = "╱"
    text.append(f"{'':{margin}}└{''.join(axis)}")
    text.append(f"{'':{margin + 1}}{_labels(values, columns, chosen, wide)}".rstrip())
    are_drawn = any(number is not None for line in lows.values() for number in line)
    legend = "   ".join(f"{markers.get(name, '*')} {name}" for name in means)
    text.append(f"{'':{margin + 1}}{legend}" + ("   │ 95 % interval" if are_drawn else ""))
    if chosen is not None:
        text.append(f"{'':{margin + 1}}┊ {chosen_as}: {_text(values[chosen])}")
    return "\n".join(text)


def _finite(lines: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """The finite numbers, within bounds so that their sums and halves are finite and not 0 too."""

    def bounded(number: float) -> float:
        return min(max(number, -LARGEST), LARGEST) if abs(number) > 1 / LARGEST else 0.0

    return {
        name: [None if number is None or not math.isfinite(number) else bounded(number) for number in line]
        for name, line in lines.items()
    }


def looks_logarithmic(values: Sequence[Any]) -> bool:
    """Whether positive numbers are spaced by ratios rather than by differences."""
    positive = [value for value in values if is_number(value) and value > 0]
    if len(positive) < len(values) - 1 or any(not is_number(value) or value < 0 for value in values):
        return False
    if len(positive) < 3:
        # Of 0 and two more, a linear axis would press the lesser onto 0.
        return len(values) == 3 and bool(positive[1] >= 10 * positive[0])
    ratios = [math.log(b / a) for a, b in itertools.pairwise(positive)]
    gaps = [b - a for a, b in itertools.pairwise(positive)]
    return min(ratios) > 0 and max(ratios) / min(ratios) < max(gaps) / min(gaps)


def _columns(values: Sequence[Any], wide: int) -> tuple[list[int], int | None]:
    """Each value's column, and the column at which the axis is broken to make room for 0."""
    last, edge = wide - 4, 3
    numeric = all(is_number(value) for value in values) and list(values) == sorted(set(values))
    log = numeric and len(values) > 1 and values[0] >= 0 and looks_logarithmic(values)
    if not numeric or len(values) == 1:
        positions: list[float] = list(map(float, range(len(values))))
    elif log:
        positions = [math.log(value) for value in values if value > 0]
    else:
        positions = list(map(float, values))
    zero = log and values[0] == 0
    start = edge + (max(wide // 10, 6) if zero else 0)
    span = (positions[-1] - positions[0]) or 1.0
    columns = [start + round((position - positions[0]) / span * (last - start)) for position in positions]
    return ([edge, *columns], (edge + start) // 2) if zero else (columns, None)


def _draw_line(canvas: list[list[str]], columns: list[int], rows: list[int | None]) -> None:
    points = [(column, row) for column, row in zip(columns, rows, strict=True) if row is not None]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for x in range(x0 + 1, x1):
            y = round(y0 + (y1 - y0) * (x - x0) / (x1 - x0))
            if canvas[y][x] in " ┊":
                canvas[y][x] = "·"


def _labels(values: Sequence[Any], columns: list[int], chosen: int | None, wide: int) -> str:
    """The values under their ticks: the chosen one, the ends, then those between that have room."""
    line = [" "] * wide
    last = len(values) - 1
    for index in dict.fromkeys([*([chosen] if chosen is not None else []), 0, last, *range(len(values))]):
        label = _text(values[index])
        start = min(max(columns[index] - len(label) // 2, 0), max(wide - len(label), 0))
        room = line[max(start - 1, 0) : start + len(label) + 1]
        if all(sign == " " for sign in room):
            line[start : start + len(label)] = label
    return "".join(line[:wide])


def _text(value: Any) -> str:
    return f"{value:g}" if is_number(value) else str(value).replace(" ", "")
