"""Where networks are asked in order to draw what they have learned: along one feature, or over two."""

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.data.dataset import Dataset


@dataclass(frozen=True)
class Surface:
    """A line over one feature, or a map over two.  axes: the places along each feature, ascending, (side,)."""

    axes: tuple[Array, ...]

    @property
    def is_line(self) -> bool:
        return len(self.axes) == 1

    @property
    def x(self) -> Array:
        """The inputs to predict at, (n, D): a map's row by row, from the least of the second feature on."""
        return np.stack([one.ravel() for one in np.meshgrid(*self.axes)], axis=1)

    @property
    def extent(self) -> tuple[tuple[float, float], ...]:
        """Least and greatest of each feature."""
        return tuple((float(axis[0]), float(axis[-1])) for axis in self.axes)


def surface_over(data: Dataset, line: int, side: int, margin: float = 0.0) -> Surface | None:
    """The surface over the rows of all splits: `line` places of one feature, `side` of each of two; None for more.

    margin: how far beyond the rows it reaches, as a share of their range.
    """
    rows = np.concatenate([data.train.x, data.val.x, data.test.x])
    if rows.shape[1] > 2:
        return None
    low, high = rows.min(axis=0), rows.max(axis=0)
    beyond = margin * (high - low)
    ends = zip(low - beyond, high + beyond, strict=True)
    return Surface(tuple(np.linspace(*between, line if rows.shape[1] == 1 else side) for between in ends))
