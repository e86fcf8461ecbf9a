"""Learning-rate schedules: the factor on the learning rate at each epoch."""

import math

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import Declaring, integer, number
from regx.core.regularizer import NO_VALIDATION, Scores


class Schedule(Declaring):
    """Base of all schedules, with a linear warm-up before any of them."""

    warmup: int = integer(0, ge=0, static=True, help="epochs in which the rate rises linearly to its full value")

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor at an epoch, counted from 1, of `epochs`. The schedule begins after the warm-up."""
        if epoch <= self.warmup:
            return epoch / (self.warmup + 1)
        return self.after_warmup(epoch - self.warmup - 1, max(epochs - self.warmup, 1))

    def after_warmup(self, done: int, epochs: int) -> float:
        """The factor when `done` of `epochs` are behind."""
        return 1.0

    def unusable(self, n_val: int) -> str | None:
        """Why it cannot act with a validation split of `n_val` rows, or None if it can."""
        return None

    def begin(self, replicas: int) -> dict[str, Array]:
        """What it remembers of so many networks, which is their first axis; `reduction`, (R,), is a further factor."""
        return {}

    def on_scores(self, scores: Scores, state: dict[str, Array]) -> None:
        """Change what it remembers after an evaluated epoch."""


class Constant(Schedule):
    """The same learning rate throughout."""

    kind = "constant"
    source = "Robbins & Monro 1951, A Stochastic Approximation Method"


class Step(Schedule):
    """The rate times `decay` after every `every` epochs.  PyTorch's StepLR."""

    kind = "step"
    source = "Goodfellow et al. 2016, Deep Learning, section 8.3.1"

    every: int = integer(100, ge=1, static=True, help="epochs between two drops")
    decay: float = number(0.5, gt=0, le=1, static=True, help="factor at each drop")

    def after_warmup(self, done: int, epochs: int) -> float:
        return float(self.decay ** (done // self.every))


def _cosine(done: int, length: int, floor: float) -> float:
    return floor + (1 - floor) * (1 + math.cos(math.pi * done / length)) / 2


class Cosine(Schedule):
    """Half a cosine from the full rate to `floor` times it.  PyTorch's CosineAnnealingLR over all epochs."""

    kind = "cosine"
    source = "Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3"

    floor: float = number(0.0, ge=0, le=1, static=True, help="the least factor")

    def after_warmup(self, done: int, epochs: int) -> float:
        return _cosine(done, epochs, self.floor)


class WarmRestarts(Schedule):
    """Half a cosine from the full rate to `floor` times it, over and over, each `multiplier` times as long as the last.

    PyTorch's CosineAnnealingWarmRestarts, stepped once an epoch: T_0 is period, T_mult is multiplier.
    """

    kind = "warm_restarts"
    source = "Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3"

    period: int = integer(100, ge=1, static=True, help="epochs of the first cosine")
    multiplier: int = integer(2, ge=1, static=True, help="how many times as long each is as the one before")
    floor: float = number(0.0, ge=0, le=1, static=True, help="the least factor")

    def after_warmup(self, done: int, epochs: int) -> float:
        length = self.period
        if self.multiplier == 1:
            done %= length
        while done >= length:
            done -= length
            length *= self.multiplier
        return _cosine(done, length, self.floor)


class ReduceOnPlateau(Schedule):
    """The rate times `decay` whenever the validation loss has not fallen for more than `patience` epochs.

    Each network by itself. A fall is one by more than the share `threshold` of the least loss so far; epoch 0 counts as
    seen, the warm-up does not. The loss is read at evaluated epochs. PyTorch's ReduceLROnPlateau(mode="min"), whose
    min_lr is lr·floor here and whose patience is counted in evaluations.
    """

    kind = "reduce_on_plateau"
    source = "Goodfellow et al. 2016, Deep Learning, section 8.3.1; He et al. 2016, Deep Residual Learning, section 3.4"

    patience: int = integer(10, ge=0, static=True, help="epochs without a fall that are put up with")
    decay: float = number(0.1, gt=0, lt=1, static=True, help="factor at each reduction")
    threshold: float = number(1e-4, ge=0, lt=1, static=True, help="the least share of the loss that counts as a fall")
    floor: float = number(0.0, ge=0, le=1, static=True, help="the least factor")

    def unusable(self, n_val: int) -> str | None:
        return None if n_val else NO_VALIDATION

    def begin(self, replicas: int) -> dict[str, Array]:
        return {
            "reduction": np.ones(replicas),
            "best": np.full(replicas, np.inf),
            "mark_epoch": np.zeros(replicas, dtype=np.int64),
        }

    def on_scores(self, scores: Scores, state: dict[str, Array]) -> None:
        if scores.epoch < self.warmup:
            return
        loss = scores.minimised[0].astype(np.float64)
        fallen = loss < state["best"] * (1 - self.threshold)
        state["best"] = np.where(fallen, loss, state["best"])
        reduced = ~fallen & (scores.epoch - state["mark_epoch"] > self.patience)
        state["mark_epoch"] = np.where(fallen | reduced, scores.epoch, state["mark_epoch"])
        lower = np.maximum(state["reduction"] * self.decay, self.floor)
        state["reduction"] = np.where(reduced, lower, state["reduction"])
