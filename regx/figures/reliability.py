"""The reliability diagram: how often predictions of a given confidence are right, on the test split."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import by_class, folded, nothing_completed, run_title
from regx.figures.parts import area_key, blank, legend_below, line_key, pairs
from regx.figures.style import BLACK, COLUMN, SKY, WIDE, Figure
from regx.stats.aggregate import Interval, mean_interval
from regx.stats.calibration import BINS, expected_calibration_error

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
    regression = "it is a regression, which has no probabilities"
    return regression if run.summary.task == "regression" else nothing_completed(run)


def read(run: Run) -> Reliability:
    counts, right, sure = np.zeros(BINS), np.zeros(BINS), np.zeros(BINS)
    errors = []
    for seed in run.completed_seeds:
        test = dataset_of(run, seed).test
        p, truth = by_class(predict(run, test.x, seed).astype(float)), by_class(test.y)
        errors.append(expected_calibration_error(p, truth))
        correct, confidence = p.argmax(axis=1) == truth.argmax(axis=1), p.max(axis=1)
        bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
        counts += np.bincount(bins, minlength=BINS)
        right += np.bincount(bins, correct, BINS)
        sure += np.bincount(bins, confidence, BINS)
    shared = np.where(counts > 0, counts, np.nan)
    return Reliability(run_title(run), counts, right / shared, sure / shared, mean_interval(errors))


def draw(runs: Sequence[Reliability]) -> Figure:
    across = min(len(runs), ACROSS)
    figure = blank(COLUMN if across == 1 else WIDE, 2.9 * -(-len(runs) // across) + 0.2)
    edges = np.linspace(0, 1, BINS + 1)
    axes = pairs(figure, len(runs), across, 3, sharex=True)
    for number, (one, (above, below)) in enumerate(zip(runs, axes, strict=True)):
        known, width = one.counts > 0, edges[1]
        mean, high = one.error["mean"], one.error["high"]
        half = f" ± {high - mean:.2g}" if mean is not None and high is not None else ""
        ece = "unknown" if mean is None else f"{mean:.2g}{half}"
        above.bar(
            edges[:-1][known], one.accuracy[known], width=width, align="edge", color=SKY, edgecolor=BLACK,
            linewidth=0.6, label="accuracy",
        )  # fmt: skip
        above.plot(
            one.confidence[known], one.accuracy[known], color=BLACK, marker="o", markersize=3, linestyle="none",
            label="mean confidence of the bin", clip_on=False, zorder=3,
        )  # fmt: skip
        above.plot([0, 1], [0, 1], color=BLACK, linestyle="--", linewidth=0.8, label="perfectly calibrated")
        above.set(title=f"{folded(one.title)}\nECE {ece}", xlim=(0, 1), ylim=(0, 1))
        below.bar(edges[:-1], one.counts, width=width, align="edge", color="#bbbbbb", edgecolor=BLACK, linewidth=0.6)
        below.tick_params(labelbottom=True)
        below.set_xlabel("confidence (probability)")
        if number % across == 0:
            above.set_ylabel("accuracy (share that is right)")
            below.set_ylabel("test samples,\nall seeds")
    handles = [
        area_key("accuracy in a bin of confidence", facecolor=SKY, edgecolor=BLACK, linewidth=0.6),
        line_key("at the bin's mean confidence", color=BLACK, marker="o", markersize=3, linestyle="none"),
        line_key("perfectly calibrated", color=BLACK, linestyle="--", linewidth=0.8),
        line_key("ECE: expected calibration error, ± 95 % interval", linestyle="none"),
    ]
    legend_below(figure, handles)
    return figure


KIND = Kind(
    "reliability", "run", "accuracy against confidence on the test split (classification)", unfit, draw, read,
    per_figure=3,
)  # fmt: skip
