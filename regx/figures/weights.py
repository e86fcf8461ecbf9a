"""The weights of a network, layer by layer: a heat map and their distribution, exact zeros apart from small numbers."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import nothing_completed, run_title
from regx.figures.parts import area_key, blank, legend_below, pairs
from regx.figures.style import BLUE, WIDE, Axes, Figure

ACROSS = 4  # layers in a row
BINS = 41


def read(run: Run) -> tuple[Run, list[Array]]:
    """The run, and the reported weights of its first completed seed, (in, out) of each layer."""
    layers = len(run.config["architecture"].get("conv", ())) + len(run.config["architecture"]["hidden"]) + 1
    of = f"seed{run.completed_seeds[0]}/reported"
    return run, [as_matrix(run.weights[f"{of}/{layer}/weight"]) for layer in range(layers)]


def as_matrix(weight: Array) -> Array:
    """A saved weight as (in, out); of a convolution, (channels, kernel, kernel, ..., filters), a filter is a column."""
    return weight if weight.ndim == 2 else weight.reshape(math.prod(weight.shape[:3]), -1)


def draw(runs: Sequence[tuple[Run, list[Array]]]) -> Figure:
    ((run, layers),) = runs
    across = min(len(layers), ACROSS)
    figure = blank(max(WIDE * across / ACROSS, 3.5), 3.2 * -(-len(layers) // across) + 0.4)
    panels = pairs(figure, len(layers), across, 1.35)
    for layer, (weight, (above, below)) in enumerate(zip(layers, panels, strict=True)):
        which = "output layer" if layer == len(layers) - 1 else f"layer {layer}"
        above.set_title(f"{which}: {weight.shape[0]} × {weight.shape[1]}")
        _heat_map(figure, above, weight)
        _distribution(below, weight)
        if layer % across == 0:
            above.set_ylabel("input unit")
            below.set_ylabel("number of weights")
    of = f"{run_title(run)}, seed {run.completed_seeds[0]}"
    figure.suptitle(f"weights of {of}, at its reported epoch", fontsize="medium")
    edge: Any = {"edgecolor": "black", "linewidth": 0.6}
    zero = area_key("distribution: exactly 0", facecolor="white", hatch="//////", **edge)
    other = area_key("distribution: not 0", facecolor=BLUE, **edge)
    legend_below(figure, [area_key("map: exactly 0", facecolor="white", **edge), zero, other])
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


KIND = Kind("weights", "run", "heat map and distribution of each layer's weights", nothing_completed, draw, read)
