"""Learning curves for the page, at few enough epochs."""

from collections.abc import Mapping

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


def caption(curves: Mapping[str, Mapping[str, Mapping[str, Curve]]]) -> str:
    """What is drawn, and where the curves of a few runs end. curves: by what the run is called, metric and split."""
    said = []
    for called, metrics in list(curves.items())[:3]:
        splits = metrics.get("loss", {})
        if "train" in splits and "test" in splits:
            train, test = splits["train"], splits["test"]
            least = int(test.mean.argmin())
            said.append(
                f"{called} ends at train loss {train.mean[-1]:.3g} and test loss "
                f"{test.mean[-1]:.3g}, least {test.mean[least]:.3g} at epoch {test.epoch[least]:,}"
            )
    each = [curve for metrics in curves.values() for splits in metrics.values() for curve in splits.values()]
    band = ", with the 95 % interval as a band" * any(curve.low is not None for curve in each)
    return (
        f"Mean loss over seeds at each epoch{band}. A seed that stopped early counts with its last value from then on; "
        "diverged seeds are left out."
    ) + (f" {'; '.join(said)}." if said else "")


def start_least_last(curve: Curve, metric: str) -> list[str]:
    """The mean before training, at its best epoch and at the last."""
    best = int(curve.mean.argmin() if metric == "loss" else curve.mean.argmax())
    return [
        f"{curve.mean[0]:.3g}",
        f"{curve.mean[best]:.3g} at epoch {curve.epoch[best]:,}",
        f"{curve.mean[-1]:.3g} at epoch {curve.epoch[-1]:,}",
    ]
