from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, over
from regx.core.kernels import Call, OfSteps, call
from regx.core.parameters import number
from regx.optim.optimizer import Arrays, Optimizer, Rate


class RMSprop(Optimizer):
    """w <- w - lr·gradient / (√v + eps), where v <- alpha·v + (1 - alpha)·gradient².  The convention of PyTorch."""

    kind = "rmsprop"
    source = "Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5"
    adaptive = True

    alpha: Array = number(0.99, ge=0, lt=1, help="share of the last mean square that is kept")
    eps: Array = number(1e-8, gt=0, help="added to the root mean square")

    def slots(self) -> int:
        return 1

    def rate(self, values: Array, memory: list[Array]) -> Rate:
        (square,), out = memory, np.empty_like(values)

        def rate(lr: Array, step: int) -> Array:
            np.add(np.sqrt(square, out=out), over(self.eps, values), out=out)
            return np.divide(lr, out, out=out)

        return rate

    def calls(self, of: Arrays, of_step: Sequence[OfSteps]) -> list[Call]:
        values, gradient, memory, *_ = of
        alpha, eps = over(self.alpha, values), over(self.eps, values)
        of_all = alpha, np.asarray(1 - alpha), eps
        return call(loops.rmsprop, values.dtype, values, gradient, *memory, *of_all, values.shape[1], *of_step)

    def in_numpy(self, of: Arrays) -> Callable[..., None]:
        values, gradient, (square,), scratch, _ = of
        alpha, eps = over(self.alpha, values), over(self.eps, values)
        rest = 1 - alpha

        def update(lr: Array) -> None:
            np.multiply(gradient, gradient, out=scratch)
            np.multiply(scratch, rest, out=scratch)
            np.multiply(square, alpha, out=square)
            np.add(square, scratch, out=square)
            np.sqrt(square, out=scratch)
            np.add(scratch, eps, out=scratch)
            np.divide(gradient, scratch, out=scratch)
            np.multiply(scratch, lr, out=scratch)
            np.subtract(values, scratch, out=values)

        return update
