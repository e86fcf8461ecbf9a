"""What dropout and its kin share: random masks whose expectation is exactly 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import LEVELS


def thresholds(p: Array, dtype: np.dtype[Any]) -> tuple[Array, Array]:
    """What random 16-bit integers must reach to be kept, and the factor of what is kept; both (*p.shape, 1, 1).

    p: probabilities to drop, rounded here to multiples of 2^-16 below 1. The factor is 1/(1 - p) of the rounded one.
    """
    drop = np.minimum(np.rint(p[..., None, None].astype(np.float64) * LEVELS), LEVELS - 1)
    return drop.astype(np.uint16), (LEVELS / (LEVELS - drop)).astype(dtype)
