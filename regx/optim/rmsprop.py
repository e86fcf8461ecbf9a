"""RMSprop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array, over
from regx.core.parameters import number
from regx.optim.optimizer import Optimizer


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """w <- w - lr·gradient / (√v + eps), where v <- alpha·v + (1 - alpha)·gradient².  The convention of PyTorch."""

    kind = "rmsprop"
    source = "Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5"

    alpha: Array = number(0.99, ge=0, lt=1, help="share of the last mean square that is kept")
    eps: Array = number(1e-8, gt=0, help="added to the root mean square")

    def slots(self) -> int:
        return 1

    def step(
        self, values: Array, gradient: Array, memory: list[Array], scratch: Array, lr: Array, step: int, is_weight: Array
    ) -> None:
        (square,) = memory
        alpha = over(self.alpha, values)
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - alpha
        square *= alpha
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += over(self.eps, values)
        np.divide(gradient, scratch, out=scratch)
        scratch *= lr
        values -= scratch
