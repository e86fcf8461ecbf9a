"""The heat map of a sweep over two axes: the loss of each cell as a shade and a number, the chosen one marked."""

from collections.abc import Sequence

import numpy as np

from regx.figures.kind import Kind
from regx.figures.labels import words
from regx.figures.parts import blank, legend_below, star
from regx.figures.scale import shown
from regx.figures.style import COLUMN, WIDE, Axes, Figure
from regx.figures.validation_curve import AlongAxis, chosen_text, drawn_axes, read, title
from regx.studies.sweep.result import Sweep

MOST_NUMBERS = 8  # cells side by side that have room for a number each
SPAN = 30  # losses that span more than this factor are shaded by their logarithm


def unfit(sweep: Sweep) -> str | None:
    if len(drawn_axes(sweep)) < 2:
        return "it has no two axes of several values"
    return None if any(cell.known for cell in sweep.cells) else "none of its runs can be read"


def draw(sweeps: Sequence[AlongAxis]) -> Figure:
    (one,) = sweeps
    across, down = len(one.scale.values), len(one.lines)
    splits = dict.fromkeys([one.chosen_by, "test"])
    figure = blank(WIDE if len(splits) > 1 else COLUMN, 1.3 + 0.24 * down)
    axes = figure.subplots(1, len(splits), squeeze=False, sharey=True)[0].tolist()
    for split, panel in zip(splits, axes, strict=True):
        losses = one.losses[split][0]
        _cells(panel, one, split)
        if one.chosen is not None and split == one.chosen_by:
            row, column = one.chosen
            mark = star(panel, column + 0.33, row + 0.25, chosen_text(one), 7)
        if np.isfinite(losses).any() and across <= MOST_NUMBERS:
            middle = sum(panel.images[0].get_clim()) / 2
            for (row, column), loss in np.ndenumerate(losses):
                if np.isfinite(loss):
                    colour = "black" if panel.images[0].norm(loss) > panel.images[0].norm(middle) else "white"
                    panel.text(column, row, f"{loss:.3g}", ha="center", va="center", fontsize="small", color=colour)
        panel.label_outer()
    if one.chosen is not None:
        legend_below(figure, [mark])
    figure.suptitle(title(one), fontsize="medium")
    return figure


def _cells(panel: Axes, one: AlongAxis, split: str) -> None:
    losses = one.losses[split][0]
    known = losses[np.isfinite(losses) & (losses > 0)]
    log = len(known) == np.isfinite(losses).sum() > 0 and known.max() > SPAN * known.min()
    shaded = panel.imshow(losses, aspect="auto", origin="lower", cmap="cividis", norm="log" if log else "linear")
    panel.set_xticks(range(len(one.scale.values)), [shown(value) for value in one.scale.values], rotation=90)
    panel.set_yticks(range(len(one.lines)), [shown(value) for value in one.lines])
    panel.set(title=split, xlabel=words(one.key), ylabel=words(one.second))
    assert panel.figure is not None
    panel.figure.colorbar(shaded, ax=panel).set_label(one.label.replace(": ", ":\n"))


KIND = Kind("heat_map", "sweep", "loss of each cell of a sweep over two axes, the chosen one marked", unfit, draw, read)
