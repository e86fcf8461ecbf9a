"""Dense networks of a population over batches of a fixed size: forward, and backward as pullbacks in reverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Pullback
from regx.nn.activations import ACTIVATIONS, slope_dtype
from regx.nn.layout import Layout

# A hook on the output of a hidden layer, or on the logits: (value, layer) -> (value, pullback).
Hook = Callable[[Array, int], tuple[Array, Pullback]]


class Dense:
    """One layer, z = Wᵀ·[h; 1], of R networks.

    weight: (R, in + 1, out), the bias in the last row. inputs: (R, in + 1, B), the last row ones; `into` is its view
    without that row, by whose identity the layer knows that it need not copy. outputs: (R, out, B).
    gradient: like weight, written by the pullback; None at evaluation. The first layer returns no gradient of its
    inputs, which nobody needs.
    """

    def __init__(
        self, weight: Array, gradient: Array | None, inputs: Array, into: Array, outputs: Array, first: bool
    ) -> None:
        self._weight = weight[:, :-1]
        self._transposed = weight.swapaxes(1, 2)
        self._gradient = gradient
        self._inputs = inputs
        self._into = into
        self._outputs = outputs
        self._back = None if first or gradient is None else np.empty(self._into.shape, dtype=weight.dtype)

    def forward(self, h: Array) -> Array:
        """(R, in, B) -> (R, out, B). What does not stand in this layer's input buffer already is copied there."""
        if h is not self._into:
            np.copyto(self._into, h)
        return np.matmul(self._transposed, self._inputs, out=self._outputs)

    def pullback(self, gradient: Array) -> Array:
        """Writes the gradient of weight and bias; (R, out, B) -> (R, in, B)."""
        np.matmul(self._inputs, gradient.swapaxes(1, 2), out=self._gradient)
        if self._back is None:
            return gradient
        return np.matmul(self._weight, gradient, out=self._back)


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


class Network:
    """The networks of a population, with buffers for batches of B samples.

    values: (R, P). inputs: (R, D + 1, B), the buffer that the first layer reads, its last row ones.
    gradient: (R, P), written by `backward`; None for evaluation, which has no hooks and no backward pass.
    """

    def __init__(
        self, layout: Layout, activation: str, values: Array, inputs: Array, gradient: Array | None = None,
        hidden_hooks: tuple[Hook, ...] = (), logit_hooks: tuple[Hook, ...] = (),
    ) -> None:  # fmt: skip
        replicas, batch, dtype = len(values), inputs.shape[2], values.dtype
        buffers = [inputs, *(np.ones((replicas, width + 1, batch), dtype) for width in layout.widths[1:-1])]
        views = [buffer[:, :-1] for buffer in buffers] + [np.empty((replicas, layout.widths[-1], batch), dtype)]
        self.inputs, self.into = inputs, views[0]
        self._dense = [
            Dense(
                tensor.of(values), None if gradient is None else tensor.of(gradient), buffers[layer], views[layer],
                views[layer + 1], first=layer == 0,
            )
            for layer, tensor in enumerate(layout.dense)
        ]  # fmt: skip
        self._activations = [Activation(activation, view.shape, dtype, gradient is not None) for view in views[1:-1]]
        self._hidden_hooks, self._logit_hooks = hidden_hooks, logit_hooks
        self._tape: list[Pullback] = []

    def forward(self, x: Array) -> Array:
        """The logits, or for regression the prediction, (R, K, B), of x, (R, D, B). Overwritten by the next call."""
        tape = self._tape
        tape.clear()
        last = len(self._activations)
        for layer, dense in enumerate(self._dense):
            x = dense.forward(x)
            tape.append(dense.pullback)
            if layer < last:
                activation = self._activations[layer]
                x = activation.forward(x)
                tape.append(activation.pullback)
            for hook in self._hidden_hooks if layer < last else self._logit_hooks:
                x, pullback = hook(x, layer)
                tape.append(pullback)
        return x

    def backward(self, gradient: Array) -> None:
        """Write the gradient of all parameters, from that of the logits, (R, K, B). Runs once after each forward."""
        for pullback in reversed(self._tape):
            gradient = pullback(gradient)
