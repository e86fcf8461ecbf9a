"""The networks of a population over batches of a fixed size: forward, and backward as pullbacks in reverse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, is_whole, step_of
from regx.core.kernels import kernel
from regx.core.regularizer import Pullback, Regularizer, Stage
from regx.nn.activations import ACTIVATIONS, RISING, slope_dtype
from regx.nn.convolution import POOLING, Convolution
from regx.nn.layout import Layout
from regx.nn.losses import logits, probabilities
from regx.nn.weight import Hook, Weight


@dataclass(frozen=True)
class Hooks:
    """Those of a stack's hooks that act within the network, in the stack's order."""

    weight: tuple[Hook, ...] = ()
    hidden: tuple[Hook, ...] = ()
    branch: tuple[Hook, ...] = ()
    logits: tuple[Hook, ...] = ()


class Dense:
    """One layer, z = Wᵀ·[h; 1], of R networks.

    inputs: (R, in + 1, B), the last row ones; `into` is its view without that row, by whose identity the layer knows
    that it need not copy. outputs: (R, out, B). The first layer returns no gradient of its inputs, which nobody needs.
    """

    def __init__(self, weight: Weight, inputs: Array, into: Array, outputs: Array, first: bool, training: bool) -> None:
        self._weight = weight
        self._inputs, self._into, self._outputs = inputs, into, outputs
        self._transposed = weight.acting.swapaxes(1, 2)
        self._without_bias = weight.acting[:, :-1]
        # From one output the product is an outer one, which BLAS takes three times as long for.
        self._product = np.multiply if outputs.shape[1] == 1 else np.matmul
        self._back = np.empty(into.shape, outputs.dtype) if training and not first else None
        self._outer = None
        if self._back is not None and outputs.shape[1] == 1:
            step, (replicas, inputs_, batch) = step_of(self._without_bias), into.shape
            self._outer = kernel(
                loops.outer, outputs.dtype, self._without_bias, step, self._back, replicas, inputs_, batch
            )

    def forward(self, h: Array) -> Array:
        """(R, in, B) -> (R, out, B). What does not stand in this layer's input buffer already is copied there."""
        if h is not self._into:
            np.copyto(self._into, h)
        self._weight.act()
        return np.matmul(self._transposed, self._inputs, out=self._outputs)

    def pullback(self, gradient: Array) -> Array:
        """Writes the gradient of weight and bias; (R, out, B) -> (R, in, B)."""
        np.matmul(self._inputs, gradient.swapaxes(1, 2), out=self._weight.found)
        self._weight.collect()
        if self._back is None:
            return gradient
        if self._outer and is_whole(gradient, self._inputs.dtype):
            self._outer(gradient)
            return self._back
        return self._product(self._without_bias, gradient, out=self._back)


class Activation:
    """An activation in place, with its slope put aside for the pullback."""

    def __init__(self, name: str, z: Array, training: bool) -> None:
        self._function, self._z = ACTIVATIONS[name], z
        self._slope = np.empty(z.shape, dtype=slope_dtype(name, z.dtype)) if training else None
        self._fused = self._gate = None
        if name == "relu" and self._slope is not None:
            self._fused = kernel(loops.rectify, z.dtype, z, step_of(z), self._slope, len(z), z[0].size)
            self._gate = kernel(loops.gate, z.dtype, self._slope, z.size)

    def forward(self, z: Array) -> Array:
        if self._fused and z is self._z:
            self._fused()
        else:
            self._function(z, z, self._slope)
        return z

    def pullback(self, gradient: Array) -> Array:
        assert self._slope is not None
        if self._gate and is_whole(gradient, self._z.dtype):
            self._gate(gradient)
            return gradient
        return np.multiply(gradient, self._slope, out=gradient)


class Scale:
    """A factor, (R, 1, 1), in place."""

    def __init__(self, factor: Array) -> None:
        self._factor = factor

    def forward(self, z: Array) -> Array:
        return np.multiply(z, self._factor, out=z)

    pullback = forward


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


def laid_out_as(inputs: Array) -> Array:
    """Ones with the shape and strides of the inputs: for other strides BLAS takes another way, to other last bits."""
    rows, *inner = inputs.shape  # networks on the same data share it, which those that change it must not
    reach = sum((n - 1) * stride for n, stride in zip(inner, inputs.strides[1:], strict=True)) // inputs.itemsize + 1
    ones = np.ones((rows, reach), inputs.dtype)
    return np.lib.stride_tricks.as_strided(ones, inputs.shape, (ones.strides[0], *inputs.strides[1:]))


class Network:
    """The networks of a population, with buffers for batches of B samples.

    values: (R, P). inputs: (R, D + 1, B), the buffer that the first layer reads, its last row ones. stack: its layers
    are part of the network. gradient: (R, P), written by `backward`; None for evaluation, which has no hooks and no
    backward pass.

    A hidden layer is a product, the stages upon it (activation, pooling, what layers the stack adds), and the hooks on
    hidden values. A residual block pools the sum. Where there are no hooks, what they leave undone in training is made
    up for (`Regularizer.at_rest`).
    """

    def __init__(
        self, layout: Layout, values: Array, inputs: Array, stack: Sequence[Regularizer],
        gradient: Array | None = None, hooks: Hooks | None = None, to_inputs: bool = False,
    ) -> None:  # fmt: skip
        replicas, batch, dtype = len(values), inputs.shape[2], values.dtype
        training = gradient is not None
        self._hooks = hooks or Hooks()
        at_rest = [factors for member in stack if hooks is None and (factors := member.at_rest(dtype))]
        self._on_inputs = [on_inputs for on_inputs, _ in at_rest]
        first = laid_out_as(inputs) if at_rest else inputs
        buffers = [first, *(np.ones((replicas, width + 1, batch), dtype) for width in layout.widths[1:-1])]
        views = [buffer[:, :-1] for buffer in buffers] + [np.empty((replicas, layout.widths[-1], batch), dtype)]
        self.inputs, self.into, self._entering = inputs, inputs[:, :-1], views[0]
        self.hidden = views[1:-1]  # outputs of the hidden layers, (R, H, B) each, until the next call of `forward`
        self.logits = views[-1]
        self._layers: list[_Layer] = []
        last = len(layout.blocks)
        for layer, block in enumerate([*layout.blocks, None]):
            tensor = layout.dense[layer]
            weight = Weight(
                tensor.of(values), None if gradient is None else tensor.of(gradient), layer,
                training and tensor in layout.dense[layer + 1 : last], self._hooks.weight,
            )  # fmt: skip
            stages: list[Stage] = []
            skip: Skip | None = None
            pool: Stage | None = None
            whole = views[layer + 1]
            if block and block.pooled != block.outputs:
                whole = np.empty((replicas, math.prod(block.outputs), batch), dtype)
                pool = POOLING[layout.architecture.pooling](block, layout.architecture.pool, views[layer + 1], training)
            if block:
                skip = Skip(whole.shape, dtype) if block.residual else None
                pooled = None if skip else pool
                stages = _stages(layout, layer, whole, values, gradient, stack, pooled, views[layer + 1])
                stages += [Scale(on_hidden) for _, on_hidden in at_rest]
            product = (
                Convolution(
                    weight,
                    block,
                    layout.architecture.kernel,
                    layout.architecture.shared,
                    whole,
                    not layer and not to_inputs,
                    training,
                )
                if block and block.is_convolution
                else Dense(weight, buffers[layer], views[layer], whole, not layer and not to_inputs, training)
            )
            self._layers.append(_Layer(product, stages, skip, pool if skip else None, whole))
        self._tape: list[Pullback] = []

    def forward(self, x: Array) -> Array:
        """The logits, or for regression the prediction, (R, K, B), of x, (R, D, B). Overwritten by the next call."""
        tape = self._tape
        tape.clear()
        hidden, last = self._layers[:-1], self._layers[-1].product
        for factor in self._on_inputs:
            x = np.multiply(x, factor, out=self._entering)
        for number, layer in enumerate(hidden):
            entering = x
            if layer.skip is not None:
                tape.append(layer.skip.enter)
            x = layer.product.forward(x)
            tape.append(layer.product.pullback)
            for stage in layer.stages:
                x = stage.forward(x)
                tape.append(stage.pullback)
            x = self._hooked(self._hooks.hidden, x, number)
            if layer.skip is not None:
                x = self._hooked(self._hooks.branch, x, number)
                tape.append(layer.skip.leave)
                x = np.add(x, entering, out=layer.whole)
                if layer.pool is not None:
                    x = layer.pool.forward(x)
                    tape.append(layer.pool.pullback)
        x = last.forward(x)
        tape.append(last.pullback)
        return self._hooked(self._hooks.logits, x, len(hidden))

    def _hooked(self, hooks: tuple[Hook, ...], x: Array, layer: int) -> Array:
        for hook in hooks:
            x, pullback = hook(x, layer)
            self._tape.append(pullback)
        return x

    def backward(self, gradient: Array) -> None:
        """Write the gradient of all parameters, from that of the logits, (R, K, B). Runs once after each forward.

        `of_inputs` is then the gradient of the inputs, (R, D, B), where the network was made `to_inputs`.
        """
        for pullback in reversed(self._tape):
            gradient = pullback(gradient)
        self.of_inputs = gradient


class Ensemble:
    """Networks that predict by the mean over copies of their parameters, as soon as one of these counts.

    As a Network for evaluation; hidden values are those of the parameters in training. Where none counts yet, the
    logits are those of the parameters in training too.
    """

    def __init__(self, layout: Layout, values: Array, inputs: Array, stack: Sequence[Regularizer], task: str) -> None:
        size = layout.alone.size
        first, *self._copies = [
            Network(layout.alone, values[:, k * size : (k + 1) * size], inputs, stack) for k in range(layout.copies + 1)
        ]
        self._first, self._task = first, task
        self.inputs, self.into, self.hidden = first.inputs, first.into, first.hidden
        self.logits = np.empty_like(first.logits)
        self._weights = layout.tensors["0/snapshots"].of(values)

    def forward(self, x: Array) -> Array:
        """The logits of the mean prediction, or for regression the prediction, (R, K, B)."""
        np.copyto(self.logits, self._first.forward(x))
        weights = self._weights[:, :, None, None]
        if not weights.any():
            return self.logits
        total = np.zeros_like(self.logits)
        for number, network in enumerate(self._copies):
            z = network.forward(network.into if x is self.into else x)
            total += np.where(weights[:, number] > 0, weights[:, number] * probabilities(z, self._task), 0)
        of_all = weights.sum(axis=1)
        mean = total / np.where(of_all > 0, of_all, 1)
        np.copyto(self.logits, logits(mean, self._task), where=of_all > 0)
        return self.logits


def for_evaluation(
    layout: Layout, values: Array, inputs: Array, stack: Sequence[Regularizer], task: str
) -> Network | Ensemble:
    """The networks as they predict."""
    if layout.copies:
        return Ensemble(layout, values, inputs, stack, task)
    return Network(layout, values, inputs, stack)


@dataclass(frozen=True)
class _Layer:
    """whole: what the product writes, (R, H, B). pool: of a residual block, after the sum."""

    product: Dense | Convolution
    stages: Sequence[Stage]
    skip: Skip | None
    pool: Stage | None
    whole: Array


def _stages(
    layout: Layout, layer: int, view: Array, values: Array, gradient: Array | None, stack: Sequence[Regularizer],
    pool: Stage | None, pooled: Array,
) -> list[Stage]:  # fmt: skip
    """What follows the product of a hidden layer: activation, pooling, and the layers of the stack around activation.

    Where the greatest values are pooled an activation that rises comes after that, and has fewer to act on; the same
    bits come out, since it keeps the greatest one the greatest.
    """
    before: list[Stage] = []
    after: list[Stage] = []
    block, (replicas, _, samples) = layout.blocks[layer], view.shape
    for member in stack:
        own = layout.own(member, layer, values)
        gradients = None if gradient is None else layout.own(member, layer, gradient)
        stage = member.stage(own, gradients, (replicas, block.outputs[0], block.places, samples))
        if stage is not None:
            (before if member.before_activation else after).append(stage)
    name = layout.architecture.activation
    pool_first = pool is not None and not after and layout.architecture.pooling == "max" and name in RISING
    activation = Activation(name, pooled if pool_first else view, gradient is not None)
    pools = [] if pool is None else [pool]
    return [*before, *pools, activation] if pool_first else [*before, activation, *after, *pools]
