"""Several whole steps of a population as one call, network by network, where all that happens in a step is compiled."""

from collections.abc import Sequence

import numpy as np

from regx.core import loops
from regx.core.arrays import Array
from regx.core.kernels import Call, OfSteps, Program, call, total
from regx.nn.chain import Chain
from regx.nn.losses import loss_calls
from regx.nn.network import Network
from regx.optim.optimizer import Optimizer, Steps

# How many steps are made at most before Python is asked again, and how many multiplications, which take milliseconds.
MOST_STEPS, MOST_PRODUCTS = 16, 2e8


class Ahead:
    """The next steps on a batch, whose calls are those of the network's own stages, the loss and the optimizer.

    For each network all steps are made before the next network's first one, so that its parameters stay in cache.
    A network whose loss is not finite makes no further steps. exact: whether the loss is not the rough one; then, and
    where random numbers are drawn for each step, there is one. calls: empty where Python has to be asked in between.
    steps: how many there may be.
    """

    def __init__(
        self, network: Network, y: Array, task: str, optimizer: Optimizer, values: Array, gradient: Array,
        memory: list[Array], is_weight: Array, penalties: Sequence[list[Call]], products: int, exact: bool,
    ) -> None:  # fmt: skip
        replicas, _, batch = network.logits.shape
        self.calls: list[Call] = []
        (chain, *others) = network.stages
        if others or not isinstance(chain, Chain) or not all(penalties):
            return
        self._chain = chain
        most = max(1, int(min(MOST_STEPS, MOST_PRODUCTS // (products * batch * replicas))))
        self.steps = 1 if exact or chain.drawing else most
        losses = np.empty((self.steps, replicas, batch), values.dtype)
        self._sums, self._going_on = np.zeros((self.steps, replicas), values.dtype), np.ones(replicas, np.int64)
        loss = loss_calls(task, chain.leaves, y, OfSteps(losses), chain.gradient, exact)
        of_all = total(OfSteps(losses), OfSteps(self._sums))
        self._optimizer = Steps(optimizer, values, gradient, memory, is_weight, self.steps)
        if not loss or not of_all:
            return
        stop = call(loops.stop_unless_finite, values.dtype, OfSteps(self._sums), self._going_on)
        of_penalties = [one for calls in penalties for one in calls]
        self.calls = [
            *chain.calls, *loss, *of_all, *chain.calls_back, *of_penalties, *self._optimizer.calls, *stop,
        ]  # fmt: skip
        self._program = Program(self.calls, replicas, self._going_on)

    def prepare(self, at: int, lr: Array, step: int) -> None:
        """Set the learning rate and the number of the `at`-th step, from 0."""
        self._optimizer.prepare(at, lr, step)

    def make(self, steps: int) -> Array:
        """Make so many. The losses summed over the samples, (steps, R); after one that is not finite they are 0."""
        self._sums.fill(0)
        self._going_on.fill(1)
        self._chain.draw()
        self._program(steps=steps)
        return self._sums[:steps].copy()
