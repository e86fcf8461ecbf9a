"""Learning curves: the loss on each split against the epoch, mean and interval over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regx.core.arrays import Array
from regx.report.figures.kind import Kind
from regx.report.figures.style import (
    GREY,
    INTERVAL,
    LOSSES,
    SPLITS,
    completed_seeds,
    legend_below,
    loss_label,
    loss_scale,
    nothing_completed,
    panels,
    run_title,
)
from regx.stats.aggregate import mean_interval
from regx.store.run import StoredRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARKS = 6  # markers on a line
LEAST, REPORTED = "least mean validation loss", "mean of those reported"


@dataclass(frozen=True)
class Curves:
    """What is drawn of one run.

    epochs: (n,). curves: by split, mean, low and high, (3, n), NaN where there is none; no entry for a split without
    rows. together: how many of the epochs, from the first, every seed reached. reported: where seeds reported an epoch
    before their last one, as with early stopping, the epoch of each. best: the mean of these, else the epoch of the
    least mean validation loss; None without a validation split.
    """

    title: str
    label: str
    epochs: Array
    curves: dict[str, Array]
    together: int
    best: float | None
    reported: tuple[int, ...]


def read(run: StoredRun) -> Curves:
    seeds = completed_seeds(run)
    metrics = run.metrics[run.metrics["seed"].isin(seeds)]
    columns = [column for column in LOSSES.values() if metrics[column].notna().any()]
    by_epoch: dict[int, list[dict[str, float]]] = {}
    for row in metrics[["epoch", *columns]].to_dict("records"):
        by_epoch.setdefault(int(row["epoch"]), []).append({str(name): number for name, number in row.items()})
    epochs = np.array(sorted(by_epoch))
    intervals = {
        column: [mean_interval([row[column] for row in by_epoch[epoch]]) for epoch in epochs.tolist()]
        for column in columns
    }
    curves = {
        split: np.array([[interval[end] for interval in intervals[column]] for end in ("mean", "low", "high")], float)
        for split, column in LOSSES.items()
        if column in intervals
    }
    together = sum(len(by_epoch[epoch]) == len(seeds) for epoch in epochs.tolist())
    entries = [run.summary["seeds"][str(seed)] for seed in seeds]
    reported = tuple(int(one["reported_epoch"]) for one in entries)
    if all(one["reported_epoch"] == one["last_epoch"] for one in entries):
        reported = ()
    best = None
    if "validation" in curves and np.isfinite(curves["validation"][0, :together]).any():
        least = epochs[np.nanargmin(curves["validation"][0, :together])]
        best = float(np.mean(reported) if reported else least)
    return Curves(run_title(run), loss_label(run), epochs, curves, together, best, reported)


def draw(runs: Sequence[Curves]) -> Figure:
    alike = len({one.label for one in runs}) == 1
    figure, axes = panels(len(runs), sharey=alike)
    handles: dict[str, Any] = {}
    meanings: dict[str, None] = {}
    for one, panel in zip(runs, axes, strict=True):
        n, end = len(one.epochs), one.together
        for number, (split, (mean, low, high)) in enumerate(one.curves.items()):
            style = SPLITS[split]
            every = (number * n // (3 * MARKS), max(n // MARKS, 1))
            (line,) = panel.plot(one.epochs[:end], mean[:end], markevery=every, label=split, **style.drawn())
            handles.setdefault(split, line)
            if end < n:
                # From the last epoch that all reached, so that the line has no hole.
                (rest,) = panel.plot(
                    one.epochs[end - 1 :], mean[end - 1 :], color=style.colour, linestyle=style.dashes, linewidth=0.6,
                    label=f"{split}, some seeds stopped",
                )  # fmt: skip
                handles.setdefault("thin", rest)
            if np.isfinite(low).any():
                band = panel.fill_between(
                    one.epochs, low, high, color=style.colour, alpha=0.2, linewidth=0, label=f"{split} interval"
                )
                handles.setdefault("interval", band)
        if one.best is not None:
            at = np.interp(one.best, one.epochs, one.curves["validation"][0])
            panel.axvline(one.best, color=GREY, linewidth=0.7, linestyle=":")
            (mark,) = panel.plot(
                [one.best], [at], marker="*", markersize=9, color="white", markeredgecolor="black", linestyle="none",
                label="best epoch", zorder=5,
            )  # fmt: skip
            handles.setdefault("best", mark)
            panel.set_title(f"{one.title}\nbest epoch: {one.best:.0f}")
            meanings.setdefault(REPORTED if one.reported else LEAST)
        else:
            panel.set_title(one.title)
        if one.reported:
            (ticks,) = panel.plot(
                one.reported, [0.03] * len(one.reported), marker="|", markersize=6, color="black", linestyle="none",
                label="reported epoch of a seed", transform=panel.get_xaxis_transform(),
            )  # fmt: skip
            handles.setdefault("reported", ticks)
        panel.set_xlabel("epoch (passes over the data)")
        if not alike or panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]  # every panel has a place
            panel.set_ylabel(one.label)
        # The same loss has the same scale everywhere, so that panels can be compared.
        comparable = [other for other in runs if other.label == one.label]
        loss_scale(panel, [value for other in comparable for curve in other.curves.values() for value in curve[0]])
    named = {
        "interval": INTERVAL,
        "best": f"best epoch: {', or '.join(meanings)}",
        "thin": "thin: some seeds have stopped",
        "reported": "epoch that a seed reported",
    }
    _legend(figure, handles, named)
    return figure


def _legend(figure: Figure, handles: dict[str, Any], named: dict[str, str]) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown: list[Any] = []
    for key, artist in sorted(handles.items(), key=lambda item: item[0] in named):
        if key == "interval":
            shown.append(Patch(facecolor=GREY, alpha=0.3, label=named[key]))
        elif key == "thin":
            shown.append(Line2D([], [], color=GREY, linewidth=0.6, label=named[key]))
        elif key in named:
            copy = Line2D([], [])
            copy.update_from(artist)
            copy.set_label(named[key])
            shown.append(copy)
        else:
            shown.append(artist)
    legend_below(figure, shown)


KIND = Kind(
    name="learning_curves",
    help="loss on each split against the epoch",
    of="run",
    unfit=nothing_completed,
    read=read,
    draw=draw,
    per_figure=6,
)
