"""What dropout and its kin share: random masks whose expectation is exactly 1."""

from typing import Any

import numpy as np

from regx.core import loops
from regx.core.arrays import Array
from regx.core.kernels import kernel_of_size
from regx.core.streams import LEVELS


def drop(h: Array, bits: Array, least: Array, scale: Array) -> Array:
    """Multiply h, (R, H, B), by a random mask, which is returned: `scale` where `bits` reach `least`, else 0."""
    fused = kernel_of_size(loops.drop, h.dtype, len(h), h[0].size)
    if fused and h[0].flags.c_contiguous and bits[0].flags.c_contiguous:
        mask = np.empty(h.shape, h.dtype)
        fused(least, scale, mask, h, bits)
    else:
        mask = (bits >= least) * scale
        h *= mask
    return mask


def thresholds(p: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """What random 16-bit integers must reach to be kept, and the factor of what is kept; both (*p.shape, 1, 1).

    p: probabilities to drop, rounded here to multiples of 2^-16 below 1. The factor is 1/(1 - p) of the rounded one.
    """
    drop = np.minimum(np.rint(p[..., None, None].astype(np.float64) * LEVELS), LEVELS - 1)
    return drop.astype(np.uint16), (LEVELS / (LEVELS - drop)).astype(dtype)
