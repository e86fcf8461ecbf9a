"""The fitted function: what networks with one input predict, beside the data and, where it is known, the truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.data.redrawn import Generator
from regx.data.surface import surface_over
from regx.evidence.curves import mean_and_interval
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import feature_label, folded, nothing_completed, run_title
from regx.figures.parts import area_key, band, legend_below, panels
from regx.figures.style import BLACK, BLUE, GREY, INTERVAL, VERMILLION, Artist, Figure

POINTS = 301  # along the axis


@dataclass(frozen=True)
class Fit:
    """What is drawn of one run.

    x: (n,). mean, low, high: over seeds, (n,), low and high None with one seed. first: the first seed's own, (n,).
    data: the first seed's training rows, x and y, (2, m). truth: (n,), or None.
    """

    title: str
    x_label: str
    y_label: str
    x: Array
    mean: Array
    low: Array | None
    high: Array | None
    first: Array
    seed: int
    data: Array
    truth: Array | None


def unfit(run: Run) -> str | None:
    if run.summary.task != "regression":
        return f"it is a classification ({run.summary.task}); `boundary` is for two inputs"
    return nothing_completed(run) or inputs_other_than(run, 1)


def inputs_other_than(run: Run, expected: int) -> str | None:
    """Why a run's networks do not have so many inputs, if so."""
    inputs = run.weights[f"seed{run.completed_seeds[0]}/reported/0/weight"].shape[0]
    return None if inputs == expected else f"its networks have {inputs} inputs, not {expected}"


def read(run: Run) -> Fit:
    seeds = run.completed_seeds
    data = dataset_of(run, seeds[0])
    where = surface_over(data, POINTS, POINTS)
    assert where is not None  # of one feature
    (x,) = where.axes
    each = np.stack([predict(run, where.x, seed)[:, 0] for seed in seeds]).astype(float)
    mean, low, high = mean_and_interval(each)
    source = run.typed.dataset
    return Fit(
        title=run_title(run),
        x_label=feature_label(run, data.features[0]),
        y_label=feature_label(run, data.target),
        x=x, mean=mean, low=low, high=high, first=each[0], seed=seeds[0],
        data=np.stack([data.train.x[:, 0], data.train.y[:, 0]]),
        truth=source.truth(where.x)[:, 0] if isinstance(source, Generator) else None,
    )  # fmt: skip


def draw(runs: Sequence[Fit]) -> Figure:
    alike = len({(one.x_label, one.y_label) for one in runs}) == 1
    figure, axes = panels(len(runs), sharey=alike)
    handles: dict[str, Artist] = {}
    for one, panel in zip(runs, axes, strict=True):
        (dots,) = panel.plot(
            *one.data, marker="o", markersize=3, linestyle="none", markerfacecolor="white", markeredgecolor=GREY,
            label=f"training data, seed {one.seed}",
        )  # fmt: skip
        artists: list[Artist] = [dots]
        if one.truth is not None:
            artists += panel.plot(one.x, one.truth, color=BLACK, linestyle=(0, (4, 2)), linewidth=1, label="truth")
        if one.low is not None and one.high is not None:
            band(panel, one.x, one.low, one.high, BLUE, 0.25)
            artists.append(area_key(INTERVAL, facecolor=BLUE, alpha=0.25))
        artists += panel.plot(
            one.x, one.first, color=VERMILLION, linestyle=":", linewidth=1, label=f"fit of seed {one.seed}"
        )
        if one.low is not None:  # with one seed the mean is its fit
            artists += panel.plot(
                one.x, one.mean, color=BLUE, linestyle="-", linewidth=1.6, label="mean fit over seeds"
            )
        handles |= {str(artist.get_label()): artist for artist in artists}
        panel.set(title=folded(one.title), xlabel=one.x_label)
        if not alike or panel.get_subplotspec().is_first_col():  # type: ignore[union-attr]  # every panel has a place
            panel.set_ylabel(one.y_label)
        if not alike:
            panel.set_ylim(*_limits([one]))
    if alike:
        axes[0].set_ylim(*_limits(runs))
    legend_below(figure, list(handles.values()))
    return figure


def _limits(runs: Sequence[Fit]) -> tuple[float, float]:
    """What shows data, truth and means; one seed's excursions are cut."""
    each = [part for one in runs for part in (one.data[1], one.mean, one.truth) if part is not None]
    shown = np.concatenate(each)
    shown = shown[np.isfinite(shown)]  # a network may answer with more than a number can be
    if not len(shown):
        return 0.0, 1.0
    low, high = float(shown.min()), float(shown.max())
    room = 0.08 * ((high - low) or 1.0)
    return low - room, high + room


KIND = Kind(
    "fitted", "run", "fitted function with data and truth (regression, one input)", unfit, draw, read, per_figure=6
)
