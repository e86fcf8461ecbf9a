"""Gap bars: how much better each run knows its training split than the validation split."""

from collections.abc import Sequence
from dataclasses import dataclass

from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import loss_label, run_title, words
from regx.figures.parts import blank, legend_below, line_key
from regx.figures.style import BLACK, INTERVAL, SKY, WIDE, Figure
from regx.stats.aggregate import Interval


@dataclass(frozen=True)
class Gap:
    """What is drawn of one run. gap: val_loss - train_loss at the reported epoch, over seeds."""

    title: str
    dataset: str
    label: str
    gap: Interval


def unfit(run: Run) -> str | None:
    if run.summary.over_seeds("gap")["mean"] is not None:
        return None
    return "it has no gap: no validation split, or no seed that has completed"


def read(run: Run) -> Gap:
    label = loss_label(run.summary.task, run.summary.dataset, "validation loss - train loss")
    return Gap(run_title(run), words(run.summary.dataset), label, run.summary.over_seeds("gap"))


def draw(runs: Sequence[Gap]) -> Figure:
    groups: dict[tuple[str, str], list[Gap]] = {}
    for one in runs:
        groups.setdefault((one.dataset, one.label), []).append(one)
    rows = [0.2 * len(members) + 0.9 for members in groups.values()]  # inches, with room for title and labels
    figure = blank(WIDE * 0.75, sum(rows) + 0.1)
    axes = figure.subplots(len(groups), 1, squeeze=False, height_ratios=rows).ravel().tolist()
    for ((dataset, label), members), panel in zip(groups.items(), axes, strict=True):
        means = [one.gap["mean"] or 0.0 for one in members]
        places = range(len(members))
        panel.barh(places, means, color=SKY, edgecolor=BLACK, linewidth=0.6, height=0.7)
        for place, one in zip(places, members, strict=True):
            low, high = one.gap["low"], one.gap["high"]
            if low is not None and high is not None:
                panel.plot([low, high], [place, place], color=BLACK, marker="|", linewidth=1, label="interval")
        panel.axvline(0, color=BLACK, linewidth=0.6)
        panel.locator_params(axis="x", nbins=5)  # beside long names there is room for few
        panel.set_yticks(list(places), [one.title for one in members])
        panel.set(
            title=f"gap on {dataset}", xlabel=label, ylabel="run", ylim=(len(members) - 0.4, -0.6)
        )  # first on top
    if any(one.gap["low"] is not None for one in runs):
        legend_below(figure, [line_key(INTERVAL, color=BLACK, marker="|", linewidth=1)])
    return figure


KIND = Kind("gaps", "run", "validation loss - train loss, a bar for each run", unfit, read, draw, per_figure=40)
