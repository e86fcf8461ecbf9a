"""Early stopping."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import choice, integer, number
from regx.core.regularizer import Regularizer, Scores, Site


@dataclass(frozen=True)
class EarlyStopping(Regularizer):
    """Stop when the validation score has not improved for `patience` epochs, and restore the best weights, always.

    An improvement is one by more than `min_delta`. Each network stops by itself. Epoch 0, before training, counts as
    seen. The score is read at evaluated epochs, so with `training.eval_every: k` patience is counted in steps of k.
    For a linear model trained by gradient descent it acts like L2 with lam in proportion to 1/t.

    Elsewhere: Keras' `EarlyStopping(restore_best_weights=True)`, which restores only if training was stopped early.
    """

    kind = "early_stopping"
    source = "Prechelt 1998, Early Stopping - But When?, section 2; Goodfellow et al. 2016, Deep Learning, section 7.8"
    reports = "best validation score, restored by early_stopping"

    patience: Array = integer(20, ge=1, help="epochs without improvement until the network stops")
    min_delta: Array = number(0.0, ge=0, help="the least change that counts as an improvement")
    metric: str = choice("val_loss", ("val_loss", "val_accuracy"), help="the validation score that is watched")

    def unusable(self, task: str, n_val: int) -> str | None:
        if n_val == 0:
            return "it needs a validation split, found none: set dataset.val_fraction or dataset.n_val"
        if task == "regression" and self.metric == "val_accuracy":
            return "a regression has no val_accuracy: set regularizers.early_stopping.metric=val_loss"
        return None

    def begin(self, at: Site, values: Array) -> None:
        at.state["best"] = np.full(len(values), np.inf)
        at.state["best_epoch"] = np.zeros(len(values), dtype=np.int64)
        at.state["best_values"] = values.copy()

    def on_epoch(self, values: Array, scores: Scores, at: Site) -> Array:
        watched = scores.val_loss
        if self.metric == "val_accuracy":
            assert scores.val_accuracy is not None
            watched = -scores.val_accuracy
        state = at.state
        better = watched < state["best"] - self.min_delta
        state["best"] = np.where(better, watched, state["best"])
        state["best_epoch"] = np.where(better, scores.epoch, state["best_epoch"])
        state["best_values"][better] = values[better]
        return scores.epoch - state["best_epoch"] < self.patience

    def on_finish(self, values: Array, at: Site) -> Array:
        values[:] = at.state["best_values"]
        return at.state["best_epoch"]
