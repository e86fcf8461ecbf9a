"""What training leaves of one network: the type that the engine returns and the store writes."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

import numpy as np

from regx.core.arrays import Array, below


@dataclass(frozen=True)
class Divergence:
    """Where a network stopped being finite: the epoch, and the first tensor that broke (`2/weight`, `loss`)."""

    epoch: int
    tensor: str


@dataclass(frozen=True)
class Trained:
    """One network after training.

    metrics: each column of metrics.csv, (rows,), one row per evaluated epoch from epoch 0 on; what does not exist is
    NaN (the objective at epoch 0, the losses of an empty validation split).
    reported_epoch: the epoch that the network is judged by; `reported_because` says why that one.
    reported: every metric of the reported weights; those of their epoch, but for averaged weights, which have none.
    diagnostics: what else is kept of the reported network: the metrics that are no columns, what the trivial predictor
    scores (always the mean, or the shares of the classes, of the training split), initial weights, time per epoch.
    weights: arrays by `<init|reported|final>/<layer>/<weight|bias|gain|offset>`, layers from 0, weights (in, out).
    seconds: its share of the population's time.
    snapshots: the parameters in training by epoch, then by `<layer>/<tensor>`, where the config asks for some.
    preparation: what new rows of a table go through before this network sees them, as plain data; None without a table.
    """

    seed: int
    status: Literal["completed", "diverged"]
    metrics: dict[str, Array]
    reported_epoch: int
    reported_because: str
    reported: dict[str, float]
    diagnostics: dict[str, float]
    weights: dict[str, Array]
    seconds: float
    divergence: Divergence | None = None
    snapshots: dict[int, dict[str, Array]] = field(default_factory=dict)
    preparation: dict[str, Any] | None = None

    def stage(self, name: str) -> dict[str, Array]:
        """The weights of `init`, `reported` or `final`, by `<layer>/<tensor>`."""
        return below(name, self.weights)

    def slim(self) -> Self:
        """Without weights and snapshots, and of the metrics only the row of the least validation loss and the last."""
        losses = self.metrics["val_loss"]
        best = int(np.where(np.isfinite(losses), losses, np.inf).argmin())
        kept = {name: column[[best, -1]] for name, column in self.metrics.items()}
        return replace(self, metrics=kept, weights={}, snapshots={})
