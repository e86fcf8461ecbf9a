"""The decision boundary with the probability around it, for networks with two inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.data.surface import Surface, surface_over
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.figures.fitted import inputs_other_than
from regx.figures.kind import Kind
from regx.figures.labels import by_class, feature_label, folded, nothing_completed, run_title, words
from regx.figures.parts import legend_below, line_key, panels
from regx.figures.style import BLUE, GREEN, GREY, MARKERS, ORANGE, PURPLE, SKY, VERMILLION, YELLOW, Artist, Axes, Figure

CELLS = 121  # along each axis
LEVELS = np.linspace(0, 1, 11)
SHADES = (SKY, ORANGE, GREEN, PURPLE, YELLOW, BLUE, VERMILLION, GREY)


@dataclass(frozen=True)
class Boundary:
    """What is drawn of one run.

    where: over the two features. probability: of class 1, or of each class, the mean over seeds, at [second axis, first
    axis], (CELLS, CELLS, K). data: the first seed's training rows, (m, 2). labels: the number of the class of each,
    (m,). truth: the true boundary, (n, 2), where it is known.
    """

    title: str
    x_labels: tuple[str, str]
    classes: tuple[str, ...]
    where: Surface
    probability: Array
    data: Array
    labels: Array
    seed: int
    truth: Array | None


def unfit(run: Run) -> str | None:
    if run.summary.task == "regression":
        return "it is a regression; `fitted` is for one input"
    return nothing_completed(run) or inputs_other_than(run, 2)


def read(run: Run) -> Boundary:
    seed = run.completed_seeds[0]
    data = dataset_of(run, seed)
    where = surface_over(data, CELLS, CELLS, margin=0.03)
    assert where is not None  # of two features
    return Boundary(
        title=run_title(run), x_labels=(feature_label(run, data.features[0]), feature_label(run, data.features[1])),
        classes=tuple(words(name, 20) for name in data.classes), where=where,
        probability=predict(run, where.x).reshape(CELLS, CELLS, -1).astype(float), data=data.train.x,
        labels=by_class(data.train.y).argmax(axis=1), seed=seed, truth=run.typed.dataset.boundary(),
    )  # fmt: skip


def draw(runs: Sequence[Boundary]) -> Figure:
    figure, axes = panels(len(runs), height=2.9 if len(runs) in (1, 2, 4) else 2.3)
    shaded: Any = None
    handles: dict[str, Artist] = {}
    for one, panel in zip(runs, axes, strict=True):
        if one.probability.shape[2] == 1:
            shaded = _two_classes(panel, one, handles)
        else:
            _many_classes(panel, one, handles)
        _points(panel, one, handles)
        if one.truth is not None:
            (truth,) = panel.plot(*one.truth.T, color=VERMILLION, linestyle="--", linewidth=1, label="true boundary")
            handles.setdefault("truth", truth)
        (across, up), (x_label, y_label) = one.where.extent, one.x_labels
        panel.set(title=folded(one.title), xlabel=x_label, ylabel=y_label, xlim=across, ylim=up)
        panel.set_box_aspect(1)
    if shaded is not None:
        names = {one.classes[1] for one in runs if one.probability.shape[2] == 1}
        of = f"class {names.pop()}" if len(names) == 1 else "class 1"
        bar = figure.colorbar(shaded, ax=axes, ticks=[0, 0.25, 0.5, 0.75, 1], shrink=0.8)
        bar.set_label(f"probability of {of}\n(mean over seeds)")
    legend_below(figure, list(handles.values()))
    return figure


def _two_classes(panel: Axes, one: Boundary, handles: dict[str, Artist]) -> Any:
    p = one.probability[:, :, 0]
    # From dark to light also in grey; rounding may leave the range by the last bit.
    shaded = panel.contourf(*one.where.axes, p.clip(0, 1), levels=LEVELS, cmap="cividis")
    panel.contour(*one.where.axes, p, levels=[0.5], colors="white", linewidths=3)
    panel.contour(*one.where.axes, p, levels=[0.5], colors="black", linewidths=1.4).set_label("decision boundary")
    handles.setdefault("boundary", line_key("decision boundary (0.5)", color="black", linewidth=1.4))
    return shaded


def _many_classes(panel: Axes, one: Boundary, handles: dict[str, Artist]) -> None:
    from matplotlib.colors import to_rgb

    colours = np.array([to_rgb(SHADES[k % len(SHADES)]) for k in range(one.probability.shape[2])])
    most = one.probability.max(axis=2)[:, :, None]
    # Pale, so that the data stands out.
    colour = 1 - 0.6 * most * (1 - colours[one.probability.argmax(axis=2)])
    extent = (*one.where.extent[0], *one.where.extent[1])
    panel.imshow(colour, origin="lower", extent=extent, aspect="auto", interpolation="bilinear")
    for k in range(one.probability.shape[2]):
        others = np.delete(one.probability, k, axis=2).max(axis=2)
        margin = one.probability[:, :, k] - others
        if margin.min() < 0 < margin.max():
            panel.contour(*one.where.axes, margin, levels=[0], colors="black", linewidths=1.2)
    label = "decision boundary; the paler, the less sure"
    handles.setdefault("many", line_key(label, color="black", linewidth=1.2))


def _points(panel: Axes, one: Boundary, handles: dict[str, Artist]) -> None:
    two = one.probability.shape[2] == 1
    for k, name in enumerate(one.classes):
        rows = one.labels == k
        # The marker says the class; where there are two, the filling says it too.
        face = ("black", "white")[k] if two else SHADES[k % len(SHADES)]
        (dots,) = panel.plot(
            *one.data[rows].T, marker=MARKERS[k % len(MARKERS)], markersize=3.2, linestyle="none", markerfacecolor=face,
            markeredgecolor=("white", "black")[k] if two else "black", markeredgewidth=0.5,
            label=f"{name} (training data, seed {one.seed})",
        )  # fmt: skip
        handles.setdefault(f"class {name}", dots)


KIND = Kind(
    "boundary", "run", "decision boundary with probability (classification, two inputs)", unfit, draw, read,
    per_figure=6,
)  # fmt: skip
