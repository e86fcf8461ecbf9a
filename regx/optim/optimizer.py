"""The protocol of an optimizer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from regx.core.arrays import Array
from regx.core.component import Component
from regx.core.parameters import number

# (lr, step): update the parameters in place. lr: the learning rate in force, shaped by `over`; a new array whenever it
# changes. step: counted from 1, as Adam's bias correction does.
Update = Callable[[Array, int], None]
# (lr, step): the optimizer's metric, by the same arguments.
Rate = Callable[[Array, int], Array]


@dataclass(frozen=True)
class Optimizer(Component, ABC):
    """Base of all optimizers.

    An optimizer holds no state: `slots` says how many arrays like the parameters it needs. They begin at zero.
    Any of them can take its gradient a distance `sam` uphill, which looks for minima that are flat at that distance.
    """

    adaptive: ClassVar[bool] = False  # whether a gradient is divided by the size of those before it

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

    @abstractmethod
    def update(self, values: Array, gradient: Array, memory: list[Array], scratch: Array, is_weight: Array) -> Update:
        """The update of these arrays, with what is constant in it computed once.

        values, gradient, scratch and each of memory: (R, P); the gradient and the scratch may be overwritten.
        is_weight: (P,), 1 at weights and 0 at biases, gains and offsets.
        """
