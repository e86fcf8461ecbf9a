"""The networks of a population over batches of a fixed size: forward, and backward as pullbacks in reverse."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer, Stage
from regx.nn.activations import RISING
from regx.nn.chain import in_one_call
from regx.nn.convolution import POOLING, Convolution
from regx.nn.layout import Layout
from regx.nn.losses import logits, probabilities
from regx.nn.stages import Activation, Dense, Dropped, Dropping, Hook, Hooked, Joint, Scale, Skip, Weight


@dataclass(frozen=True)
class Hooks:
    """Those of a stack's hooks that act within the network, in the stack's order."""

    weight: tuple[Hook, ...] = ()
    hidden: tuple[Hook, ...] = ()
    branch: tuple[Hook, ...] = ()
    logits: tuple[Hook, ...] = ()


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
        at_rest = [factors for member in stack if hooks is None and (factors := member.at_rest(dtype))]
        self._on_inputs = [on_inputs for on_inputs, _ in at_rest]
        first = laid_out_as(inputs) if at_rest else inputs
        buffers = [first, *(np.ones((replicas, width + 1, batch), dtype) for width in layout.widths[1:-1])]
        views = [buffer[:, :-1] for buffer in buffers] + [np.empty((replicas, layout.widths[-1], batch), dtype)]
        self._entering = views[0]
        self.inputs, self.into = inputs, inputs[:, :-1] if at_rest else views[0]
        self.hidden = views[1:-1]  # outputs of the hidden layers, (R, H, B) each, until the next call of `forward`
        self.logits = views[-1]
        hooks, architecture, last = hooks or Hooks(), layout.architecture, len(layout.blocks)
        stages: list[Stage] = []
        for layer, block in enumerate([*layout.blocks, None]):
            tensor = layout.dense[layer]
            weight = Weight(
                tensor.of(values), None if gradient is None else tensor.of(gradient), layer,
                training and tensor in layout.dense[layer + 1 : last], hooks.weight,
            )  # fmt: skip
            first_of_all, whole = not layer and not to_inputs, views[layer + 1]
            pool: list[Stage] = []
            if block and block.pooled != block.outputs:
                whole = np.empty((replicas, math.prod(block.outputs), batch), dtype)
                pool = [POOLING[architecture.pooling](block, architecture.pool, views[layer + 1], training)]
            skip = Skip(whole.shape, dtype) if block and block.residual else None
            stages += [skip] if skip else []
            if block and block.is_convolution:
                shape = architecture.kernel, architecture.shared
                stages.append(Convolution(weight, block, *shape, whole, first_of_all, training))
            else:
                stages.append(Dense(weight, buffers[layer], views[layer], whole, first_of_all, training))
            if block is None:
                stages += [Hooked(hook, layer) for hook in hooks.logits]
                break
            stages += _stages(layout, layer, whole, values, gradient, stack, [] if skip else pool, views[layer + 1])
            stages += [Scale(on_hidden) for _, on_hidden in at_rest]
            buffer = whole if skip else views[layer + 1]
            for hook in hooks.hidden:
                stages.append(Dropped(hook, layer, buffer) if isinstance(hook, Dropping) else Hooked(hook, layer))
            if skip:
                stages += [*(Hooked(hook, layer) for hook in hooks.branch), Joint(skip, whole), *pool]
        self.stages = in_one_call(stages, replicas, training)

    def forward(self, x: Array) -> Array:
        """The logits, or for regression the prediction, (R, K, B), of x, (R, D, B). Overwritten by the next call."""
        for factor in self._on_inputs:
            x = np.multiply(x, factor, out=self._entering)
        for stage in self.stages:
            x = stage.forward(x)
        return x

    def backward(self, gradient: Array) -> None:
        """Write the gradient of all parameters, from that of the logits, (R, K, B). Runs once after each forward.

        `of_inputs` is then the gradient of the inputs, (R, D, B), where the network was made `to_inputs`.
        """
        for stage in reversed(self.stages):
            gradient = stage.pullback(gradient)
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


def _stages(
    layout: Layout, layer: int, view: Array, values: Array, gradient: Array | None, stack: Sequence[Regularizer],
    pools: list[Stage], pooled: Array,
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
    pool_first = pools and not after and layout.architecture.pooling == "max" and name in RISING
    activation = Activation(name, pooled if pool_first else view, gradient is not None)
    return [*before, *pools, activation] if pool_first else [*before, activation, *after, *pools]
