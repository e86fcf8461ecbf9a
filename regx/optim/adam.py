"""Adam and AdamW."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array, over
from regx.core.parameters import number
from regx.optim.optimizer import Optimizer


@dataclass(frozen=True)
class Adam(Optimizer):
    """w <- w - lr·m̂ / (√v̂ + eps), with m̂ and v̂ the bias-corrected means of gradient and squared gradient.

    An `l2` in the stack enters the gradient and is rescaled with it; for decay that is not, use `adamw`.
    """

    kind = "adam"
    source = "Kingma & Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1"

    lr: Array = number(0.001, gt=0, help="learning rate, before the schedule")
    beta1: Array = number(0.9, ge=0, lt=1, help="share of the last mean gradient that is kept")
    beta2: Array = number(0.999, ge=0, lt=1, help="share of the last mean squared gradient that is kept")
    eps: Array = number(1e-8, gt=0, help="added to the root mean square")

    def slots(self) -> int:
        return 2

    def step(
        self, values: Array, gradient: Array, memory: list[Array], scratch: Array, lr: Array, step: int, is_weight: Array
    ) -> None:
        # The means are kept divided by (1 - beta), which saves a pass over the parameters for each of them; the constant
        # goes into the step size, and for the square into eps as well.
        mean, square = memory
        beta1, beta2 = over(self.beta1, values), over(self.beta2, values)
        wide1, wide2 = self.beta1.astype(np.float64), self.beta2.astype(np.float64)
        root = np.sqrt((1 - wide2) / (1 - wide2**step))
        size = (1 - wide1) / (1 - wide1**step) / root
        mean *= beta1
        mean += gradient
        square *= beta2
        square += np.multiply(gradient, gradient, out=scratch)
        np.sqrt(square, out=scratch)
        scratch += over(self.eps / root, values)
        np.divide(mean, scratch, out=scratch)
        scratch *= over(size, values) * lr
        values -= scratch


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled decay: w <- (1 - lr·weight_decay)·w before Adam's step, on weights, never on biases.

    Elsewhere: PyTorch's AdamW decays every parameter it is given, biases included.
    """

    kind = "adamw"
    source = "Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2"

    weight_decay: Array = number(0.01, neutral=0.0, ge=0, help="share of a weight lost per step, before the learning rate")

    def step(
        self, values: Array, gradient: Array, memory: list[Array], scratch: Array, lr: Array, step: int, is_weight: Array
    ) -> None:
        values *= 1 - (over(self.weight_decay, values) * lr) * is_weight
        super().step(values, gradient, memory, scratch, lr, step, is_weight)
