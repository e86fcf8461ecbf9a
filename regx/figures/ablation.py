"""What an ablation has found: the effect of each member of the stack, along an axis if there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from regx.figures.kind import Kind
from regx.figures.labels import words
from regx.figures.parts import ends, legend_below, panels
from regx.figures.scale import AxisScale, scale_of
from regx.figures.style import COLUMN, GREY, LINES, Figure
from regx.metrics import REGISTRY
from regx.stats.aggregate import Interval
from regx.studies.ablation.along import read_along
from regx.studies.ablation.result import read_ablation
from regx.studies.sweep.result import Sweep


@dataclass(frozen=True)
class Effects:
    """rows: the names of effects and their intervals; of an ablation along an axis each has one for every value."""

    name: str
    metric: str
    rows: tuple[tuple[str, tuple[Interval, ...]], ...]
    key: str | None = None
    scale: AxisScale | None = None


def unfit(sweep: Sweep) -> str | None:
    members = [axis for axis in sweep.axes if axis.switches]
    if not members or len(sweep.axes) - len(members) > 1 or len(sweep.runs) < len(sweep.cells):
        return "it is no ablation"
    return None


def _read(metric: str, sweep: Sweep) -> Effects:
    name = words(sweep.name)
    if any(not axis.switches for axis in sweep.axes):
        along = read_along(sweep, metric)
        scale = scale_of(list(along.values))
        order = [along.values.index(value) for value in scale.values]
        rows = tuple(
            (member, tuple(effects[place].difference for place in order))
            for member, effects in zip(along.members, along.effects, strict=True)
        )
        return Effects(name, metric, rows, along.key, scale)
    study = read_ablation(sweep.folder, metric)
    found, members = study.contrasts, study.members
    if found is None:
        return Effects(name, metric, ())
    return Effects(name, metric, (
        *((member, (effect.average,)) for member, effect in zip(members, found.effects, strict=True)),
        *((" × ".join(members[one] for one in pair.members), (pair.interaction,)) for pair in found.pairs),
    ))  # fmt: skip


def draw(studies: Sequence[Effects]) -> Figure:
    (one,) = studies
    change = f"change of {REGISTRY[one.metric].in_words().removeprefix('the ')} by switching on"
    figure, (panel,) = panels(1, height=2.5 if one.scale else 0.8 + 0.3 * len(one.rows))
    for number, (name, intervals) in enumerate(one.rows):
        mean, low, high = ends(intervals)
        bars: Any = {"capsize": 2, "linewidth": 1}
        if one.scale:
            bars |= {"label": words(name), **LINES[number % len(LINES)].drawn()}
            panel.errorbar(one.scale.positions, mean, [mean - low, high - mean], **bars)
        else:
            panel.errorbar(mean, [-number], xerr=[mean - low, high - mean], color="black", marker="o", **bars)
    if one.scale:
        panel.axhline(0, color=GREY, linewidth=0.8)
        one.scale.apply(panel, str(one.key), COLUMN)
        panel.set_ylabel(change)
        legend_below(figure, panel.get_legend_handles_labels()[0])
    else:
        panel.axvline(0, color=GREY, linewidth=0.8)
        panel.set_yticks([-number for number in range(len(one.rows))], [words(name) for name, _ in one.rows])
        panel.set_xlabel(change)
    side = {True: "; below 0 it helps", False: "; above 0 it helps", None: ""}[REGISTRY[one.metric].lower_is_better]
    figure.suptitle(f"ablation {one.name}\n95 % intervals{side}", fontsize=8)
    return figure


def about(metric: str) -> Kind:
    """The effects on a metric."""
    what = "what each member of an ablation changes in the test loss or --metric, along its axis"
    return Kind("ablation", "sweep", what, unfit, draw, partial(_read, metric), about=about)


KIND = about("test_loss")
