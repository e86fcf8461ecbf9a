"""Activations: each computes its output and, for training, its slope.

The slope is put aside during the forward pass because what follows (a regularizer) may write into the output.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from regx.core.arrays import Array

# (z, out, slope): z may be overwritten, out may be z itself. slope is None at evaluation.
Activation = Callable[[Array, Array, Array | None], None]

LEAK = 0.01


def relu(z: Array, out: Array, slope: Array | None) -> None:
    """max(z, 0); the slope at 0 is 0."""
    # Against an array of zeros: NumPy's loop for maximum with one number is five times slower.
    zeros = _zeros(z.shape, z.dtype)
    if slope is not None:
        np.greater(z, zeros, out=slope)
    np.maximum(z, zeros, out=out)


@functools.lru_cache(maxsize=32)
def _zeros(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    zeros = np.zeros(shape, dtype)
    zeros.flags.writeable = False
    return zeros


def leaky_relu(z: Array, out: Array, slope: Array | None) -> None:
    """z where z > 0, else 0.01·z.  Maas et al. 2013."""
    scale = np.where(z > 0, z.dtype.type(1), z.dtype.type(LEAK))
    if slope is not None:
        slope[:] = scale
    np.multiply(z, scale, out=out)


def tanh(z: Array, out: Array, slope: Array | None) -> None:
    """tanh z."""
    np.tanh(z, out=out)
    if slope is not None:
        np.multiply(out, out, out=slope)
        np.subtract(1, slope, out=slope)


def logistic(z: Array) -> Array:
    """1 / (1 + exp(-z)), without overflow: exp is taken of -|z| only."""
    e = np.exp(-np.abs(z))
    return np.asarray(np.where(z >= 0, 1, e) / (1 + e))


def sigmoid(z: Array, out: Array, slope: Array | None) -> None:
    """1 / (1 + exp(-z))."""
    out[...] = logistic(z)
    if slope is not None:
        np.subtract(1, out, out=slope)
        slope *= out


def gelu(z: Array, out: Array, slope: Array | None) -> None:
    """z·Φ(z) with the exact normal distribution function Φ.  Hendrycks & Gimpel 2016."""
    from scipy.special import ndtr

    cdf = ndtr(z)
    if slope is not None:
        density = np.exp(z * z / -2) / z.dtype.type(math.sqrt(2 * math.pi))
        np.multiply(z, density, out=slope)
        slope += cdf
    np.multiply(z, cdf, out=out)


def silu(z: Array, out: Array, slope: Array | None) -> None:
    """z·sigmoid(z), also called swish.  Elfwing et al. 2018."""
    s = logistic(z)
    if slope is not None:
        np.multiply(z, 1 - s, out=slope)
        slope += 1
        slope *= s
    np.multiply(z, s, out=out)


RISING = ("relu", "leaky_relu")  # of which the greatest of some values is that of the greatest
ACTIVATIONS: dict[str, Activation] = {
    function.__name__: function for function in (relu, leaky_relu, tanh, sigmoid, gelu, silu)
}


def slope_dtype(activation: str, dtype: np.dtype[Any]) -> np.dtype[Any]:
    """A step's slope is 0 or 1 and is kept as bool, a quarter of the memory traffic."""
    return np.dtype(bool) if activation == "relu" else dtype
