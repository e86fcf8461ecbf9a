"""The filters of the first convolution: what it looks for in an image."""

from collections.abc import Sequence

import numpy as np

from regx.core.arrays import Array
from regx.evidence.run import Run
from regx.figures.kind import Kind
from regx.figures.labels import nothing_completed, run_title
from regx.figures.parts import blank
from regx.figures.style import Figure
from regx.figures.weights import shades

ACROSS, MOST = 8, 64


def unfit(run: Run) -> str | None:
    architecture = run.config["architecture"]
    if not architecture.get("conv"):
        return "its network has no convolutions"
    if not architecture.get("shared", True):
        return "its filters are not shared: every place has its own"
    return nothing_completed(run)


def read(run: Run) -> tuple[Run, Array]:
    """The run, and the filters of its first completed seed, (channels, kernel, kernel, filters)."""
    return run, run.weights[f"seed{run.completed_seeds[0]}/reported/0/weight"]


def draw(runs: Sequence[tuple[Run, Array]]) -> Figure:
    """A picture for each filter: in colour where it has three channels, else one for each channel, below each other."""
    ((run, every),) = runs
    filters = np.moveaxis(every, 3, 0)[:MOST]
    most = float(np.abs(filters).max()) or 1.0
    in_colour = filters.shape[1] == 3
    pictures = np.moveaxis(filters, 1, 3)[:, None] / (2 * most) + 0.5 if in_colour else filters
    down, channels = -(-len(pictures) // ACROSS), pictures.shape[1]
    across = min(len(pictures), ACROSS)
    figure = blank(0.75 * across + 0.9, 0.95 * down * channels + 0.8)
    axes = figure.subplots(down * channels, across, squeeze=False)
    for panel in axes.ravel():
        panel.set_axis_off()
    for number, picture in enumerate(pictures):
        for channel, shown in enumerate(picture):
            panel = axes[number // ACROSS * channels + channel, number % ACROSS]
            image = panel.imshow(shown, cmap=shades(), vmin=-most, vmax=most, interpolation="nearest")
            panel.set_title(f"{number}" if channels == 1 else f"{number}, channel {channel}", fontsize=6)
    if not in_colour:
        figure.colorbar(image, ax=axes, aspect=15).set_label("weight")
    left_out = f", the first {MOST} of {every.shape[3]}" * (every.shape[3] > MOST)
    colours = "\ngrey is 0, a channel is brighter where its weight is greater" * in_colour
    of = f"{run_title(run)}, seed {run.completed_seeds[0]}"
    figure.suptitle(f"first-layer filters of {of}{left_out}{colours}", fontsize=8)
    return figure


KIND = Kind("filters", "run", "the filters of the first convolution", unfit, draw, read)
