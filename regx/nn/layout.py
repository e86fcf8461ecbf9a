"""Where each tensor of a network lies in the arena."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from regx.core.arrays import Array, Tensor
from regx.core.errors import InputError
from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.nn.architecture import Architecture
from regx.nn.initialisations import initial_weight

Shape = tuple[int, ...]  # of one sample at a layer: (channels, height, width), or (units,)


@dataclass(frozen=True)
class Block:
    """One hidden layer: a convolution over an image, or a dense layer over units.

    inputs, outputs: what comes in, and what it makes of it before pooling. pooled: what goes on.
    """

    inputs: Shape
    outputs: Shape
    pooled: Shape
    residual: bool

    @property
    def is_convolution(self) -> bool:
        return len(self.outputs) == 3

    @property
    def places(self) -> int:
        """Where a convolution's filters are applied; 1 of a dense layer."""
        return math.prod(self.outputs[1:])


class Layout:
    """The tensors of a network from `inputs` over the hidden layers to `outputs`.

    A layer's bias lies behind its weight, so that both are one matrix (in + 1, out) against inputs with a row of ones:
    the bias and its gradient come out of the matrix products. Of a convolution it is (channels·kernel² + 1, filters),
    where every place has filters of its own (..., places·filters). Behind all of them lie the tensors that layers in
    the stack add to the hidden layers. Layers that share a weight have tensors of their own name at the same place.

    inputs: the number of features, or an image's (channels, height, width).
    alone, copies: the layout without the copies of itself that a member keeps behind it, and how many there are.
    blocks: the hidden layers. dense: weight and bias of each layer as one. tensors: what a run saves, by name.
    Raises InputError where the architecture does not fit the inputs.
    """

    def __init__(
        self, inputs: int | Shape, architecture: Architecture, outputs: int, stack: Sequence[Regularizer] = ()
    ) -> None:
        self.architecture = architecture
        shape = (inputs,) if isinstance(inputs, int) else inputs
        self.blocks = _blocks(shape, architecture)
        self.widths = (math.prod(shape), *(math.prod(block.pooled) for block in self.blocks), outputs)
        self.tensors: dict[str, Tensor] = {}
        self.dense: list[Tensor] = []
        self._fans: dict[str, int] = {}  # of each weight, how many outputs see one of its inputs
        self._untrained: list[Tensor] = []
        self._first_values: list[tuple[Tensor, float]] = []
        self.size = 0
        shared: dict[Shape, Tensor] = {}
        for layer, block in enumerate([*self.blocks, None]):
            shape = self._weight_shape(block)
            bias = shape[3:] or shape[1:]
            columns = math.prod(bias)
            rows = math.prod(shape) // columns
            tied_to = shared.get(shape) if architecture.tied and block else None
            dense = tied_to or self._place(f"{layer}/dense", (rows + 1, columns))
            if block:
                shared.setdefault(shape, dense)
            self.dense.append(dense)
            weight = Tensor(f"{layer}/weight", dense.start, shape, is_filters=len(shape) > 2)
            self._fans[weight.name] = shape[-1] * (architecture.kernel**2 if weight.is_filters else 1)
            self.tensors[weight.name] = weight
            self.tensors[f"{layer}/bias"] = Tensor(f"{layer}/bias", weight.stop, bias)
        for layer, block in enumerate(self.blocks):
            width = block.outputs[0]
            for member in stack:
                for name, (value, trained) in member.own_tensors(width).items():
                    if f"{layer}/{name}" in self.tensors:
                        raise InputError(
                            f"regularizers: expected one normalisation in a stack, found another: {member.kind}"
                        )
                    tensor = self._place(f"{layer}/{name}", (width,))
                    self.tensors[tensor.name] = tensor
                    self._first_values.append((tensor, value))
                    if not trained:
                        self._untrained.append(tensor)
        self.alone, self.copies = self, max([member.copies for member in stack], default=0)
        if self.copies:
            self.alone = Layout(inputs, architecture, outputs, [member for member in stack if not member.copies])
            for number in range(1, self.copies + 1):
                for tensor in self.alone.tensors.values():
                    name = tensor.name.replace("/", f"/snapshot{number}_")
                    self.tensors[name] = replace(tensor, name=name, start=number * self.alone.size + tensor.start)
            self.size *= self.copies + 1
            self.tensors["0/snapshots"] = self._place("0/snapshots", (self.copies,))
            self._untrained.append(Tensor("", self.alone.size, (self.size - self.alone.size,)))

    def _weight_shape(self, block: Block | None) -> Shape:
        """The shape under which a layer's weight is saved; None stands for the output layer."""
        if block is None:
            return self.widths[-2:]
        if not block.is_convolution:
            return (math.prod(block.inputs), *block.outputs)
        kernel, (filters, *places) = self.architecture.kernel, block.outputs
        return (block.inputs[0], kernel, kernel, *(() if self.architecture.shared else places), filters)

    def _place(self, name: str, shape: tuple[int, ...]) -> Tensor:
        tensor = Tensor(name, self.size, shape)
        self.size = tensor.stop
        return tensor

    @cached_property
    def weights(self) -> tuple[Tensor, ...]:
        """The weight matrices, from the input on; shared ones once."""
        return self.weights_of(None)

    def weights_of(self, layers: Sequence[int] | None) -> tuple[Tensor, ...]:
        """The same of these layers alone, counted as in a list, -1 the output's; of all if None."""
        count = range(len(self.dense))
        named = count if layers is None else sorted({count[layer] for layer in layers})
        found = {tensor.start: tensor for tensor in (self.tensors[f"{layer}/weight"] for layer in named)}
        return tuple(tensor.matrix() for tensor in found.values())

    @property
    def channels(self) -> tuple[int, ...]:
        """The channels that each hidden layer hands on; 0 of a dense layer, whose units are no image."""
        return tuple(block.outputs[0] if block.is_convolution else 0 for block in self.blocks)

    @property
    def products(self) -> int:
        """Multiplications of one sample on its way forward."""
        places = [block.places if self.architecture.shared else 1 for block in self.blocks]
        return sum(math.prod(tensor.shape) * times for tensor, times in zip(self.dense, [*places, 1], strict=True))

    @property
    def values_per_sample(self) -> int:
        """The numbers that a network in training holds of each sample: hidden values, gradients, patches."""
        held = 2 * sum(self.widths)
        for block, tensor in zip(self.blocks, self.dense, strict=False):
            if block.is_convolution:
                held += (tensor.shape[0] + 2 * block.outputs[0]) * block.places
                if block.pooled != block.outputs:  # columns are pooled before rows
                    held += math.prod(block.outputs) // self.architecture.pool
        return held

    def is_weight(self, dtype: np.dtype[Any], layers: Sequence[int] | None = None) -> Array:
        """1 at the weights of weight matrices, of these layers alone or of all, and 0 at everything else, (P,)."""
        mask = np.zeros(self.size, dtype)
        for tensor in self.weights_of(layers):
            mask[tensor.start : tensor.stop] = 1
        return mask

    def is_trained(self, dtype: np.dtype[Any]) -> Array:
        """1 at what gradients change and 0 at running statistics, (P,)."""
        mask = np.ones(self.size, dtype)
        for tensor in self._untrained:
            mask[tensor.start : tensor.stop] = 0
        return mask

    def initial(self, seeds: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """Initial parameters, (R, P): weights drawn from each seed's own stream, biases 0, gains 1, offsets 0."""
        values = np.zeros((len(seeds), self.size), dtype)
        for tensor, value in self._first_values:
            tensor.of(values)[:] = value
        drawn: dict[int, list[Array]] = {}
        # Of a shared weight every layer's is drawn and the first one's kept, so that sharing changes no other draw.
        weights = [tensor.matrix() for name, tensor in self.tensors.items() if name.endswith("/weight")]
        for row, seed in enumerate(seeds):
            if seed not in drawn:
                rng = stream(seed, "init")
                drawn[seed] = [
                    initial_weight(rng, tensor.shape, self._fans[tensor.name], self.architecture.init)
                    for tensor in weights
                ]
            for tensor, weight in zip(reversed(weights), reversed(drawn[seed]), strict=True):
                tensor.of(values)[row] = weight
        return values

    def own(self, member: Regularizer, layer: int, values: Array) -> dict[str, Array]:
        """The views (R, H) of the tensors that a member of the stack has added to a hidden layer, by name."""
        names = member.own_tensors(self.blocks[layer].outputs[0])
        return {name: self.tensors[f"{layer}/{name}"].of(values) for name in names}

    def named(self, row: Array) -> dict[str, Array]:
        """The tensors of one network by name: (P,) -> copies of their own shape."""
        return {name: tensor.of(row[None])[0].copy() for name, tensor in self.tensors.items()}

    def flat(self, named: dict[str, Array]) -> Array:
        """The inverse of `named`: (P,)."""
        row = np.zeros((1, self.size), next(iter(named.values())).dtype)
        for name, tensor in self.tensors.items():
            tensor.of(row)[0] = named[name]
        return np.asarray(row[0])


def _blocks(inputs: Shape, architecture: Architecture) -> tuple[Block, ...]:
    """The hidden layers over inputs of a shape."""
    found: list[Block] = []
    kernel, pool = architecture.kernel, architecture.pool
    if architecture.conv and len(inputs) != 3:
        raise InputError(
            f"architecture.conv: expected images, found a table of {math.prod(inputs)} columns. Set architecture.conv="
            "[], or if the columns are pixels, dataset.shape=[channels, height, width]."
        )
    for number, filters in enumerate(architecture.conv):
        height, width = inputs[1:]
        if kernel > min(height, width):
            raise InputError(
                f"architecture.kernel is {kernel}; convolution {number} sees {height} x {width} pixels, so expected "
                f"{min(height, width)} at most. Make the kernel smaller, architecture.pool smaller, or leave "
                "convolutions out."
            )
        if pool > min(height, width):
            raise InputError(
                f"architecture.pool is {pool}, which leaves nothing of the {height} x {width} pixels of convolution "
                f"{number}. Set architecture.pool=1 for none, or use fewer convolutions."
            )
        outputs = (filters, height, width)
        pooled = (filters, height // pool, width // pool)
        residual = architecture.residual and number > 0 and inputs == outputs
        found.append(Block(inputs, outputs, pooled, residual))
        inputs = pooled
    width = math.prod(inputs)
    for layer, units in enumerate(architecture.hidden):
        residual = architecture.residual and layer > 0 and width == units
        found.append(Block((width,), (units,), (units,), residual))
        width = units
    return tuple(found)
