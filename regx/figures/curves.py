"""Curves of several runs in one axis for each split: mean over seeds, and the 95 % interval as a band."""

from collections.abc import Sequence
from typing import Any

from regx.evidence.curves import Curve, learning_curve
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import folded, loss_label, nothing_completed, words
from regx.figures.parts import area_key, band, blank, legend_below, loss_scale
from regx.figures.style import COLUMN, GREY, INTERVAL, LINES, LOSSES, WIDE, Axes, Figure, Line
from regx.report.names import short_names
from regx.report.table import by_group, compare_rows

MARKS = 6  # markers on a line


Drawn = tuple[Run, dict[str, Curve]]


def read(run: Run) -> Drawn:
    """The run, and its curves by split; none of a split without rows."""
    found = {split: learning_curve(run, column) for split, column in LOSSES.items()}
    return run, {split: curve for split, curve in found.items() if curve is not None}


def draw(runs: Sequence[Drawn]) -> Figure:
    rows = compare_rows([run for run, _ in runs])
    groups = by_group(rows)
    names = dict(zip((row.run for row in rows), short_names(rows), strict=True))
    splits = [split for split in LOSSES if any(split in curves for _, curves in runs)]
    figure = blank(WIDE if len(splits) > 1 else COLUMN, 2.2 * len(groups) + 0.3)
    axes = figure.subplots(len(groups), len(splits), squeeze=False, sharex="row", sharey="row")
    handles: dict[int, Any] = {}
    for (group, members), panels in zip(groups.items(), axes, strict=True):
        folders = {row.run for row in members}
        own = {number: one for number, one in enumerate(runs) if str(one[0].folder) in folders}
        means = [value for _, curves in own.values() for curve in curves.values() for value in curve.mean]
        for split, panel in zip(splits, panels, strict=True):
            for number, (run, curves) in own.items():
                if (curve := curves.get(split)) is not None:
                    name = words(names[str(run.folder)])
                    handles.setdefault(number, _curve(panel, curve, LINES[number], name, number / len(runs)))
            loss_scale(panel, means)
            panel.locator_params(axis="x", integer=True)
            panel.set(title=split if len(groups) == 1 else f"{folded(words(group))}\n{split}", xlabel="epoch")
        of = next(iter(own.values()))[0].summary
        panels[0].set_ylabel(loss_label(of.task, of.dataset))
    interval = area_key(INTERVAL, facecolor=GREY, alpha=0.3)
    legend_below(figure, [*(handles[number] for number in sorted(handles)), interval])
    return figure


def _curve(panel: Axes, curve: Curve, look: Line, name: str, shift: float) -> Any:
    """A line and its band. shift: of its markers, as a share of what lies between two of them."""
    between = max(len(curve.epoch) // MARKS, 1)
    (line,) = panel.plot(curve.epoch, curve.mean, markevery=(int(shift * between), between), label=name, **look.drawn())
    if curve.low is not None and curve.high is not None:
        band(panel, curve.epoch, curve.low, curve.high, look.colour, 0.15)
    return line


KIND = Kind(
    "curves", "run", "loss of several runs in one axis for each split, with bands", nothing_completed, draw, read,
    per_figure=len(LINES), together=True,
)  # fmt: skip
