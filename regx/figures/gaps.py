"""Gap bars: how much better each run knows its training split than the validation split."""

from collections.abc import Sequence

from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import loss_label, run_title, words
from regx.figures.parts import blank, legend_below, line_key
from regx.figures.style import BLACK, INTERVAL, SKY, WIDE, Figure


def unfit(run: Run) -> str | None:
    if run.summary.over_seeds("gap")["mean"] is not None:
        return None
    return "it has no gap: no validation split, or no seed that has completed"


def draw(runs: Sequence[Run]) -> Figure:
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        label = loss_label(run.summary.task, run.summary.dataset, "validation loss - train loss")
        groups.setdefault((words(run.summary.dataset), label), []).append(run)
    rows = [0.2 * len(members) + 0.9 for members in groups.values()]  # inches, with room for title and labels
    figure = blank(WIDE * 0.75, sum(rows) + 0.1)
    axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=rows).ravel().tolist()
    for ((dataset, label), members), panel in zip(groups.items(), axes, strict=True):
        gaps, places = [run.summary.over_seeds("gap") for run in members], range(len(members))
        panel.barh(places, [gap["mean"] or 0.0 for gap in gaps], color=SKY, edgecolor=BLACK, linewidth=0.6, height=0.7)
        for place, gap in zip(places, gaps, strict=True):
            low, high = gap["low"], gap["high"]
            if low is not None and high is not None:
                panel.plot([low, high], [place, place], color=BLACK, marker="|", linewidth=1, label="interval")
        panel.axvline(0, color=BLACK, linewidth=0.6)
        panel.locator_params(axis="x", nbins=5)  # beside long names there is room for few
        panel.set_yticks(list(places), [run_title(run) for run in members])
        first_on_top = (len(members) - 0.4, -0.6)
        panel.set(title=f"gap on {dataset}", xlabel=label, ylabel="run", ylim=first_on_top)
    if any(run.summary.over_seeds("gap")["low"] is not None for run in runs):
        legend_below(figure, [line_key(INTERVAL, color=BLACK, marker="|", linewidth=1)])
    return figure


KIND = Kind("gaps", "run", "validation loss - train loss, a bar for each run", unfit, draw, per_figure=40)
