"""The stages of a network of dense layers: a weight and what its products use, activations, residual ways, hooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from regx.core import loops
from regx.core.arrays import Array
from regx.core.kernels import call, product
from regx.core.regularizer import Pullback
from regx.nn.activations import ACTIVATIONS, slope_dtype
from regx.nn.chain import Calls

# A hook on the forward path: (value, layer) -> (value, pullback).
Hook = Callable[[Array, int], tuple[Array, Pullback]]


@dataclass(frozen=True)
class Dropping:
    """A hook on hidden values that is `Regularizer.dropping`. bits: draws the integers, (R, *shape)."""

    hook: Hook
    least: Array
    scale: Array
    bits: Callable[[tuple[int, ...]], Array]

    def __call__(self, value: Array, layer: int) -> tuple[Array, Pullback]:
        return self.hook(value, layer)


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


class Dense:
    """One layer, z = Wᵀ·[h; 1], of R networks.

    inputs: (R, in + 1, B), the last row ones; `enters` is its view without that row, by whose identity the layer knows
    that it need not copy. outputs: (R, out, B). The first layer returns no gradient of its inputs, which is not needed.
    """

    def __init__(
        self, weight: Weight, inputs: Array, enters: Array, outputs: Array, first: bool, training: bool
    ) -> None:  # fmt: skip
        self._weight = weight
        self._inputs, self.enters, self._outputs = inputs, enters, outputs
        self._transposed = weight.acting.swapaxes(1, 2)
        self._without_bias = weight.acting[:, :-1]
        # From one output the product is an outer one, which BLAS takes three times as long for.
        self._from_one = outputs.shape[1] == 1
        self._back = np.empty(enters.shape, outputs.dtype) if training and not first else None

    def forward(self, h: Array) -> Array:
        """(R, in, B) -> (R, out, B). What does not stand in this layer's input buffer already is copied there."""
        if h is not self.enters:
            np.copyto(self.enters, h)
        self._weight.act()
        return np.matmul(self._transposed, self._inputs, out=self._outputs)

    def pullback(self, gradient: Array) -> Array:
        """Writes the gradient of weight and bias; (R, out, B) -> (R, in, B)."""
        np.matmul(self._inputs, gradient.swapaxes(1, 2), out=self._weight.found)
        self._weight.collect()
        if self._back is None:
            return gradient
        return (np.multiply if self._from_one else np.matmul)(self._without_bias, gradient, out=self._back)

    def calls(self, z: Array) -> Calls:
        acts = self._weight.acts or z is not self.enters
        return [] if acts else product(self._transposed, self._inputs, self._outputs), self._outputs

    def calls_back(self, gradient: Array) -> Calls:
        if self._weight.acts or self._weight.found is None:
            return [], gradient
        of_weight = product(self._inputs, gradient.swapaxes(1, 2), self._weight.found)
        if self._back is None:
            return of_weight, gradient
        if self._from_one:
            sizes = self._back.shape[1:]
            outer = call(loops.outer, gradient.dtype, self._without_bias, self._back, *sizes, gradient)
            return [*of_weight, *outer], self._back
        return [*of_weight, *product(self._without_bias, gradient, self._back)], self._back


class Activation:
    """An activation in place, with its slope put aside for the pullback."""

    def __init__(self, name: str, z: Array, training: bool) -> None:
        self._name, self._function, self.enters = name, ACTIVATIONS[name], z
        self._slope = np.empty(z.shape, dtype=slope_dtype(name, z.dtype)) if training else None

    def forward(self, z: Array) -> Array:
        self._function(z, z, self._slope)
        return z

    def pullback(self, gradient: Array) -> Array:
        assert self._slope is not None
        return np.multiply(gradient, self._slope, out=gradient)

    def calls(self, z: Array) -> Calls:
        if self._name != "relu" or z is not self.enters:
            return [], z
        if self._slope is None:
            return call(loops.positive, z.dtype, z, z[0].size), z
        return call(loops.rectify, z.dtype, z, self._slope, z[0].size), z

    def calls_back(self, gradient: Array) -> Calls:
        if self._name != "relu" or self._slope is None:
            return [], gradient
        return call(loops.gate, gradient.dtype, self._slope, self._slope[0].size, gradient), gradient


class Scale:
    """A factor, (R, 1, 1), in place."""

    def __init__(self, factor: Array) -> None:
        self._factor = factor

    def forward(self, z: Array) -> Array:
        return np.multiply(z, self._factor, out=z)

    pullback = forward


class Skip:
    """Where the way around a residual branch begins. In the backward pass the end of the branch comes first."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.into, self.around = np.empty(0), np.empty(shape, dtype)

    def forward(self, x: Array) -> Array:
        self.into = x
        return x

    def pullback(self, gradient: Array) -> Array:
        """Both ways meet."""
        gradient += self.around
        return gradient


class Joint:
    """Where it ends: the sum of both ways is written into `whole`."""

    def __init__(self, skip: Skip, whole: Array) -> None:
        self._skip, self._whole = skip, whole

    def forward(self, x: Array) -> Array:
        return np.add(x, self._skip.into, out=self._whole)

    def pullback(self, gradient: Array) -> Array:
        """What arrives goes both ways."""
        np.copyto(self._skip.around, gradient)
        return gradient


class Hooked:
    """A hook on hidden values or logits, at a layer."""

    def __init__(self, hook: Hook, layer: int) -> None:
        self._hook, self._layer = hook, layer

    def forward(self, x: Array) -> Array:
        x, self._back = self._hook(x, self._layer)
        return x

    def pullback(self, gradient: Array) -> Array:
        return self._back(gradient)


class Dropped(Hooked):
    """A hook that drops values of the buffer `enters`, (R, H, B)."""

    def __init__(self, hook: Dropping, layer: int, enters: Array) -> None:
        super().__init__(hook, layer)
        self._dropping, self.enters = hook, enters
        self._back = lambda gradient: np.multiply(gradient, self._mask, out=gradient)

    @cached_property
    def _bits(self) -> Array:
        return np.empty(self.enters.shape, np.uint16)

    @cached_property
    def _mask(self) -> Array:
        return np.empty_like(self.enters)

    def draw(self) -> None:
        np.copyto(self._bits, self._dropping.bits(self.enters.shape[1:]))

    def calls(self, z: Array) -> Calls:
        if z is not self.enters:
            return [], z
        of = self._dropping
        return call(loops.drop, z.dtype, z[0].size, of.least, of.scale, self._mask, z, self._bits), z

    def calls_back(self, gradient: Array) -> Calls:
        return call(loops.product, gradient.dtype, gradient, self._mask, gradient, gradient[0].size), gradient
