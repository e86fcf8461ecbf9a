"""Means and intervals over seeds: of a metric against the epoch, or of any numbers that every seed has."""

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.evidence.run import Run
from regx.metrics import REGISTRY
from regx.stats.student import critical


@dataclass(frozen=True)
class Curve:
    """One metric over epochs: epoch, mean, low and high, each (n,). low and high are None with one seed.

    together: how many of the epochs, from the first, every seed reached.
    """

    epoch: Array
    mean: Array
    low: Array | None
    high: Array | None
    together: int


def learning_curve(run: Run, metric: str, seed: int | None = None) -> Curve | None:
    """The mean of a column of metrics.csv over the completed seeds, or that of one seed; None where it has no numbers.

    A seed that stopped earlier than others counts with its last value from then on: a mean over those that are left
    would be one over other seeds, and jump where one leaves. An epoch at which a seed has no finite value is left out.
    """
    frame = run.metrics
    seeds = run.completed_seeds if seed is None else [seed]
    if metric not in frame or not seeds:
        return None
    columns = [frame[frame["seed"] == one].set_index("epoch")[metric] for one in seeds]
    epochs = np.unique(np.concatenate([column.index.to_numpy() for column in columns]))
    values = np.stack([column.reindex(epochs, method="ffill").to_numpy(dtype=np.float64) for column in columns])
    known = np.isfinite(values).all(axis=0)
    epochs, values = epochs[known], values[:, known]
    if not len(epochs):
        return None
    together = np.searchsorted(epochs, min(column.index.max() for column in columns), side="right")
    mean, low, high = mean_and_interval(values)
    reach = REGISTRY[metric]
    if low is not None and reach.low is not None:
        low = low.clip(min=reach.low)
    if high is not None and reach.high is not None:
        high = high.clip(max=reach.high)
    return Curve(epochs, mean, low, high, int(together))


def mean_and_interval(values: Array) -> tuple[Array, Array | None, Array | None]:
    """The mean over seeds, and the ends of its 95 % Student-t interval, mean ± t(S - 1)·s/√S; None with one seed.

    values: (S, n), finite. Each of the three: (n,).
    """
    mean, n = values.mean(axis=0), len(values)
    if n == 1:
        return mean, None, None
    half = critical(n - 1) * values.std(axis=0, ddof=1) / np.sqrt(n)
    return mean, mean - half, mean + half
