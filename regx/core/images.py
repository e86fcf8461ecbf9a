"""What is known of images as a network sees them: their shape, and how pixels were standardised."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from regx.core.arrays import Array


@dataclass(frozen=True)
class Images:
    """Images of one shape, each a row of C·H·W numbers, channel by channel, row by row.

    shape: (C, H, W). A network sees (pixel - mean)/deviation, with those of each channel in the training split; pixels
    lie between `lowest`, 0 unless there are negative ones, and 1.
    """

    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    lowest: float = 0.0

    def pixels(self, x: Array) -> Array:
        """Rows as a network sees them, (n, C·H·W), as pixels, (n, C, H, W)."""
        seen = np.asarray(x, np.float64).reshape(len(x), *self.shape)
        mean, deviation = (np.array(each)[:, None, None] for each in (self.mean, self.deviation))
        return np.asarray(seen * deviation + mean)


@dataclass(frozen=True)
class SeenImages:
    """The images of a population: one shape, and of each network how its pixels were standardised.

    mean, deviation: (R, C). lowest: (R, 1).
    """

    shape: tuple[int, int, int]
    mean: Array
    deviation: Array
    lowest: Array

    @classmethod
    def of_networks(cls, each: Sequence[Images], dtype: np.dtype[Any]) -> Self:
        """Of each network's images."""
        of_all = ([one.mean for one in each], [one.deviation for one in each], [[one.lowest] for one in each])
        return cls(each[0].shape, *(np.array(values, dtype) for values in of_all))

    def number(self, pixel: float | Array) -> Array:
        """What a network sees of a pixel's value, for each channel: (R, C)."""
        return np.asarray((pixel - self.mean) / self.deviation)
