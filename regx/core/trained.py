"""What training leaves of one network: the type that the engine returns and the store writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from regx.core.arrays import Array

# The columns of metrics.csv after `seed`, in order. The accuracies exist for classification only.
METRICS = (
    "epoch", "train_loss", "val_loss", "test_loss", "objective", "penalty", "weight_norm", "zero_fraction", "lr",
)  # fmt: skip
ACCURACIES = ("train_accuracy", "val_accuracy", "test_accuracy")

# What a run's summary says beside the metrics; calibration, Brier score and accuracies for classification only. The
# trivial predictor answers the mean, or the shares of the classes, of the training split.
DIAGNOSTICS = (
    "initial_mean_absolute_weight", "mean_absolute_weight", "first_layer_gradient_norm", "dead_units",
    "seconds_per_epoch", "test_calibration_error", "test_brier_score",
    "trivial_train_loss", "trivial_val_loss", "trivial_test_loss",
    "trivial_train_accuracy", "trivial_val_accuracy", "trivial_test_accuracy",
)  # fmt: skip


@dataclass(frozen=True)
class Divergence:
    """Where a network stopped being finite: the epoch, and the first tensor that broke (`2/weight`, `loss`)."""

    epoch: int
    tensor: str


@dataclass(frozen=True)
class Trained:
    """One network after training.

    metrics: a column each of METRICS (and ACCURACIES for classification), (rows,), one row per evaluated epoch from
    epoch 0 on; what does not exist is NaN (the objective at epoch 0, the losses of an empty validation split).
    reported_epoch: the epoch that the network is judged by; `reported_because` says why that one.
    reported: every metric of the reported weights; those of their epoch, but for averaged weights, which have none.
    diagnostics: those of DIAGNOSTICS that there are, of the reported weights; the gradient is the last step's.
    weights: arrays by `<init|reported|final>/<layer>/<weight|bias|gain|offset>`, layers from 0, weights (in, out).
    seconds: its share of the population's time.
    snapshots: the parameters in training by epoch, then by `<layer>/<tensor>`, where the config asks for some.
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
