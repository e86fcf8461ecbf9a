"""Evaluation: the same networks with the empty stack, on all splits at once."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array, squared_norm
from regx.data.dataset import Dataset, Split
from regx.engine.batches import augmented, targets
from regx.engine.population import Population
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct
from regx.nn.network import Network

# Samples that go through the network at once: enough to fill the products, few enough to stay in cache.
CHUNK = 512


class Evaluator:
    """Losses and accuracies of a population on the training, validation and test split.

    values: (R, P), read at every call, never written.
    """

    def __init__(self, population: Population, layout: Layout, values: Array) -> None:
        self._task = population.task
        self._values = values
        self._is_weight = layout.is_weight(values.dtype)
        self._weights = self._is_weight.sum()
        self._scratch = np.empty_like(values)
        joined = [_joined(dataset) for dataset in population.datasets]
        first = population.datasets[0]
        self._stops = np.cumsum([len(split.x) for split in (first.train, first.val, first.test)])
        self._n = int(self._stops[-1])
        self._x = augmented(joined, values.dtype)  # (S, n, D + 1)
        y = targets(joined, values.dtype).swapaxes(1, 2)
        # One dataset for all networks is not copied for each: a length of 1 broadcasts.
        self._which = slice(None) if len(joined) == 1 else np.array(population.which)
        self._y = y[self._which]
        self._layout, self._activation = layout, population.architecture.activation
        self._networks: dict[int, Network] = {}
        if self._n <= CHUNK:
            x = np.broadcast_to(self._x[self._which], (len(values), *self._x.shape[1:]))
            self._networks[self._n] = self._network(x.swapaxes(1, 2))

    def _network(self, inputs: Array) -> Network:
        return Network(self._layout, self._activation, self._values, inputs)

    def outputs(self) -> Array:
        """The networks' outputs on training, validation and test rows, one after the other: (R, K, n)."""
        if self._n <= CHUNK:
            network = self._networks[self._n]
            return network.forward(network.into)
        parts = []
        for start in range(0, self._n, CHUNK):
            x = self._x[self._which, start : start + CHUNK].swapaxes(1, 2)
            size = x.shape[2]
            if size not in self._networks:
                self._networks[size] = self._network(np.empty((len(self._values), *x.shape[1:]), x.dtype))
            np.copyto(self._networks[size].inputs, x)
            parts.append(self._networks[size].forward(self._networks[size].into).copy())
        return np.concatenate(parts, axis=2)

    def metrics(self) -> dict[str, Array]:
        """The losses, accuracies of a classification, norm of the weights and share of exact zeros; each (R,)."""
        z = self.outputs()
        per_sample, _ = LOSSES[self._task](z, self._y, False)
        measured = {f"{name}_loss": mean for name, mean in self._means(per_sample)}
        if self._task != "regression":
            right = correct(z, self._y).astype(z.dtype)
            measured |= {f"{name}_accuracy": mean for name, mean in self._means(right)}
        weights = np.multiply(self._values, self._is_weight, out=self._scratch)
        measured["weight_norm"] = np.sqrt(squared_norm(weights))
        np.not_equal(weights, 0, out=self._scratch)
        nonzero = np.matmul(self._scratch[:, None, :], self._is_weight[:, None])[:, 0, 0]
        measured["zero_fraction"] = 1 - nonzero / self._weights
        return measured

    def _means(self, per_sample: Array) -> list[tuple[str, Array]]:
        starts = (0, *self._stops[:-1])
        return [
            (name, per_sample[:, start:stop].mean(axis=1) if stop > start else np.full(len(per_sample), np.nan))
            for name, start, stop in zip(("train", "val", "test"), starts, self._stops, strict=True)
        ]


def _joined(dataset: Dataset) -> Split:
    splits = (dataset.train, dataset.val, dataset.test)
    return Split(np.concatenate([split.x for split in splits]), np.concatenate([split.y for split in splits]))
