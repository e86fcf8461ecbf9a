"""Evaluation: the same networks with the empty stack, on all splits at once."""

from __future__ import annotations

from collections.abc import Iterator

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
        self._stops: list[int] = np.cumsum([len(split.x) for split in (first.train, first.val, first.test)]).tolist()
        self._n = self._stops[-1]
        self._x = augmented(joined, values.dtype)  # (S, n, D + 1)
        y = targets(joined, values.dtype).swapaxes(1, 2)
        # One dataset for all networks is not copied for each: a length of 1 broadcasts.
        self._which = slice(None) if len(joined) == 1 else np.array(population.which)
        self._y = y[self._which]
        self._layout, self._stack = layout, population.stack
        self._networks: dict[int, Network] = {}
        if self._n <= CHUNK:
            x = np.broadcast_to(self._x[self._which], (len(values), *self._x.shape[1:]))
            self._networks[self._n] = self._network(x.swapaxes(1, 2))

    def _network(self, inputs: Array) -> Network:
        return Network(self._layout, self._values, inputs, self._stack)

    def _forward(self) -> Iterator[tuple[int, Network]]:
        """Pass the rows through in chunks: the first row of each, and the network that has just seen it."""
        if self._n <= CHUNK:
            network = self._networks[self._n]
            network.forward(network.into)
            yield 0, network
            return
        for start in range(0, self._n, CHUNK):
            x = self._x[self._which, start : start + CHUNK].swapaxes(1, 2)
            size = x.shape[2]
            if size not in self._networks:
                self._networks[size] = self._network(np.empty((len(self._values), *x.shape[1:]), x.dtype))
            network = self._networks[size]
            np.copyto(network.inputs, x)
            network.forward(network.into)
            yield start, network

    def outputs(self) -> Array:
        """The networks' outputs on training, validation and test rows, one after the other: (R, K, n)."""
        if self._n <= CHUNK:
            return next(self._forward())[1].logits
        return np.concatenate([network.logits.copy() for _, network in self._forward()], axis=2)

    def range_of_hidden(self) -> tuple[list[Array], list[Array]]:
        """The least and the greatest output of every hidden unit over the training rows, (R, H) for each layer."""
        low: list[Array] = []
        high: list[Array] = []
        n_train = self._stops[0]
        for start, network in self._forward():
            chunk = [view[:, :, : max(n_train - start, 0)] for view in network.hidden]
            if start == 0:
                low, high = [view.min(axis=2) for view in chunk], [view.max(axis=2) for view in chunk]
            elif start < n_train:
                low = [np.minimum(a, view.min(axis=2)) for a, view in zip(low, chunk, strict=True)]
                high = [np.maximum(a, view.max(axis=2)) for a, view in zip(high, chunk, strict=True)]
        return low, high

    def test_rows(self) -> tuple[Array, Array]:
        """The networks' outputs on the test rows, (R, K, n), and their targets, (1 or R, K, n)."""
        start = int(self._stops[1])
        return self.outputs()[:, :, start:], self._y[:, :, start:]

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
        """The mean over each split by its name, (R,); of an empty one NaN."""
        starts = (0, *self._stops[:-1])
        return [
            (name, np.add.reduce(per_sample[:, start:stop], axis=1) / (stop - start))
            for name, start, stop in zip(("train", "val", "test"), starts, self._stops, strict=True)
        ]


def _joined(dataset: Dataset) -> Split:
    splits = (dataset.train, dataset.val, dataset.test)
    return Split(np.concatenate([split.x for split in splits]), np.concatenate([split.y for split in splits]))
