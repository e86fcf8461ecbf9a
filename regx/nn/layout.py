"""Where each tensor of a network lies in the arena, the one array (R, P) that holds all parameters of a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.nn.architecture import Architecture
from regx.nn.initialisations import initial_weight


@dataclass(frozen=True)
class Tensor:
    """A named part of a network's parameters. name: `<layer>/<weight|bias|gain|offset>`, layers from 0."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        return self.start + int(np.prod(self.shape))

    def of(self, values: Array) -> Array:
        """The view of this tensor in an arena: (R, P) -> (R, *shape)."""
        return values[:, self.start : self.stop].reshape(len(values), *self.shape)


class Layout:
    """The tensors of dense layers from `inputs` over the hidden units to `outputs`.

    A layer's bias lies behind its weight, so that both are one matrix (in + 1, out) against inputs with a row of ones:
    the bias and its gradient come out of the matrix products.
    """

    def __init__(self, inputs: int, architecture: Architecture, outputs: int) -> None:
        self.widths = (inputs, *architecture.hidden, outputs)
        self._init = architecture.init
        self.tensors: list[Tensor] = []
        self.dense: list[Tensor] = []  # weight and bias of each layer as one
        start = 0
        for layer, (fan_in, fan_out) in enumerate(zip(self.widths, self.widths[1:], strict=False)):
            weight = Tensor(f"{layer}/weight", start, (fan_in, fan_out))
            bias = Tensor(f"{layer}/bias", weight.stop, (fan_out,))
            self.dense.append(Tensor(f"{layer}", start, (fan_in + 1, fan_out)))
            self.tensors += [weight, bias]
            start = bias.stop
        self.size = start

    def is_weight(self, dtype: np.dtype[Any]) -> Array:
        """1 at the weights of weight matrices and 0 at everything else, (P,)."""
        mask = np.zeros(self.size, dtype=dtype)
        for tensor in self.tensors:
            if tensor.name.endswith("/weight"):
                mask[tensor.start : tensor.stop] = 1
        return mask

    def initial(self, seeds: Sequence[int], dtype: np.dtype[Any]) -> Array:
        """Initial parameters, (R, P): weights drawn from each seed's own stream, biases 0."""
        values = np.zeros((len(seeds), self.size), dtype=dtype)
        drawn: dict[int, Array] = {}
        for row, seed in zip(values, seeds, strict=True):
            if seed not in drawn:
                rng = stream(seed, "init")
                drawn[seed] = np.zeros(self.size)
                for tensor in self.tensors:
                    if tensor.name.endswith("/weight"):
                        weight = initial_weight(rng, tensor.shape[0], tensor.shape[1], self._init)
                        drawn[seed][tensor.start : tensor.stop] = weight.ravel()
            row[:] = drawn[seed]
        return values

    def named(self, row: Array) -> dict[str, Array]:
        """The tensors of one network by name: (P,) -> copies of shape (in, out) or (out,)."""
        return {tensor.name: tensor.of(row[None])[0].copy() for tensor in self.tensors}

    def flat(self, named: dict[str, Array]) -> Array:
        """The inverse of `named`: (P,)."""
        return np.concatenate([named[tensor.name].ravel() for tensor in self.tensors])
