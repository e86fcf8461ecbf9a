"""Where each tensor of a network lies in the arena."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regx.core.arena import Tensor
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.nn.architecture import Architecture
from regx.nn.initialisations import initial_weight


class Layout:
    """The tensors of a network from `inputs` over the hidden units to `outputs`.

    A layer's bias lies behind its weight, so that both are one matrix (in + 1, out) against inputs with a row of ones:
    the bias and its gradient come out of the matrix products. Behind all of them lie the tensors that layers in the
    stack add to the hidden layers. Layers that share a weight have tensors of their own name at the same place.

    dense: weight and bias of each layer as one. tensors: what a run saves, by name.
    """

    def __init__(
        self, inputs: int, architecture: Architecture, outputs: int, stack: Sequence[Regularizer] = ()
    ) -> None:
        self.architecture = architecture
        self.widths = (inputs, *architecture.hidden, outputs)
        self.tensors: dict[str, Tensor] = {}
        self.dense: list[Tensor] = []
        self._untrained: list[Tensor] = []
        self._first_values: list[tuple[Tensor, float]] = []
        self.size = 0
        shared: dict[tuple[int, int], Tensor] = {}
        hidden = len(architecture.hidden)
        for layer, shape in enumerate(zip(self.widths, self.widths[1:], strict=False)):
            tied_to = shared.get(shape) if architecture.tied and layer < hidden else None
            dense = tied_to or self._place(f"{layer}/dense", (shape[0] + 1, shape[1]))
            if layer < hidden:
                shared.setdefault(shape, dense)
            self.dense.append(dense)
            weight = Tensor(f"{layer}/weight", dense.start, shape)
            self.tensors[weight.name] = weight
            self.tensors[f"{layer}/bias"] = Tensor(f"{layer}/bias", weight.stop, (shape[1],))
        for layer, width in enumerate(architecture.hidden):
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

    def _place(self, name: str, shape: tuple[int, ...]) -> Tensor:
        tensor = Tensor(name, self.size, shape)
        self.size = tensor.stop
        return tensor

    @property
    def weights(self) -> tuple[Tensor, ...]:
        """The weight matrices, from the input on; shared ones once."""
        found = {tensor.start: tensor for name, tensor in self.tensors.items() if name.endswith("/weight")}
        return tuple(found.values())

    def is_weight(self, dtype: np.dtype[Any]) -> Array:
        """1 at the weights of weight matrices and 0 at everything else, (P,)."""
        mask = np.zeros(self.size, dtype)
        for tensor in self.weights:
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
        weights = [tensor for name, tensor in self.tensors.items() if name.endswith("/weight")]
        for row, seed in enumerate(seeds):
            if seed not in drawn:
                rng = stream(seed, "init")
                drawn[seed] = [
                    initial_weight(rng, tensor.shape[0], tensor.shape[1], self.architecture.init) for tensor in weights
                ]
            for tensor, weight in zip(reversed(weights), reversed(drawn[seed]), strict=True):
                tensor.of(values)[row] = weight
        return values

    def own(self, member: Regularizer, layer: int, values: Array) -> dict[str, Array]:
        """The views (R, H) of the tensors that a member of the stack has added to a hidden layer, by name."""
        names = member.own_tensors(self.widths[layer + 1])
        return {name: self.tensors[f"{layer}/{name}"].of(values) for name in names}

    def named(self, row: Array) -> dict[str, Array]:
        """The tensors of one network by name: (P,) -> copies of shape (in, out) or (width,)."""
        return {name: tensor.of(row[None])[0].copy() for name, tensor in self.tensors.items()}

    def flat(self, named: dict[str, Array]) -> Array:
        """The inverse of `named`: (P,)."""
        row = np.zeros((1, self.size), next(iter(named.values())).dtype)
        for name, tensor in self.tensors.items():
            tensor.of(row)[0] = named[name]
        return np.asarray(row[0])
