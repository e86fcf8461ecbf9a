"""The validation curve: losses along a swept axis, with the chosen value marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.config.grid import Axis, Point
from regx.core.arrays import Array
from regx.figures import style
from regx.figures.kind import Kind
from regx.figures.labels import loss_label, words
from regx.figures.parts import ends, legend_below, line_key, loss_scale, panels, star
from regx.figures.scale import AxisScale, scale_of, shown
from regx.figures.style import Axes, Figure, Line
from regx.studies.sweep.interpolation import Interpolation, fitting_axes, interpolation
from regx.studies.sweep.result import Sweep

APART = 3.0  # points between the bars of two lines


@dataclass(frozen=True)
class AlongAxis:
    """What is drawn of one sweep.

    scale: of the axis that is drawn along. lines: the values of the second axis, one of None where there is none.
    losses: by split, mean, low and high, (3, lines, n), NaN where a cell is missing or diverged.
    chosen: the line and the place of the cell with the least mean of `chosen_by`; None where every cell diverged.
    fixed: further axes, at the chosen cell's values. just_fitted: where the axis is one along which fitting begins.
    """

    name: str
    key: str
    second: str | None
    label: str
    scale: AxisScale
    lines: tuple[Any, ...]
    losses: dict[str, Array]
    chosen: tuple[int, int] | None
    chosen_by: str
    peek: bool
    fixed: Point
    just_fitted: Interpolation | None = None


def unfit(sweep: Sweep) -> str | None:
    axes = drawn_axes(sweep)
    if not axes:
        return "it has no axis of several values"
    if len(axes) > 1 and len(axes[1].values) > len(style.LINES):
        return f"it would have more than {len(style.LINES)} lines; `heat_map` shows both axes"
    return None if any(cell.known for cell in sweep.cells) else "none of its runs can be read"


def read(sweep: Sweep) -> AlongAxis:
    best = sweep.chosen.point if sweep.chosen is not None else None
    first, *others = drawn_axes(sweep)
    second = others[0] if others else None
    fixed = {axis.key: (best or sweep.cells[0].point)[axis.key] for axis in sweep.axes if axis not in (first, second)}
    scale = scale_of(_different(first))
    lines = tuple(_different(second)) if second else (None,)
    losses = {split: np.full((3, len(lines), len(scale.values)), np.nan) for split in style.LOSSES}
    chosen = None
    for row, line in enumerate(lines):
        for column, value in enumerate(scale.values):
            point = {**fixed, first.key: value, **({second.key: line} if second else {})}
            if (cell := sweep.at(point)) is not None:
                for split, metric in style.LOSSES.items():
                    losses[split][:, row, column] = ends([cell.loss(metric)])[:, 0]
            if point == best:
                chosen = (row, column)
    return AlongAxis(
        just_fitted=interpolation(sweep),
        name=words(sweep.name), key=first.key, second=second.key if second else None, scale=scale,
        label=loss_label(sweep.task, sweep.dataset), lines=lines, losses=losses, chosen=chosen,
        chosen_by="test" if sweep.peek else "validation", peek=sweep.peek,
        fixed={axis.key: fixed[axis.key] for axis in sweep.axes if axis.key in fixed and len(axis.values) > 1},
    )  # fmt: skip


def draw(sweeps: Sequence[AlongAxis]) -> Figure:
    (one,) = sweeps
    figure = _one_axis(one) if one.second is None else _two_axes(one)
    figure.suptitle(title(one), fontsize="medium")
    return figure


def _one_axis(one: AlongAxis) -> Figure:
    figure, (panel,) = panels(1, height=2.5)
    drawn = {split: values[:, 0] for split, values in one.losses.items() if np.isfinite(values[0]).any()}
    handles = [
        _line(panel, one.scale, curve, style.SPLITS[split], split, number - 1)
        for number, (split, curve) in enumerate(drawn.items())
    ]
    _finish(panel, one, [mean for curve in drawn.values() for mean in curve[0].tolist()], style.COLUMN)
    if any(np.isfinite(curve[1]).any() for curve in drawn.values()):
        handles.append(line_key(f"bars: {style.INTERVAL}", color=style.GREY, marker="_", linestyle="none"))
    handles += [*_mark_fitted(panel, one), *_mark_chosen(panel, one)]
    legend_below(figure, handles)
    return figure


def _two_axes(one: AlongAxis) -> Figure:
    drawn = {split: values for split, values in one.losses.items() if np.isfinite(values[0]).any()}
    figure, axes = panels(len(drawn), height=2.3, sharey=True)
    assert one.second is not None
    means = [mean for values in drawn.values() for mean in values[0].ravel().tolist()]
    labels = [f"{words(one.second)} = {shown(value)}" for value in one.lines]
    middle = (len(labels) - 1) / 2
    marks: list[Any] = []
    for (split, values), panel in zip(drawn.items(), axes, strict=True):
        handles = [
            _line(panel, one.scale, values[:, row], style.LINES[row], label, row - middle)
            for row, label in enumerate(labels)
        ]
        _finish(panel, one, means, style.WIDE / 3.4)
        panel.set_title(split)
        panel.label_outer()
        fitted = [*_mark_fitted(panel, one), *(_mark_best(panel, one) if split == one.chosen_by else ())]
        marks += [mark for mark in fitted if mark.get_label() not in {known.get_label() for known in marks}]
        marks += _mark_chosen(panel, one, split == one.chosen_by)
    legend_below(figure, [*handles, *marks])
    return figure


def _line(panel: Axes, scale: AxisScale, curve: Array, look: Line, label: str, beside: float) -> Any:
    """A line and its bars, moved a little to the side so that no bar hides another's. beside: by how many places."""
    from matplotlib.transforms import ScaledTranslation

    mean, low, high = curve
    moved = panel.transData + ScaledTranslation(beside * APART / 72, 0, panel.figure.dpi_scale_trans)
    if np.isfinite(low).any():
        bars = panel.vlines(scale.positions, low, high, colors=look.colour, linewidth=1, transform=moved)
        bars.set_label(f"{label} interval")
    (line,) = panel.plot(scale.positions, mean, label=label, transform=moved, **look.drawn())
    return line


def _finish(panel: Axes, one: AlongAxis, means: Sequence[float], width: float) -> None:
    one.scale.apply(panel, one.key, width)
    panel.set_ylabel(one.label)
    loss_scale(panel, means)


def _mark_chosen(panel: Axes, one: AlongAxis, marked: bool = True) -> list[Any]:
    if one.chosen is None:
        return []
    at = one.scale.positions[one.chosen[1]]
    panel.axvline(at, color=style.GREY, linewidth=0.8, linestyle=":", zorder=0)
    return [star(panel, at, one.losses[one.chosen_by][0][one.chosen], chosen_text(one))] if marked else []


def _mark_fitted(panel: Axes, one: AlongAxis) -> list[Any]:
    """Shades between the values where the training error becomes 0 and where parameters are enough."""
    found, marks = one.just_fitted, []
    if found is None:
        return []
    for flags, colour, label in (
        (found.fitted, style.YELLOW, "training error becomes 0"),
        (found.enough, style.SKY, "parameters = rows × outputs"),
    ):
        if turn := found.turn(flags):
            low, high = sorted(one.scale.positions[one.scale.values.index(value)] for value in turn)
            marks.append(panel.axvspan(low, high, color=colour, alpha=0.3, linewidth=0, zorder=0, label=label))
    return marks


def _mark_best(panel: Axes, one: AlongAxis) -> list[Any]:
    """Rings around the best strength at each value, where the lines are strengths."""
    found = one.just_fitted
    if found is None or found.strength != one.second:
        return []
    rings = [
        (value, one.lines.index(best)) for value, best in zip(found.values, found.best, strict=True) if best is not None
    ]
    columns = [one.scale.values.index(value) for value, _ in rings]
    losses = [one.losses[one.chosen_by][0, row, column] for (_, row), column in zip(rings, columns, strict=True)]
    return panel.plot(
        [one.scale.positions[column] for column in columns], losses, color=style.BLACK, linewidth=0.8, marker="o",
        markersize=9, markerfacecolor="none", label=f"best {words(one.second)} at each value", zorder=4,
    )  # fmt: skip


def chosen_text(one: AlongAxis) -> str:
    assert one.chosen is not None
    row, column = one.chosen
    values = [one.scale.values[column], *([one.lines[row]] if one.second else [])]
    how = "by test loss, with --peek" if one.peek else "by validation loss"
    return f"chosen: {' and '.join(map(shown, values))} ({how})"


def title(one: AlongAxis) -> str:
    at = ", ".join(f"{words(key)} = {shown(value)}" for key, value in one.fixed.items())
    return f"sweep {one.name}" + (f" at {at}" if at else "") + (" (peek)" if one.peek else "")


def drawn_axes(sweep: Sweep) -> list[Axis]:
    """The axes of several values, the one that is drawn along first."""
    along, strength = fitting_axes(sweep)
    axes = [axis for axis in sweep.axes if len(axis.values) > 1]
    # Numbers before words, then the most values first: what a curve is best drawn along.
    axes.sort(key=lambda axis: (scale_of(_different(axis)).kind == "words", -len(axis.values)))
    if along is not None:  # along which fitting may begin, a line for each strength
        axes.sort(key=lambda axis: (axis is not along, axis is not strength))
    return axes


def _different(axis: Axis) -> list[Any]:
    return [value for number, value in enumerate(axis.values) if value not in axis.values[:number]]


KIND = Kind("validation_curve", "sweep", "losses along a swept axis, the chosen value marked", unfit, draw, read)
