"""Learning curves: the loss on each split against the epoch, mean and interval over seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.evidence.curves import Curve
from regx.evidence.run import Run
from regx.figures.curves import MARKS
from regx.figures.curves import read as curves_of
from regx.figures.kind import Kind
from regx.figures.labels import folded, loss_label, nothing_completed, run_title
from regx.figures.parts import area_key, band, copied, legend_below, line_key, loss_scale, panels, star
from regx.figures.style import GREY, INTERVAL, SPLITS, Artist, Figure

LEAST, REPORTED = "least mean validation loss", "mean of those reported"


@dataclass(frozen=True)
class Curves:
    """What is drawn of one run.

    curves: by split; no entry for a split without rows. reported: where seeds reported an epoch before their last one,
    as with early stopping, the epoch of each. best: the mean of these, else the epoch of the least mean validation loss
    before a seed stopped; None without a validation split.
    """

    title: str
    label: str
    curves: dict[str, Curve]
    best: float | None
    reported: tuple[int, ...]


def read(run: Run) -> Curves:
    _, curves = curves_of(run)
    networks = [run.summary.networks[seed] for seed in run.completed_seeds]
    reported = tuple(one.reported_epoch for one in networks)
    if all(one.reported_epoch == one.last_epoch for one in networks):
        reported = ()
    best = None
    if (judged := curves.get("validation")) is not None and judged.together:
        least = judged.epoch[judged.mean[: judged.together].argmin()]
        best = float(np.mean(reported) if reported else least)
    return Curves(run_title(run), loss_label(run.summary.task, run.summary.dataset), curves, best, reported)


def draw(runs: Sequence[Curves]) -> Figure:
    alike = len({one.label for one in runs}) == 1
    figure, axes = panels(len(runs), sharey=alike)
    lines, others = dict[str, Artist](), dict[str, Artist]()  # of the legend
    meanings: dict[str, None] = {}
    for one, panel in zip(runs, axes, strict=True):
        for number, (split, curve) in enumerate(one.curves.items()):
            style, n, end = SPLITS[split], len(curve.epoch), curve.together
            every = (number * n // (3 * MARKS), max(n // MARKS, 1))
            (line,) = panel.plot(curve.epoch[:end], curve.mean[:end], markevery=every, label=split, **style.drawn())
            lines.setdefault(split, line)
            if end < n:
                after = slice(max(end - 1, 0), None)  # from the last epoch that all reached, so that there is no hole
                panel.plot(
                    curve.epoch[after], curve.mean[after], color=style.colour, linestyle=style.dashes, linewidth=0.6,
                    label=f"{split}, some seeds stopped",
                )  # fmt: skip
                thin = "thin: some seeds have stopped and count with their last loss"
                others.setdefault("thin", line_key(thin, color=GREY, linewidth=0.6))
            if curve.low is not None and curve.high is not None:
                band(panel, curve.epoch, curve.low, curve.high, style.colour, label=f"{split} interval")
                others.setdefault("interval", area_key(INTERVAL, facecolor=GREY, alpha=0.3))
        if one.best is not None:
            at = np.interp(one.best, one.curves["validation"].epoch, one.curves["validation"].mean)
            panel.axvline(one.best, color=GREY, linewidth=0.7, linestyle=":")
            others.setdefault("best", copied(star(panel, one.best, float(at), "best epoch", 9)))
            panel.set_title(f"{folded(one.title)}\nbest epoch: {one.best:.0f}")
            meanings.setdefault(REPORTED if one.reported else LEAST)
        else:
            panel.set_title(folded(one.title))
        if one.reported:
            (ticks,) = panel.plot(
                one.reported, [0.03] * len(one.reported), marker="|", markersize=6, color="black", linestyle="none",
                label="reported epoch of a seed", transform=panel.get_xaxis_transform(),
            )  # fmt: skip
            others.setdefault("reported", copied(ticks, "epoch that a seed reported"))
        panel.locator_params(axis="x", integer=True)
        panel.set_xlabel("epoch (passes over the data)")
        if not alike or panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]  # every panel has a place
            panel.set_ylabel(one.label)
        # The same loss has the same scale everywhere, so that panels can be compared.
        comparable = [other for other in runs if other.label == one.label]
        loss_scale(panel, [value for other in comparable for curve in other.curves.values() for value in curve.mean])
    if "best" in others:
        others["best"].set_label(f"best epoch: {', or '.join(meanings)}")
    legend_below(figure, [*lines.values(), *others.values()])
    return figure


KIND = Kind(
    "learning_curves", "run", "loss on each split against the epoch", nothing_completed, draw, read, per_figure=6
)
