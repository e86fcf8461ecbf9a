from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, over
from regx.core.kernels import Call, OfSteps, call
from regx.core.parameters import number
from regx.optim.optimizer import Arrays, Optimizer, Rate

# Bias corrections are computed for this many steps at once: one by one they would cost a tenth of a small step.
TABLE = 1024


class Adam(Optimizer):
    """w <- w - lr·m̂ / (√v̂ + eps), with m̂ and v̂ the bias-corrected means of gradient and squared gradient.

    An `l2` in the stack enters the gradient and is rescaled with it; for decay that is not, use `adamw`.
    """

    kind = "adam"
    source = "Kingma & Ba 2015, Adam: A Method for Stochastic Optimization, algorithm 1"
    adaptive = True
    numbers = 2

    lr: Array = number(0.001, gt=0, help="learning rate, before the schedule")
    beta1: Array = number(0.9, ge=0, lt=1, help="share of the last mean gradient that is kept")
    beta2: Array = number(0.999, ge=0, lt=1, help="share of the last mean squared gradient that is kept")
    eps: Array = number(1e-8, gt=0, help="added to the root mean square")

    def slots(self) -> int:
        return 2

    def rate(self, values: Array, memory: list[Array]) -> Rate:
        # The mean of a gradient that stays the same is the gradient, whatever beta1.
        square, out = memory[1], np.empty_like(values)
        table = _Corrections(self, over(self.beta1, values).shape)

        def rate(lr: Array, step: int) -> Array:
            _, eps, root = table.at(step)
            np.add(np.sqrt(square, out=out), eps, out=out)
            np.multiply(out, root, out=out)
            return np.divide(lr, out, out=out)

        return rate

    def of_step(self, values: Array) -> Callable[[Array, int], tuple[Array, ...]]:
        shape = over(self.lr, values).shape
        table, size_now = _Corrections(self, shape), np.empty(shape, values.dtype)

        def of_step(lr: Array, step: int) -> tuple[Array, ...]:
            size, eps, _ = table.at(step)
            return np.multiply(size, lr, out=size_now), eps

        return of_step

    def calls(self, of: Arrays, of_step: Sequence[OfSteps]) -> list[Call]:
        # The means are kept divided by (1 - beta), which saves a pass over the parameters for each of them; the
        # constant goes into the step size, and for the square into eps as well.
        values, gradient, memory, *_ = of
        betas = over(self.beta1, values), over(self.beta2, values)
        return call(loops.adam, values.dtype, values, gradient, *memory, *betas, values.shape[1], *of_step)

    def in_numpy(self, of: Arrays) -> Callable[..., None]:
        values, gradient, (mean, square), scratch, _ = of
        beta1, beta2 = over(self.beta1, values), over(self.beta2, values)

        def update(size: Array, eps: Array) -> None:
            np.multiply(mean, beta1, out=mean)
            np.add(mean, gradient, out=mean)
            np.multiply(gradient, gradient, out=scratch)
            np.multiply(square, beta2, out=square)
            np.add(square, scratch, out=square)
            np.sqrt(square, out=scratch)
            np.add(scratch, eps, out=scratch)
            np.divide(mean, scratch, out=scratch)
            np.multiply(scratch, size, out=scratch)
            np.subtract(values, scratch, out=values)

        return update


class _Corrections:
    """Step size and eps of every step, of a shape, with the bias corrections and the divided-out constants in them.

    And what the root of the sum of squares must be multiplied by to be that of their corrected mean.
    """

    def __init__(self, adam: Adam, shape: tuple[int, ...]) -> None:
        self._adam, self._shape = adam, shape
        self._first = -TABLE

    def at(self, step: int) -> tuple[Array, Array, Array]:
        if not self._first <= step < self._first + TABLE:
            self._first = step - step % TABLE
            steps = np.maximum(np.arange(self._first, self._first + TABLE), 1)[:, None]
            beta1, beta2, eps = (b.astype(np.float64) for b in (self._adam.beta1, self._adam.beta2, self._adam.eps))
            root = np.sqrt((1 - beta2) / (1 - beta2**steps))
            dtype, shape = self._adam.eps.dtype, (TABLE, *self._shape)
            self._size = ((1 - beta1) / (1 - beta1**steps) / root).astype(dtype).reshape(shape)
            self._eps = (eps / root).astype(dtype).reshape(shape)
            self._root = root.astype(dtype).reshape(shape)
        row = step - self._first
        return self._size[row, ...], self._eps[row, ...], self._root[row, ...]


class AdamW(Adam):
    """Adam with decoupled decay: w <- (1 - lr·weight_decay)·w before Adam's step, on weights, never on biases.

    Elsewhere: PyTorch's AdamW decays every parameter it is given, biases included.
    """

    kind = "adamw"
    source = "Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2"
    numbers = 3

    weight_decay: Array = number(
        0.01, neutral=0.0, ge=0, help="share of a weight lost per step, before the learning rate"
    )

    def of_step(self, values: Array) -> Callable[[Array, int], tuple[Array, ...]]:
        adam, decay = super().of_step(values), over(self.weight_decay, values)
        return lambda lr, step: (np.multiply(lr, decay), *adam(lr, step))

    def calls(self, of: Arrays, of_step: Sequence[OfSteps]) -> list[Call]:
        share, *of_adam = of_step
        decays = call(loops.decay, of.values.dtype, of.values, of.is_weight, of.values.shape[1], share)
        return [*decays, *super().calls(of, of_adam)]

    def in_numpy(self, of: Arrays) -> Callable[..., None]:
        adam = super().in_numpy(of)

        def update(share: Array, *of_adam: Array) -> None:
            np.multiply(share, of.is_weight, out=of.scratch)
            np.subtract(1, of.scratch, out=of.scratch)
            np.multiply(of.values, of.scratch, out=of.values)
            adam(*of_adam)

        return update
