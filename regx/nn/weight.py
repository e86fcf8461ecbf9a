"""A layer's weight in training: what its products use, and where its gradient goes."""

from collections.abc import Callable

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Pullback

# A hook on the forward path: (value, layer) -> (value, pullback).
Hook = Callable[[Array, int], tuple[Array, Pullback]]


class Weight:
    """Weight and bias of one layer, (R, in + 1, out), the bias in the last row.

    gradient: like weight, written by `collect`, or added to where another layer that shares the weight has written
    before (`shares`); None at evaluation. hooks: what acts on the weight in training.
    acting: what the products use, the weight itself or what the hooks have made of it. found: where the product of the
    backward pass writes the gradient.
    """

    def __init__(
        self, weight: Array, gradient: Array | None, layer: int, shares: bool, hooks: tuple[Hook, ...]
    ) -> None:
        self._weight, self._gradient, self._layer, self._hooks, self._shares = weight, gradient, layer, hooks, shares
        self.acting = np.empty(weight.shape, weight.dtype) if hooks else weight
        self.found = np.empty(weight.shape, weight.dtype) if shares else gradient
        self.acts = bool(hooks) or shares  # beyond the products
        self._pullbacks: list[Pullback] = []

    def act(self) -> None:
        """Before the product of the forward pass."""
        if not self._hooks:
            return
        weight, self._pullbacks = self._weight[:, :-1], []
        for hook in self._hooks:
            weight, pullback = hook(weight, self._layer)
            self._pullbacks.append(pullback)
        np.copyto(self.acting[:, :-1], weight)
        np.copyto(self.acting[:, -1], self._weight[:, -1])

    def collect(self) -> None:
        """After the product of the backward pass."""
        assert self._gradient is not None
        assert self.found is not None
        for pullback in reversed(self._pullbacks):
            self.found[:, :-1] = pullback(self.found[:, :-1])
        if self._shares:
            self._gradient += self.found
