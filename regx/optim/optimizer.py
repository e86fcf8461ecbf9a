"""The protocol of an optimizer."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from regx.core.arrays import Array, over
from regx.core.component import Component
from regx.core.kernels import Call, OfSteps, Program
from regx.core.parameters import number

# (lr, step): update the parameters in place. lr: the learning rate in force, shaped by `over`; a new array whenever it
# changes. step: counted from 1, as Adam's bias correction does.
Update = Callable[[Array, int], None]
# (lr, step): the optimizer's metric, by the same arguments.
Rate = Callable[[Array, int], Array]


class Arrays(NamedTuple):
    """What an update works on: (R, P) each, which it may overwrite, and of memory as many as an optimizer's `slots`.

    is_weight: (P,) or (R, P), 1 at weights and 0 at biases, gains and offsets.
    """

    values: Array
    gradient: Array
    memory: list[Array]
    scratch: Array
    is_weight: Array


class Optimizer(Component, ABC):
    """Base of all optimizers.

    An optimizer holds no state: `slots` says how many arrays like the parameters it needs. They begin at zero.
    Any of them can take its gradient a distance `sam` uphill, which looks for minima that are flat at that distance.
    """

    adaptive: ClassVar[bool] = False  # whether a gradient is divided by the size of those before it
    numbers: ClassVar[int] = 1  # how many an update needs to know of a step

    lr: Array = number(0.01, gt=0, help="learning rate, before the schedule")
    sam: Array = number(
        0.0,
        neutral=0.0,
        ge=0,
        help="how far uphill the gradient is taken, sharpness-aware minimisation (Foret et al. 2021); 0 is without",
    )

    def static_key(self) -> tuple[object, ...]:
        """What networks must share to be trained in one population: with a radius every step takes two gradients."""
        return (*super().static_key(), bool(np.any(self.sam)))

    @abstractmethod
    def slots(self) -> int:
        """How many arrays of shape (R, P) the optimizer remembers."""

    @abstractmethod
    def rate(self, values: Array, memory: list[Array]) -> Rate:
        """What an update multiplies gradients by that stay as they are: (R, 1) or (R, P), overwritten by the next call.

        A step of a penalty that moves the weights by this and its own slope ends where the gradients of loss and
        penalty cancel (Yun, Lozano & Yang 2021, Adaptive Proximal Gradient Methods for Structured Neural Networks).
        """

    def of_step(self, values: Array) -> Callable[[Array, int], tuple[Array, ...]]:
        """The `numbers` that an update needs to know of a step, by (lr, step); each shaped by `over`."""
        return lambda lr, step: (lr,)

    def calls(self, of: Arrays, of_step: Sequence[OfSteps]) -> list[Call]:
        """The update as calls of compiled loops; none where it is done by NumPy alone.

        of_step: its numbers of several steps, (steps, *over's shape) each.
        """
        return []

    @abstractmethod
    def in_numpy(self, of: Arrays) -> Callable[..., None]:
        """The update by NumPy, of the numbers of a step."""

    def update(self, values: Array, gradient: Array, memory: list[Array], scratch: Array, is_weight: Array) -> Update:
        """The update of these `Arrays`, with what is constant in it computed once."""
        compiled = Steps(self, values, gradient, memory, is_weight, 1)
        if compiled.calls:
            program = Program(compiled.calls, len(values))

            def update(lr: Array, step: int) -> None:
                compiled.prepare(0, lr, step)
                program()

            return update
        of_step, in_numpy = self.of_step(values), self.in_numpy(Arrays(values, gradient, memory, scratch, is_weight))
        return lambda lr, step: in_numpy(*of_step(lr, step))


class Steps:
    """An optimizer's next `steps` updates of these arrays (`Optimizer.update`) as calls, if these are to be had."""

    def __init__(
        self, optimizer: Optimizer, values: Array, gradient: Array, memory: list[Array], is_weight: Array, steps: int
    ) -> None:
        shape = over(optimizer.lr, values).shape
        self._numbers = [np.empty((steps, *shape), values.dtype) for _ in range(optimizer.numbers)]
        self._of_step = optimizer.of_step(values)
        of = Arrays(values, gradient, memory, np.empty(0), np.broadcast_to(is_weight, values.shape))
        self.calls = optimizer.calls(of, [OfSteps(one) for one in self._numbers])

    def prepare(self, at: int, lr: Array, step: int) -> None:
        """Set the learning rate and the number of the `at`-th step of a program, from 0."""
        for numbers, now in zip(self._numbers, self._of_step(lr, step), strict=True):
            numbers[at] = now
