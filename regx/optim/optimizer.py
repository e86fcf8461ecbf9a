"""The protocol of an optimizer."""

from __future__ import annotations

from dataclasses import dataclass

from regx.core.arrays import Array
from regx.core.component import Component
from regx.core.parameters import number


@dataclass(frozen=True)
class Optimizer(Component):
    """Base of all optimizers.

    An optimizer holds no state: `slots` says how many arrays like the parameters it needs, which begin at zero and are
    handed to every step. Steps are counted from 1, as Adam's bias correction does.
    """

    lr: Array = number(0.01, gt=0, help="learning rate, before the schedule")

    def slots(self) -> int:
        """How many arrays of shape (R, P) the optimizer remembers."""
        raise NotImplementedError

    def step(
        self, values: Array, gradient: Array, memory: list[Array], scratch: Array, lr: Array, step: int, is_weight: Array
    ) -> None:
        """Update the parameters in place.

        values, gradient, scratch and each of memory: (R, P); the gradient and the scratch may be overwritten.
        lr: (R, 1), the learning rate in force. is_weight: (P,), 1 at weights and 0 at biases, gains and offsets.
        """
        raise NotImplementedError
