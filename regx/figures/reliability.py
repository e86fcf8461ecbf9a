"""The reliability diagram: how often predictions of a given confidence are right, on the test split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from regx.core.arrays import Array
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.style import (
    BLACK,
    COLUMN,
    SKY,
    WIDE,
    folded,
    legend_below,
    nothing_completed,
    run_title,
)
from regx.stats.aggregate import Interval, mean_interval
from regx.stats.calibration import BINS, expected_calibration_error

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACROSS = 3


@dataclass(frozen=True)
class Reliability:
    """What is drawn of one run: over the test samples of all seeds, by bin of confidence, (BINS,) each.

    counts: samples. accuracy: share that is right, confidence: mean probability of the predicted class, both NaN where
    there is no sample. error: the expected calibration error, mean and interval over seeds.
    """

    title: str
    counts: Array
    accuracy: Array
    confidence: Array
    error: Interval


def unfit(run: Run) -> str | None:
    return "it is a regression, which has no probabilities" if run.summary.task == "regression" else (
        nothing_completed(run)
    )  # fmt: skip


def read(run: Run) -> Reliability:
    counts, right, sure = np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)
    errors = []
    for seed in run.completed_seeds:
        test = dataset_of(run, seed).test
        p = predict(run, test.x, seed).astype(float)
        errors.append(expected_calibration_error(p, test.y))
        correct = (p > 0.5)[:, 0] == (test.y > 0.5)[:, 0] if p.shape[1] == 1 else p.argmax(1) == test.y.argmax(1)
        confidence = np.maximum(p, 1 - p)[:, 0] if p.shape[1] == 1 else p.max(axis=1)
        bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
        counts += np.bincount(bins, minlength=BINS)
        right += np.bincount(bins, correct, BINS)
        sure += np.bincount(bins, confidence, BINS)
    shared = np.where(counts > 0, counts, np.nan)
    return Reliability(run_title(run), counts, right / shared, sure / shared, mean_interval(errors))


def draw(runs: Sequence[Reliability]) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    across = min(len(runs), ACROSS)
    down = -(-len(runs) // across)
    figure = Figure(figsize=(COLUMN if across == 1 else WIDE, 2.9 * down + 0.2), layout="constrained")
    axes = figure.subplots(2 * down, across, squeeze=False, sharex=True, height_ratios=[3, 1] * down)
    edges = np.linspace(0, 1, BINS + 1)
    for unused in axes.ravel():
        unused.set_visible(False)
    for number, one in enumerate(runs):
        above, below = axes[2 * (number // across) : 2 * (number // across) + 2, number % across]
        above.set_visible(True)
        below.set_visible(True)
        known = one.counts > 0
        width = edges[1]
        above.bar(
            edges[:-1][known], one.accuracy[known], width=width, align="edge", color=SKY, edgecolor=BLACK,
            linewidth=0.6, label="accuracy",
        )  # fmt: skip
        above.plot(
            one.confidence[known], one.accuracy[known], color=BLACK, marker="o", markersize=3, linestyle="none",
            label="mean confidence of the bin", clip_on=False, zorder=3,
        )  # fmt: skip
        above.plot([0, 1], [0, 1], color=BLACK, linestyle="--", linewidth=0.8, label="perfectly calibrated")
        above.set_ylim(0, 1)
        above.set_xlim(0, 1)
        above.set_title(f"{folded(one.title)}\nECE {_text(one.error)}")
        below.bar(edges[:-1], one.counts, width=width, align="edge", color="#bbbbbb", edgecolor=BLACK, linewidth=0.6)
        below.tick_params(labelbottom=True)
        below.set_xlabel("confidence (probability)")
        if number % across == 0:
            above.set_ylabel("accuracy (share that is right)")
            below.set_ylabel("test samples,\nall seeds")
    handles = [
        Patch(facecolor=SKY, edgecolor=BLACK, linewidth=0.6, label="accuracy in a bin of confidence"),
        Line2D([], [], color=BLACK, marker="o", markersize=3, linestyle="none", label="at the bin's mean confidence"),
        Line2D([], [], color=BLACK, linestyle="--", linewidth=0.8, label="perfectly calibrated"),
        Line2D([], [], linestyle="none", label="ECE: expected calibration error, ± 95 % interval"),
    ]
    legend_below(figure, handles)
    return figure


def _text(error: Interval) -> str:
    if error["mean"] is None:
        return "unknown"
    half = f" ± {error['high'] - error['mean']:.2g}" if error["high"] is not None else ""
    return f"{error['mean']:.2g}{half}"


KIND = Kind(
    name="reliability",
    help="accuracy against confidence on the test split (classification)",
    of="run",
    unfit=unfit,
    read=read,
    draw=draw,
    per_figure=3,
)
