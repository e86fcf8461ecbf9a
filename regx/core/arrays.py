"""Shapes shared by everything that computes.

Axis letters: R networks of the population, H features (or units, or outputs) of a layer, B samples of a batch,
P parameters of one network. Hidden values are features first, (R, H, B): the bias is then one more row of ones, and
everything elementwise runs over H*B contiguous numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def over(values: Array, like: Array) -> Array:
    """One value per network, (R,), shaped to broadcast over `like`, (R, ...), in the dtype of `like`.

    The value of a lone network gets no axis: NumPy multiplies by a number in half the time of two short arrays.
    """
    shape = (len(values), *(1,) * (like.ndim - 1)) if len(values) > 1 else ()
    return values.astype(like.dtype, copy=False).reshape(shape)


def squared_norm(values: Array) -> Array:
    """Sum of squares of each network's row: (R, N) -> (R,).

    By BLAS, row by row, so that a row's sum does not depend on how many rows there are.
    """
    return np.asarray(np.matmul(values[:, None, :], values[:, :, None])[:, 0, 0])


def under(prefix: str, named: Mapping[str, Array]) -> dict[str, Array]:
    """The same arrays, each named `<prefix>/<name>`."""
    return {f"{prefix}/{name}": array for name, array in named.items()}


def below(prefix: str, named: Mapping[str, Array]) -> dict[str, Array]:
    """Those of the arrays that are named `<prefix>/<name>`, by `<name>`."""
    start = f"{prefix}/"
    return {name.removeprefix(start): array for name, array in named.items() if name.startswith(start)}
