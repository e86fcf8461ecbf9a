"""Stochastic gradient descent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, over
from regx.core.kernels import kernel
from regx.core.parameters import flag, number
from regx.optim.optimizer import Optimizer, Rate, Update


@dataclass(frozen=True)
class SGD(Optimizer):
    """w <- w - lr·v, where v <- momentum·v + gradient; Nesterov steps along gradient + momentum·v instead.

    The convention of PyTorch: the gradient enters the velocity undamped and the learning rate multiplies the velocity.
    """

    kind = "sgd"
    source = "Sutskever et al. 2013, On the Importance of Initialization and Momentum in Deep Learning, section 2"

    momentum: Array = number(0.0, ge=0, lt=1, help="share of the last velocity that is kept")
    nesterov: bool = flag(False, help="look ahead along the velocity")

    def slots(self) -> int:
        return 1 if np.any(self.momentum) else 0

    def rate(self, values: Array, memory: list[Array]) -> Rate:
        # A gradient that stays the same has entered the velocity 1 + momentum + momentum² ... times so far, which comes
        # to 1/(1 - momentum); that of Nesterov is one step ahead.
        momentum, ahead = self.momentum[:, None], int(self.nesterov)
        return lambda lr, step: lr * ((1 - momentum ** (step + ahead)) / (1 - momentum))

    def update(self, values: Array, gradient: Array, memory: list[Array], scratch: Array, is_weight: Array) -> Update:
        fused_plain = kernel(loops.sgd, values.dtype, values, gradient, *values.shape)

        def plain(lr: Array, step: int) -> None:
            if fused_plain:
                return fused_plain(lr)
            np.subtract(values, np.multiply(gradient, lr, out=scratch), out=values)
            return None

        if not memory:
            return plain
        (velocity,) = memory
        momentum = over(self.momentum, velocity)
        ahead = int(self.nesterov)
        fused = kernel(loops.momentum, values.dtype, values, gradient, velocity, momentum, ahead, *values.shape)

        def with_momentum(lr: Array, step: int) -> None:
            if fused:
                return fused(lr)
            np.multiply(velocity, momentum, out=velocity)
            np.add(velocity, gradient, out=velocity)
            direction = velocity
            if self.nesterov:
                direction = np.multiply(velocity, momentum, out=scratch)
                direction += gradient
            np.subtract(values, np.multiply(direction, lr, out=scratch), out=values)
            return None

        return with_momentum
