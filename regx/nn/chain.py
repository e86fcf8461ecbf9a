"""Stages of the network in a row, whose work is compiled, as one call from Python."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from regx.core.arrays import Array, is_whole
from regx.core.kernels import Call, Program
from regx.core.regularizer import Stage

Calls = tuple[list[Call], Array]  # what a stage does, and the array that comes of it. No calls: Python must do it


@runtime_checkable
class Compiled(Stage, Protocol):
    """A stage that can say what it does as calls of compiled loops.

    enters: the buffer that it reads if it is not given another one, if it knows one.
    """

    enters: Array | None

    def calls(self, z: Array) -> Calls:
        """What `forward` does with values that stand in this buffer."""

    def calls_back(self, gradient: Array) -> Calls:
        """What `pullback` does with this buffer."""


@runtime_checkable
class Drawing(Compiled, Protocol):
    """Such a stage for which random numbers are drawn first."""

    def draw(self) -> None:
        """Draw those of the next step."""


class Chain:
    """Stages in a row, network by network: what a stage has written is still in cache for the next one.

    enters, gradient: the buffers that it reads in the forward and the backward pass. leaves, returns: what comes of it.
    """

    def __init__(self, stages: Sequence[Compiled], replicas: int, gradient: Array | None) -> None:
        assert stages[0].enters is not None
        self._stages = stages
        self.enters = self.leaves = stages[0].enters
        self.drawing = [stage for stage in stages if isinstance(stage, Drawing)]
        self.calls: list[Call] = []
        self.calls_back: list[Call] = []
        for stage in stages:
            calls, self.leaves = stage.calls(self.leaves)
            self.calls += calls
        self._forward = Program(self.calls, replicas)
        # At evaluation there is no backward pass.
        self.gradient = self.returns = self.leaves if gradient is None else gradient
        if gradient is not None:
            for stage in reversed(stages):
                calls, self.returns = stage.calls_back(self.returns)
                self.calls_back += calls
            self._back = Program(self.calls_back, replicas)

    def draw(self) -> None:
        for stage in self.drawing:
            stage.draw()

    def forward(self, x: Array) -> Array:
        if x is not self.enters:
            np.copyto(self.enters, x)
        self.draw()
        self._forward()
        return self.leaves

    def pullback(self, gradient: Array) -> Array:
        if gradient is not self.gradient:
            if not is_whole(gradient, self.gradient.dtype):  # what a hook has made of it, which NumPy takes otherwise
                for stage in reversed(self._stages):
                    gradient = stage.pullback(gradient)
                return gradient
            np.copyto(self.gradient, gradient)
        self._back()
        return self.returns


def in_one_call(stages: Sequence[Stage], replicas: int, training: bool) -> list[Stage]:
    """The same stages, those in a row that are compiled as one."""
    rows: list[list[Any]] = []
    ends: list[Array | None] = []  # what comes of each row, if it is compiled
    for stage in stages:
        if ends and (leaves := _leaves(stage, ends[-1], training)) is not None:
            rows[-1].append(stage)
            ends[-1] = leaves
        else:
            rows.append([stage])
            ends.append(_leaves(stage, getattr(stage, "enters", None), training))
    made: list[Stage] = []
    gradient: Array | None = None  # what comes from above, unless what stands between makes another one of it
    for row, leaves in zip(reversed(rows), reversed(ends), strict=True):
        if leaves is None:
            made += row
            continue
        if training and (gradient is None or gradient.shape != leaves.shape):
            gradient = np.empty(leaves.shape, leaves.dtype)
        chain = Chain(row, replicas, gradient if training else None)
        made.append(chain)
        gradient = chain.returns
    return made[::-1]


def _leaves(stage: Stage, z: Array | None, training: bool) -> Array | None:
    """What a stage makes of the values in this buffer, if that is compiled; else None."""
    if z is None or not isinstance(stage, Compiled):
        return None
    calls, leaves = stage.calls(z)
    if not calls or (training and not stage.calls_back(np.empty_like(leaves))[0]):
        return None
    return leaves
