"""Named parts of the arena, the one array (R, P) that holds all parameters of a population."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from regx.core.arrays import Array


@dataclass(frozen=True)
class Tensor:
    """A named part of a network's parameters. name: `<layer>/<weight|bias|gain|offset>`, layers from 0.

    is_filters: whether the columns of a weight matrix are the filters of a convolution.
    """

    name: str
    start: int
    shape: tuple[int, ...]
    is_filters: bool = False

    @property
    def stop(self) -> int:
        return self.start + math.prod(self.shape)

    def of(self, values: Array) -> Array:
        """The view of this tensor in an arena: (R, P) -> (R, *shape)."""
        return values[:, self.start : self.stop].reshape(len(values), *self.shape)

    def matrix(self) -> Tensor:
        """The same weight as a matrix (in, out); of a convolution (in·kernel², filters), a filter being a column."""
        columns = math.prod(self.shape[3 if self.is_filters else 1 :])
        return dataclasses.replace(self, shape=((self.stop - self.start) // columns, columns))

    def groups(self, values: Array) -> Array:
        """The weights of a matrix that stand or fall together, a view (R, groups, size).

        Of a convolution a group is a filter, a column; of a dense layer the outgoing weights of a unit, a row.
        """
        weight = self.of(values)
        return weight.swapaxes(1, 2) if self.is_filters else weight

    @property
    def group_size(self) -> int:
        """How many weights such a group has."""
        return self.shape[0 if self.is_filters else 1]
