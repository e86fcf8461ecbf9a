"""What penalties share: the slope of a square, and proximal steps after an update, in the metric of the optimizer."""

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, norms_along
from regx.core.kernels import kernel_of_size

# Newton's steps for the norm of a shrunk group. They begin where ‖u/(s + d·lam)‖² is at most the number of its weights.
STEPS = 6


def shrink(values: Array, thresholds: Array) -> None:
    """sign(w)·max(|w| - threshold, 0) in place, both (R, P)."""
    if fused := kernel_of_size(loops.shrink, values.dtype, *values.shape):
        return fused(values, thresholds)
    # w - clip(w, -t, t) is soft thresholding, and w - w is an exact zero.
    values -= np.clip(values, -thresholds, thresholds)
    return None


def add_slope(gradient: Array, lam: Array, values: Array, scratch: Array) -> None:
    """Add lam·w, the slope of lam/2·w², to the gradient; all (R, P)."""
    if fused := kernel_of_size(loops.add_product, values.dtype, *values.shape):
        return fused(gradient, lam, values)
    gradient += np.multiply(lam, values, out=scratch)
    return None


def shrink_groups(groups: Array, thresholds: Array) -> None:
    """Each row u of groups, (R, G, K), becomes the w that minimises Σ (w - u)²/2d + lam·‖w‖, in place.

    thresholds: d·lam, (R, 1, 1) where all weights have one step d, then w is u·max(1 - d·lam/‖u‖, 0); else (R, G, K).
    """
    if thresholds.shape[1:] == (1, 1):
        norms = norms_along(groups, axis=2)
        # Where the norm does not exceed the threshold, 1 - 1 is an exact zero.
        groups *= 1 - np.divide(thresholds, norms, out=np.ones_like(norms), where=norms > thresholds)
        return
    # w is u·s/(s + d·lam) with s its norm, so s solves ‖u/(s + d·lam)‖ = 1; where that norm is at most 1 at s = 0, w is
    # 0. Its inverse is concave in s and nearly straight: Newton's steps come from below and do not pass the solution
    # (Moré & Sorensen 1983, Computing a Trust Region Step, section 3).
    ones = np.ones((groups.shape[2], 1), groups.dtype)
    reach = np.divide(groups, thresholds, out=np.zeros_like(groups), where=groups != 0)
    alive = np.matmul(np.square(reach, out=reach), ones) > 1
    size = np.abs(groups)
    s = np.maximum(
        (size - thresholds).max(axis=2, keepdims=True),
        norms_along(groups, axis=2) - thresholds.max(axis=2, keepdims=True),
    )
    np.maximum(s, 0, out=s)
    for _ in range(STEPS):
        denominator = s + thresholds
        share = np.square(np.divide(size, denominator, out=np.zeros_like(size), where=denominator > 0))
        squared = np.matmul(share, ones)
        slope = np.matmul(np.divide(share, denominator, out=share, where=denominator > 0), ones)
        s += np.divide(squared * (np.sqrt(squared) - 1), slope, out=np.zeros_like(s), where=alive)
    groups *= np.divide(s, s + thresholds, out=np.zeros_like(groups), where=alive)
