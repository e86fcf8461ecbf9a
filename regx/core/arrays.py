"""Shapes shared by everything that computes.

Axis letters: R networks of the population, H features (or units, or outputs) of a layer, B samples of a batch,
P parameters of one network. Hidden values are features first, (R, H, B): the bias is then one more row of ones, and
everything elementwise runs over H*B contiguous numbers.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pandas import DataFrame as DataFrame
else:  # a name for annotations alone, since pandas takes a second to load
    DataFrame = Any

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]  # NDArray[Any], without the import of numpy.typing


@dataclass(frozen=True)
class Tensor:
    """A named part of a network's parameters, and so of the arena, the array (R, P) that holds those of a population.

    name: `<layer>/<weight|bias|gain|offset>`, layers from 0.
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


def over(values: Array, like: Array) -> Array:
    """One value per network, (R,), shaped to broadcast over `like`, (R, ...), in the dtype of `like`.

    The value of a lone network gets no axis: NumPy multiplies by a number in half the time of two short arrays.
    """
    shape = (len(values), *(1,) * (like.ndim - 1)) if len(values) > 1 else ()
    return values.astype(like.dtype, copy=False).reshape(shape)


def is_whole(values: Array, dtype: np.dtype[Any]) -> bool:
    """Whether these are numbers of that precision, one behind the other."""
    return values.dtype == dtype and bool(values.flags.c_contiguous)


def norms(values: Array) -> Array:
    """The root of the sum of squares of each network's row: (R, N) -> (R,), also where squares overflow or vanish.

    By BLAS, row by row, so that a row's sum does not depend on how many rows there are.
    """
    squared = np.matmul(values[:, None, :], values[:, :, None])[:, 0, 0]
    found = np.sqrt(squared)
    limits = np.finfo(values.dtype)
    safe = (squared > limits.tiny / limits.eps) & (squared < np.inf)
    for row in [] if safe.all() else np.flatnonzero(~safe).tolist():
        scale = np.abs(values[row]).max(initial=0)
        if 0 < scale < np.inf:
            scaled = values[row] / scale
            found[row] = scale * np.sqrt(scaled @ scaled)
    return np.asarray(found)


def norms_along(values: Array, axis: int) -> Array:
    """The norms of the matrices (R, n, m) along their axis 1 or 2, which stays with length 1; as safe as `norms`."""
    scale = np.abs(values).max(axis=axis, keepdims=True, initial=0)
    safe = np.divide(values, scale, out=np.zeros_like(values), where=scale > 0)
    np.square(safe, out=safe)
    ones = np.ones((1, values.shape[1]) if axis == 1 else (values.shape[2], 1), values.dtype)
    return np.asarray(scale * np.sqrt(np.matmul(ones, safe) if axis == 1 else np.matmul(safe, ones)))


def under(prefix: str, named: Mapping[str, Array]) -> dict[str, Array]:
    """The same arrays, each named `<prefix>/<name>`."""
    return {f"{prefix}/{name}": array for name, array in named.items()}


def below(prefix: str, named: Mapping[str, Array]) -> dict[str, Array]:
    """Those of the arrays that are named `<prefix>/<name>`, by `<name>`."""
    start = f"{prefix}/"
    return {name.removeprefix(start): array for name, array in named.items() if name.startswith(start)}
