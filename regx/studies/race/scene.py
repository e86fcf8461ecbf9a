"""What networks of one or two features have learned, as a terminal picture: the fitted curve, or the boundary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rich.text import Text

from regx.core.arrays import Array
from regx.data.dataset import Source, Split
from regx.data.redrawn import Generator
from regx.data.surface import Surface, surface_over
from regx.studies.race.canvas import TALL, WIDE, Canvas

CURVE_INPUTS = 64
PLANE_SIDE = 24
FIT, TRUTH, POINT, OTHER_POINT = "bold green", "cyan", "yellow", "magenta"
MOST_POINTS = 60  # of a plane, whose boundary more would hide


@dataclass(frozen=True)
class Scene:
    """Where predictions are wanted, and what is drawn beside them.

    points: the training split. source: the truth, if it is a generator.
    """

    where: Surface
    points: Split
    source: Source

    @property
    def is_curve(self) -> bool:
        return self.where.is_line

    @property
    def inputs(self) -> Array:
        """Where predictions are wanted, (n, D)."""
        return self.where.x

    def width(self, height: int) -> int:
        """The width that fits a height: a plane is as wide as it is high, a curve as wide as there is room."""
        return 10_000 if self.is_curve else height * TALL // WIDE

    def legend(self, ascii: bool) -> str:
        """What the signs mean, in at most 29 characters."""
        truth = f"  {'.' if ascii else '⠂'} truth" if isinstance(self.source, Generator) else ""
        fit, signs = ("fit", "o") if self.is_curve else ("boundary", "o x")
        return f"{'*' if ascii else '⠒'} {fit}{truth}  {signs} data"

    def draw(self, outputs: Array | None, width: int, height: int, ascii: bool = False) -> list[Text]:
        """The picture's rows. outputs: (n,), what is predicted at the inputs; None for nothing yet."""
        canvas = Canvas(width, height, ascii)
        (self._draw_curve if self.is_curve else self._draw_plane)(canvas, outputs)
        return canvas.lines()

    def _draw_curve(self, canvas: Canvas, outputs: Array | None) -> None:
        rows, columns = canvas.dots
        (x,) = self.where.axes
        along = np.linspace(x[0], x[-1], columns)
        truth = self.source.truth(along[:, None])[:, 0] if isinstance(self.source, Generator) else None
        seen = np.concatenate([self.points.y[:, 0], truth if truth is not None else []])
        margin = 0.1 * (seen.max() - seen.min() or 1.0)
        low, high = seen.min() - margin, seen.max() + margin

        def row(y: Array) -> Array:
            return np.asarray(np.round((high - y) / (high - low) * (rows - 1)).clip(-1, rows).astype(int))

        if truth is not None:
            canvas.draw(_line(row(truth), rows) & (np.arange(columns) % 3 == 0), TRUTH, ".")
        if outputs is not None and np.isfinite(outputs).all():
            canvas.draw(_line(row(np.interp(along, x, outputs)), rows), FIT, "*")
        at = np.round((self.points.x[:, 0] - x[0]) / (x[-1] - x[0] or 1.0) * (columns - 1)).astype(int)
        canvas.mark(row(self.points.y[:, 0]), at, POINT, "o")

    def _draw_plane(self, canvas: Canvas, outputs: Array | None) -> None:
        rows, columns = canvas.dots
        (left, right), (bottom, top) = self.where.extent
        x1, x2 = np.linspace(left, right, columns), np.linspace(top, bottom, rows)
        x, y = self.points.x[:MOST_POINTS], self.points.y[:MOST_POINTS, 0]
        at_rows = np.round((top - x[:, 1]) / (top - bottom) * (rows - 1)).astype(int)
        at_columns = np.round((x[:, 0] - left) / (right - left) * (columns - 1)).astype(int)
        for label, style, sign in ((0, OTHER_POINT, "o"), (1, POINT, "x")):
            canvas.mark(at_rows[y == label], at_columns[y == label], style, sign)
        if isinstance(self.source, Generator):
            grid = np.stack(np.meshgrid(x1, x2), axis=-1)
            truth = self.source.truth(grid.reshape(-1, 2)).reshape(rows, columns) > 0.5
            canvas.draw(_edge(truth) & (np.add.outer(np.arange(rows), np.arange(columns)) % 3 == 0), TRUTH, ".")
        if outputs is not None and np.isfinite(outputs).all():
            between = _between(outputs.reshape(PLANE_SIDE, PLANE_SIDE)[::-1], rows, columns)
            canvas.draw(_edge(between > 0.5), FIT, "*")


def scene(source: Source, seeds: Sequence[int]) -> Scene | None:
    """The scene of a regression on one feature or two classes on two; None of anything else, which has no picture.

    The training data shown is that of the first seed.
    """
    data = source.load(seeds[0])
    where = surface_over(data, CURVE_INPUTS, PLANE_SIDE)
    if where is None or not all(high > low for low, high in where.extent):
        return None
    if not isinstance(source, Generator) and any(source.load(seed).features != data.features for seed in seeds):
        return None  # another split of a table may have other categories
    curve = where.is_line and data.task == "regression" and data.train.y.shape[1] == 1
    plane = not where.is_line and data.task == "binary"
    return Scene(where, data.train, source) if curve or plane else None


def _line(at: Array, rows: int) -> Array:
    """Dots, (rows, columns), at the row of each column, (columns,), and between it and the next."""
    after = np.append(at[1:], at[-1])
    # Half of the way to each neighbour, so that a steep line has no holes and no column is drawn twice as thick.
    middle = (at + after) // 2
    before = np.concatenate([at[:1], middle[:-1]])
    low, high = np.minimum(np.minimum(before, middle), at), np.maximum(np.maximum(before, middle), at)
    number = np.arange(rows)[:, None]
    return np.asarray((number >= low) & (number <= high))


def _edge(inside: Array) -> Array:
    """Dots, as `inside`, that lie within and have a neighbour that does not."""
    edge = np.zeros_like(inside)
    edge[:-1] |= inside[:-1] & ~inside[1:]
    edge[1:] |= inside[1:] & ~inside[:-1]
    edge[:, :-1] |= inside[:, :-1] & ~inside[:, 1:]
    edge[:, 1:] |= inside[:, 1:] & ~inside[:, :-1]
    return edge


def _between(values: Array, rows: int, columns: int) -> Array:
    """A square grid of values at (rows, columns) points over the same square, by bilinear interpolation."""
    side = len(values)

    def weights(n: int) -> Array:
        at = np.linspace(0, side - 1, n)[:, None]
        return np.asarray(np.clip(1 - np.abs(at - np.arange(side)), 0, 1))

    return np.asarray(weights(rows) @ values @ weights(columns).T)
