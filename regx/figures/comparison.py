"""The comparison: a metric by stack, a dot a seed, and beside it the paired differences to the baseline."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import loss_label, words
from regx.figures.parts import blank, legend_below, line_key
from regx.figures.style import BLACK, BLUE, GREY, INTERVAL, VERMILLION, WIDE, Axes, Figure
from regx.metrics import REGISTRY
from regx.report.names import short_names
from regx.report.row import Row
from regx.report.table import by_group, compare_rows

COLOURS = {"better": BLUE, "worse": VERMILLION}


def _unfit(metric: str, run: Run) -> str | None:
    if not run.completed_seeds:
        return "no seed of it has completed"
    return None if run.per_seed(metric) else f"it has no {metric}"


def _draw(metric: str, runs: Sequence[Run]) -> Figure:
    found = {str(run.folder): run for run in runs}
    rows = by_group(compare_rows(runs, metric=metric))
    groups = {name: [(row, found[row.run]) for row in members] for name, members in rows.items()}
    heights = [0.24 * len(members) + 0.9 for members in groups.values()]  # inches, with room for title and labels
    figure = blank(WIDE, sum(heights) + 0.3)
    axes = figure.subplots(len(groups), 2, squeeze=False, height_ratios=heights)
    for (group, members), (left, right) in zip(groups.items(), axes, strict=True):
        members.sort(key=lambda one: np.mean(list(one[1].per_seed(metric).values())))
        _values(left, members, metric)
        _differences(right, members)
        left.set_title(words(group) if len(groups) > 1 else "a dot a seed")
    seed = line_key("a seed", color=GREY, marker="o", markersize=3, linestyle="none")
    legend_below(figure, [seed, line_key(f"mean and {INTERVAL}", color=BLACK, marker="D", markersize=4)])
    return figure


def _values(panel: Axes, members: Sequence[tuple[Row, Run]], metric: str) -> None:
    every: list[float] = []
    for place, (row, run) in enumerate(members):
        values = list(run.per_seed(metric).values())
        every += values
        # Spread evenly up and down, so that equal values are all seen.
        spread = np.linspace(-0.22, 0.22, len(values)) if len(values) > 1 else np.zeros(1)
        panel.plot(values, place + spread, "o", color=GREY, markersize=2.5, alpha=0.6, label="a seed")
        _bar(panel, place, row.metrics[metric], BLACK)
    panel.set_yticks(range(len(members)), list(map(words, short_names([row for row, _ in members]))))
    of, said = members[0][1].summary, REGISTRY[metric].in_words().removeprefix("the ")
    label = loss_label(of.task, of.dataset, said) if said.endswith(" loss") else said
    panel.set(ylim=(len(members) - 0.4, -0.6), xlabel=label, ylabel="stack")
    if min(every) > 0 and max(every) > 20 * min(every):
        panel.set_xscale("log")


def _differences(panel: Axes, members: Sequence[tuple[Row, Run]]) -> None:
    for place, (row, _) in enumerate(members):
        if row.verdict and row.difference["mean"] is not None:
            _bar(panel, place, row.difference, COLOURS.get(row.verdict, GREY))
        panel.annotate(
            "baseline" if row.baseline and not row.verdict else row.cell("verdict"), (1.02, place),
            xycoords=("axes fraction", "data"), verticalalignment="center", fontsize="small",
        )  # fmt: skip
    panel.axvline(0, color=BLACK, linewidth=0.6)
    panel.locator_params(axis="x", nbins=4)
    rows = [row for row, _ in members]
    names = zip(rows, short_names(rows), strict=True)
    baseline = next((name for row, name in names if row.verdict == "baseline"), None)
    panel.set_xlabel(f"difference to {words(baseline)}" if baseline else "no baseline among these runs")
    panel.set(title="paired differences", ylabel="stack, as on the left", yticks=[], ylim=(len(members) - 0.4, -0.6))


def _bar(panel: Axes, place: int, interval: Any, colour: str) -> None:
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    panel.plot([mean], [place], "D", color=colour, markersize=4, label="mean")
    if low is not None and high is not None:
        panel.plot([low, high], [place, place], color=colour, marker="|", linewidth=1.2, label="interval")


def about(metric: str) -> Kind:
    """The comparison by a metric."""
    what = "test loss or --metric by stack, a dot a seed, and the paired differences to the baseline with verdicts"
    unfit, draw = partial(_unfit, metric), partial(_draw, metric)
    return Kind("comparison", "run", what, unfit, draw, per_figure=40, about=about)


KIND = about("test_loss")
