"""Learning curves for the page, at few enough epochs."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array
from regx.evidence.curves import Curve, learning_curve
from regx.evidence.run import Run

SPLITS = ("train", "val", "test")


def thinned_curve(run: Run, metric: str, points: int, seed: int | None = None) -> Curve | None:
    """`evidence.curves.learning_curve` at no more than about `points` epochs."""
    curve = learning_curve(run, metric, seed)
    if curve is None:
        return None
    at = thin(curve.epoch, points)
    low, high = (end[at] if end is not None else None for end in (curve.low, curve.high))
    return Curve(curve.epoch[at], curve.mean[at], low, high, int((at < curve.together).sum()))


def thin(epochs: Array, points: int) -> Array:
    """Indices of at most `points` epochs, (n,) ascending: half of them evenly spaced, half by their logarithm.

    The first and the last are always among them. Most happens early, so even spacing alone would hide it.
    """
    if len(epochs) <= points:
        return np.arange(len(epochs))
    half = max(points // 2, 2)
    even = np.linspace(0, len(epochs) - 1, half)
    early = np.geomspace(1, len(epochs), half) - 1
    return np.unique(np.round(np.concatenate([even, early])).astype(int))
