from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, over
from regx.core.kernels import Call, OfSteps, call
from regx.core.parameters import flag, number
from regx.optim.optimizer import Arrays, Optimizer, Rate


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

    def calls(self, of: Arrays, of_step: Sequence[OfSteps]) -> list[Call]:
        values, gradient, memory, *_ = of
        if not memory:
            return call(loops.sgd, values.dtype, values, gradient, values.shape[1], *of_step)
        momentum, ahead = over(self.momentum, values), int(self.nesterov)
        return call(
            loops.momentum, values.dtype, values, gradient, *memory, momentum, ahead, values.shape[1], *of_step
        )  # fmt: skip

    def in_numpy(self, of: Arrays) -> Callable[..., None]:
        values, gradient, memory, scratch, _ = of

        def plain(lr: Array) -> None:
            np.subtract(values, np.multiply(gradient, lr, out=scratch), out=values)

        if not memory:
            return plain
        (velocity,) = memory
        momentum = over(self.momentum, velocity)

        def with_momentum(lr: Array) -> None:
            np.multiply(velocity, momentum, out=velocity)
            np.add(velocity, gradient, out=velocity)
            direction = velocity
            if self.nesterov:
                direction = np.multiply(velocity, momentum, out=scratch)
                direction += gradient
            np.subtract(values, np.multiply(direction, lr, out=scratch), out=values)

        return with_momentum
