"""The weights of a network, layer by layer: a heat map and their distribution, exact zeros apart from small numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regx.core.arrays import Array
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.style import BLUE, WIDE, legend_below, nothing_completed, run_title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = 4  # layers in a row
BINS = 41


@dataclass(frozen=True)
class Weights:
    """What is drawn of one run: the reported weights of its first completed seed, (in, out) of each layer."""

    title: str
    seed: int
    layers: tuple[Array, ...]


def read(run: Run) -> Weights:
    seed = run.completed_seeds[0]
    layers = len(run.config["architecture"].get("conv", ())) + len(run.config["architecture"]["hidden"]) + 1
    names = [f"seed{seed}/reported/{layer}/weight" for layer in range(layers)]
    return Weights(run_title(run), seed, tuple(as_matrix(run.weights[name]) for name in names))


def as_matrix(weight: Array) -> Array:
    """A saved weight as (in, out); of a convolution, (channels, kernel, kernel, ..., filters), a filter is a column."""
    return weight if weight.ndim == 2 else weight.reshape(math.prod(weight.shape[:3]), -1)


def draw(runs: Sequence[Weights]) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    (one,) = runs
    across = min(len(one.layers), ACROSS)
    down = -(-len(one.layers) // across)
    figure = Figure(figsize=(max(WIDE * across / ACROSS, 3.5), 3.2 * down + 0.4), layout="constrained")
    axes = figure.subplots(2 * down, across, squeeze=False, height_ratios=[1.35, 1] * down)
    for unused in axes.ravel():
        unused.set_visible(False)
    for layer, weight in enumerate(one.layers):
        above, below = axes[2 * (layer // across) : 2 * (layer // across) + 2, layer % across]
        above.set_visible(True)
        below.set_visible(True)
        which = "output layer" if layer == len(one.layers) - 1 else f"layer {layer}"
        above.set_title(f"{which}: {weight.shape[0]} × {weight.shape[1]}")
        _heat_map(figure, above, weight)
        _distribution(below, weight)
        if layer % across == 0:
            above.set_ylabel("input unit")
            below.set_ylabel("number of weights")
    figure.suptitle(f"weights of {one.title}, seed {one.seed}, at its reported epoch", fontsize="medium")
    legend_below(
        figure,
        [
            Patch(facecolor="white", edgecolor="black", linewidth=0.6, label="map: exactly 0"),
            Patch(facecolor="white", edgecolor="black", hatch="//////", linewidth=0.6, label="distribution: exactly 0"),
            Patch(facecolor=BLUE, edgecolor="black", linewidth=0.6, label="distribution: not 0"),
        ],
    )
    return figure


def _heat_map(figure: Figure, panel: Axes, weight: Array) -> None:
    size = np.abs(weight[weight != 0])
    # One great weight would make all others look alike.
    most = float(np.percentile(size, 99)) if size.size else 1.0
    beyond: Any = "both" if size.size and size.max() > most else "neither"
    drawn = np.ma.masked_equal(weight, 0)
    image = panel.imshow(drawn, cmap=shades(), vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    bar = figure.colorbar(image, ax=panel, location="bottom", extend=beyond, aspect=25, pad=0.02)
    bar.set_label("weight")
    bar.ax.tick_params(labelsize=6)
    panel.set_xlabel("output unit")
    for side in ("top", "right"):
        panel.spines[side].set_visible(True)
    for axis, n in ((panel.xaxis, weight.shape[1]), (panel.yaxis, weight.shape[0])):
        axis.set_ticks(sorted({0, n // 2, n - 1}) if n > 2 else range(n))


def shades() -> Any:
    """From dark blue over grey at 0 to yellow: ever lighter, so that grey keeps the sign; white is for exact zeros."""
    import matplotlib
    from matplotlib.colors import ListedColormap

    found = ListedColormap(matplotlib.colormaps["cividis"](np.linspace(0, 0.9, 256)))
    return found.with_extremes(bad="white")


def _distribution(panel: Axes, weight: Array) -> None:
    zeros = int((weight == 0).sum())
    others = weight[weight != 0].astype(float)
    reach = float(np.abs(others).max()) if others.size else 1.0
    counts, edges = np.histogram(others, bins=BINS, range=(-reach, reach))
    panel.stairs(counts, edges, fill=True, facecolor=BLUE, edgecolor="black", linewidth=0.4, label="not 0")
    if zeros:
        width = edges[1] - edges[0]
        panel.bar(
            [0], [zeros], width=width, facecolor="white", edgecolor="black", hatch="//////", linewidth=0.6,
            label="exactly 0", zorder=0,
        )  # fmt: skip
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_formatter("")
    panel.set_ylim(0.7, 1.6 * max(counts.max(), zeros, 2))
    panel.set_title(f"{zeros} exactly 0 ({100 * zeros / weight.size:.1f} %)", fontsize="small")
    panel.set_xlabel("weight")


KIND = Kind(
    name="weights",
    help="heat map and distribution of each layer's weights",
    of="run",
    unfit=nothing_completed,
    read=read,
    draw=draw,
    per_figure=1,
)
