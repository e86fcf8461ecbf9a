"""Dense networks of a population over batches of a fixed size: forward, and backward as pullbacks in reverse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Pullback, Regularizer, Stage
from regx.nn.activations import ACTIVATIONS, slope_dtype
from regx.nn.layout import Layout

# A hook on the forward path: (value, layer) -> (value, pullback).
Hook = Callable[[Array, int], tuple[Array, Pullback]]


@dataclass(frozen=True)
class Hooks:
    """Those of a stack's hooks that act within the network, in the stack's order."""

    weight: tuple[Hook, ...] = ()
    hidden: tuple[Hook, ...] = ()
    branch: tuple[Hook, ...] = ()
    logits: tuple[Hook, ...] = ()


class Dense:
    """One layer, z = Wᵀ·[h; 1], of R networks.

    weight: (R, in + 1, out), the bias in the last row. inputs: (R, in + 1, B), the last row ones; `into` is its view
    without that row, by whose identity the layer knows that it need not copy. outputs: (R, out, B).
    gradient: like weight, written by the pullback, or added to where another layer that shares the weight has written
    before (`shares`); None at evaluation. The first layer returns no gradient of its inputs, which nobody needs.
    """

    def __init__(
        self, weight: Array, gradient: Array | None, inputs: Array, into: Array, outputs: Array, layer: int,
        shares: bool, weight_hooks: tuple[Hook, ...],
    ) -> None:  # fmt: skip
        self._weight = weight
        self._gradient = gradient
        self._inputs, self._into, self._outputs = inputs, into, outputs
        self._layer = layer
        self._hooks = weight_hooks
        # What the products use: the weight itself, or what the hooks have made of it.
        self._acting = np.empty(weight.shape, weight.dtype) if weight_hooks else weight
        self._transposed = self._acting.swapaxes(1, 2)
        self._without_bias = self._acting[:, :-1]
        self._weight_pullbacks: list[Pullback] = []
        self._shared = np.empty(weight.shape, weight.dtype) if shares else None
        # From one output the product is an outer one, which BLAS takes three times as long for.
        self._product = np.multiply if weight.shape[2] == 1 else np.matmul
        self._back = None if layer == 0 or gradient is None else np.empty(into.shape, weight.dtype)

    def forward(self, h: Array) -> Array:
        """(R, in, B) -> (R, out, B). What does not stand in this layer's input buffer already is copied there."""
        if h is not self._into:
            np.copyto(self._into, h)
        if self._hooks:
            self._act_on_weight()
        return np.matmul(self._transposed, self._inputs, out=self._outputs)

    def _act_on_weight(self) -> None:
        weight, self._weight_pullbacks = self._weight[:, :-1], []
        for hook in self._hooks:
            weight, pullback = hook(weight, self._layer)
            self._weight_pullbacks.append(pullback)
        np.copyto(self._without_bias, weight)
        np.copyto(self._acting[:, -1], self._weight[:, -1])

    def pullback(self, gradient: Array) -> Array:
        """Writes the gradient of weight and bias; (R, out, B) -> (R, in, B)."""
        assert self._gradient is not None
        own = self._gradient if self._shared is None else self._shared
        np.matmul(self._inputs, gradient.swapaxes(1, 2), out=own)
        for pullback in reversed(self._weight_pullbacks):
            own[:, :-1] = pullback(own[:, :-1])
        if self._shared is not None:
            self._gradient += self._shared
        if self._back is None:
            return gradient
        return self._product(self._without_bias, gradient, out=self._back)


class Activation:
    """An activation in place, with its slope put aside for the pullback."""

    def __init__(self, name: str, shape: tuple[int, ...], dtype: np.dtype[Any], training: bool) -> None:
        self._function = ACTIVATIONS[name]
        self._slope = np.empty(shape, dtype=slope_dtype(name, dtype)) if training else None

    def forward(self, z: Array) -> Array:
        self._function(z, z, self._slope)
        return z

    def pullback(self, gradient: Array) -> Array:
        assert self._slope is not None
        return np.multiply(gradient, self._slope, out=gradient)


class Skip:
    """The way around a residual branch. In the backward pass the end of the branch comes first."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._around = np.empty(shape, dtype)

    def leave(self, gradient: Array) -> Array:
        """At the end of the branch: what arrives goes both ways."""
        np.copyto(self._around, gradient)
        return gradient

    def enter(self, gradient: Array) -> Array:
        """At its beginning: both ways meet."""
        gradient += self._around
        return gradient


class Network:
    """The networks of a population, with buffers for batches of B samples.

    values: (R, P). inputs: (R, D + 1, B), the buffer that the first layer reads, its last row ones. stack: its layers
    are part of the network. gradient: (R, P), written by `backward`; None for evaluation, which has no hooks and no
    backward pass.
    """

    def __init__(
        self, layout: Layout, values: Array, inputs: Array, stack: Sequence[Regularizer],
        gradient: Array | None = None, hooks: Hooks | None = None,
    ) -> None:  # fmt: skip
        replicas, batch, dtype = len(values), inputs.shape[2], values.dtype
        training = gradient is not None
        self._hooks = hooks or Hooks()
        buffers = [inputs, *(np.ones((replicas, width + 1, batch), dtype) for width in layout.widths[1:-1])]
        views = [buffer[:, :-1] for buffer in buffers] + [np.empty((replicas, layout.widths[-1], batch), dtype)]
        self.inputs, self.into = inputs, views[0]
        self.hidden = views[1:-1]  # outputs of the hidden layers, (R, H, B) each, until the next call of `forward`
        last = len(layout.dense) - 1
        self._dense = [
            Dense(
                tensor.of(values), None if gradient is None else tensor.of(gradient), buffers[layer], views[layer],
                views[layer + 1], layer, training and tensor in layout.dense[layer + 1 : last], self._hooks.weight,
            )
            for layer, tensor in enumerate(layout.dense)
        ]  # fmt: skip
        self._stages = [_stages(layout, layer, view, values, gradient, stack) for layer, view in enumerate(self.hidden)]
        residual = layout.architecture.residual
        self._skips = [
            Skip(view.shape, dtype) if residual and layer and view.shape == views[layer].shape else None
            for layer, view in enumerate(self.hidden)
        ]
        self.logits = views[-1]
        self._views = views
        self._tape: list[Pullback] = []

    def forward(self, x: Array) -> Array:
        """The logits, or for regression the prediction, (R, K, B), of x, (R, D, B). Overwritten by the next call."""
        tape = self._tape
        tape.clear()
        for layer, stages in enumerate(self._stages):
            skip = self._skips[layer]
            if skip is not None:
                tape.append(skip.enter)
            x = self._dense[layer].forward(x)
            tape.append(self._dense[layer].pullback)
            for stage in stages:
                x = stage.forward(x)
                tape.append(stage.pullback)
            x = self._hooked(self._hooks.hidden, x, layer)
            if skip is not None:
                x = self._hooked(self._hooks.branch, x, layer)
                tape.append(skip.leave)
                x = np.add(x, self._views[layer], out=self._views[layer + 1])
        output = self._dense[-1]
        x = output.forward(x)
        tape.append(output.pullback)
        return self._hooked(self._hooks.logits, x, len(self._stages))

    def _hooked(self, hooks: tuple[Hook, ...], x: Array, layer: int) -> Array:
        for hook in hooks:
            x, pullback = hook(x, layer)
            self._tape.append(pullback)
        return x

    def backward(self, gradient: Array) -> None:
        """Write the gradient of all parameters, from that of the logits, (R, K, B). Runs once after each forward."""
        for pullback in reversed(self._tape):
            gradient = pullback(gradient)


def _stages(
    layout: Layout, layer: int, view: Array, values: Array, gradient: Array | None, stack: Sequence[Regularizer]
) -> list[Stage]:
    """What follows the product of a hidden layer: the activation, and the layers of the stack before and after it."""
    before: list[Stage] = []
    after: list[Stage] = []
    for member in stack:
        own = layout.own(member, layer, values)
        gradients = None if gradient is None else layout.own(member, layer, gradient)
        stage = member.stage(own, gradients, (view.shape[0], view.shape[1], view.shape[2]))
        if stage is not None:
            (before if member.before_activation else after).append(stage)
    activation = Activation(layout.architecture.activation, view.shape, values.dtype, gradient is not None)
    return [*before, activation, *after]
