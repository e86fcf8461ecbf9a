"""Learning curves for the page: means and intervals over seeds, at few enough epochs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.store.run import StoredRun

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Curve:
    """One metric over epochs: epoch, mean, low and high, each (n,). low and high are None with one seed."""

    epoch: Array
    mean: Array
    low: Array | None
    high: Array | None


def completed_seeds(run: StoredRun) -> list[int]:
    """The seeds that reached their end; those that diverged have no curve to average."""
    return [seed for seed in run.seeds if run.summary["seeds"][str(seed)]["status"] == "completed"]


def learning_curve(run: StoredRun, metric: str, points: int, seed: int | None = None) -> Curve | None:
    """The mean of a column of metrics.csv over the completed seeds, or that of one seed; None where it has no numbers.

    A seed that stopped earlier than others counts with its last value from then on: a mean over those that are left
    would be one over other seeds.
    """
    from scipy.special import stdtrit

    frame = run.metrics
    if metric not in frame:
        return None
    seeds = completed_seeds(run) if seed is None else [seed]
    columns = [frame[frame["seed"] == one].set_index("epoch")[metric] for one in seeds]
    if not columns:
        return None
    epochs = np.unique(np.concatenate([column.index.to_numpy() for column in columns]))
    values = np.stack([column.reindex(epochs, method="ffill").to_numpy(dtype=np.float64) for column in columns])
    known = np.isfinite(values).all(axis=0)
    epochs, values = epochs[known], values[:, known]
    if not len(epochs):
        return None
    chosen = thin(epochs, points)
    epochs, values = epochs[chosen], values[:, chosen]
    mean, n = values.mean(axis=0), len(values)
    if n == 1:
        return Curve(epochs, mean, None, None)
    half = float(stdtrit(n - 1, 0.975)) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return Curve(epochs, mean, mean - half, mean + half)


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
