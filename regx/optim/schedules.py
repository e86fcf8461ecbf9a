"""Learning-rate schedules: the factor on the learning rate at each epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from regx.core.parameters import integer, number


@dataclass(frozen=True)
class Schedule:
    """Base of all schedules, with a linear warm-up before any of them."""

    kind: ClassVar[str]
    source: ClassVar[str]

    warmup: int = integer(0, ge=0, static=True, help="epochs in which the rate rises linearly to its full value")

    def factor(self, epoch: int, epochs: int) -> float:
        """The factor at an epoch, counted from 1, of `epochs`. The schedule begins after the warm-up."""
        if epoch <= self.warmup:
            return epoch / (self.warmup + 1)
        return self.after_warmup(epoch - self.warmup - 1, max(epochs - self.warmup, 1))

    def after_warmup(self, done: int, epochs: int) -> float:
        """The factor when `done` of `epochs` are behind."""
        raise NotImplementedError


@dataclass(frozen=True)
class Constant(Schedule):
    """The same learning rate throughout."""

    kind = "constant"
    source = "Robbins & Monro 1951, A Stochastic Approximation Method"

    def after_warmup(self, done: int, epochs: int) -> float:
        return 1.0


@dataclass(frozen=True)
class Step(Schedule):
    """The rate times `decay` after every `every` epochs.  PyTorch's StepLR."""

    kind = "step"
    source = "Goodfellow et al. 2016, Deep Learning, section 8.3.1"

    every: int = integer(100, ge=1, static=True, help="epochs between two drops")
    decay: float = number(0.5, gt=0, le=1, static=True, help="factor at each drop")

    def after_warmup(self, done: int, epochs: int) -> float:
        return float(self.decay ** (done // self.every))


@dataclass(frozen=True)
class Cosine(Schedule):
    """Half a cosine from the full rate to `floor` times it.  PyTorch's CosineAnnealingLR over all epochs."""

    kind = "cosine"
    source = "Loshchilov & Hutter 2017, SGDR: Stochastic Gradient Descent with Warm Restarts, section 3"

    floor: float = number(0.0, ge=0, le=1, static=True, help="the least factor")

    def after_warmup(self, done: int, epochs: int) -> float:
        return self.floor + (1 - self.floor) * (1 + math.cos(math.pi * done / epochs)) / 2
