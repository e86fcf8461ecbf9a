"""What figures are made of: panels, bands, marks and legends."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.figures.style import COLUMN, SETTINGS, STYLES, WIDE, Artist, Axes, Figure, Look
from regx.stats.aggregate import Interval


def blank(width: float, height: float) -> Figure:
    """A figure of this size, in inches, without panels."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def panels(n: int, height: float = 2.0, **shared: Any) -> tuple[Figure, list[Axes]]:
    """A figure with n panels, in rows of at most three. height: of a row, in inches."""
    across = 2 if n == 4 else min(n, 3)
    down = -(-n // across)
    figure = blank(COLUMN if across == 1 else WIDE, down * height + 0.2)
    axes = figure.subplots(down, across, squeeze=False, **shared).ravel().tolist()
    for unused in axes[n:]:
        unused.remove()
    return figure, axes[:n]


def pairs(figure: Figure, n: int, across: int, ratio: float, **shared: Any) -> list[tuple[Axes, Axes]]:
    """n panels, each with another below it, that is a `ratio` lower; the first pair of each row is the leftmost."""
    down = -(-n // across)
    axes = figure.subplots(2 * down, across, squeeze=False, height_ratios=[ratio, 1] * down, **shared)
    every = [(above, below) for row in range(down) for above, below in axes[2 * row : 2 * row + 2].T]
    for unused in every[n:]:
        for panel in unused:
            panel.set_visible(False)
    return every[:n]


def band(
    panel: Axes, x: Any, low: Array, high: Array, colour: str, alpha: float = 0.2, label: str = "interval"
) -> Artist:
    """What lies between the ends of intervals, (n,) each."""
    return panel.fill_between(x, low, high, color=colour, alpha=alpha, linewidth=0, label=label)


def star(panel: Axes, x: float, y: float, label: str, size: float = 10) -> Artist:
    """Marks the best or what is chosen."""
    (mark,) = panel.plot(
        [x], [y], marker="*", markersize=size, color="white", markeredgecolor="black", linestyle="none", label=label,
        zorder=5,
    )  # fmt: skip
    return mark


def area_key(label: str, **look: Any) -> Artist:
    """An entry of a legend: what an area means."""
    from matplotlib.patches import Patch

    return Patch(label=label, **look)


def line_key(label: str, **look: Any) -> Artist:
    """An entry of a legend: what a line or a marker means."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, **look)


def copied(artist: Artist, label: str = "") -> Artist:
    """An entry of a legend that looks like a line or a marker of a panel."""
    copy = line_key(label)
    copy.update_from(artist)
    copy.set_label(label)
    return copy


def ends(intervals: Iterable[Interval]) -> Array:
    """Mean, low and high of n intervals, (3, n), NaN where one has none."""
    return np.array([[one["mean"], one["low"], one["high"]] for one in intervals], float).T


def loss_scale(axes: Axes, means: Sequence[float]) -> None:
    """A logarithmic scale where losses span more than a factor of 30, and limits that show the means: bands are cut."""
    known = [mean for mean in means if math.isfinite(mean)]
    if not known:
        return
    low, high = min(known), max(known)
    if low > 0 and high > 30 * low:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.6, high * 1.6)
    else:
        room = 0.35 * ((high - low) or abs(high) or 1.0)
        axes.set_ylim(max(low - room, 0.0) if low >= 0 else low - room, high + room)


def legend_below(figure: Figure, handles: Sequence[Artist]) -> None:
    """One legend for all panels, below them, in as many columns as have room."""
    width, most = figure.get_figwidth(), min(len(handles), 4)
    columns = next(n for n in range(most, 0, -1) if n == 1 or _legend_width(handles, n) <= width)
    figure.set_figheight(figure.get_figheight() + _legend_height(len(handles), columns))  # takes no panel's room
    figure.legend(handles=list(handles), loc="outside lower center", ncols=columns)


def _legend_height(handles: int, columns: int) -> float:
    """In inches, of a legend below the panels."""
    import matplotlib

    return float(matplotlib.rcParams["legend.fontsize"]) * 0.024 * -(-handles // columns) + 0.1


def _legend_width(handles: Sequence[Artist], columns: int) -> float:
    """About how wide a legend is, in inches. matplotlib fills it column by column, the first ones being the longest."""
    down, longer = divmod(len(handles), columns)
    sizes = [down + (column < longer) for column in range(columns)]
    starts = [sum(sizes[:column]) for column in range(columns)]
    longest = [
        max(len(str(one.get_label())) for one in handles[start : start + size])
        for start, size in zip(starts, sizes, strict=True)
    ]
    import matplotlib

    larger = float(matplotlib.rcParams["legend.fontsize"]) / SETTINGS["legend.fontsize"]
    return float(larger * sum(0.052 * letters + 0.5 for letters in longest))


def sized(figure: Figure, look: Look) -> Figure:
    """The figure in its size, the legend in as many columns as that has room for."""
    grown = STYLES[look.style] ** 0.5  # less than its letters have, which is what makes them larger
    width, height = look.width or figure.get_figwidth() * grown, figure.get_figheight() * grown
    figure.set_size_inches(width, height)
    for legend in list(figure.legends):
        handles = [handle for handle in legend.legend_handles if handle is not None]
        for handle, text in zip(handles, legend.get_texts(), strict=True):
            handle.set_label(text.get_text())
        figure.set_figheight(height - _legend_height(len(handles), legend._ncols))  # type: ignore[attr-defined]
        legend.remove()
        legend_below(figure, handles)
    figure.set_figheight(look.height or figure.get_figheight())
    return figure
