"""Evaluation: the same networks with the empty stack, on all splits at once."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from regx.core.arrays import Array
from regx.core.regularizer import Scores
from regx.data.dataset import Split
from regx.data.weights import row_weights
from regx.engine.batches import augmented, targets
from regx.engine.population import Population
from regx.metrics import REGISTRY
from regx.metrics.metric import Metric
from regx.metrics.seen import SplitRows
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct
from regx.nn.network import Ensemble, Network, for_evaluation

# Samples that go through the network at once: enough to fill the products, few enough that what a network holds of them
# stays in cache.
CHUNK, MOST_VALUES = 512, 1 << 20


class Evaluator:
    """A population on the training, validation and test split, as metrics see it (`regx.metrics.seen.Seen`).

    values: (R, P), read at every call, never written.
    """

    def __init__(self, population: Population, layout: Layout, values: Array) -> None:
        self.task, self.layout, self.values = population.task, layout, values
        self.is_weight = layout.is_weight(values.dtype)
        self.scratch = np.empty_like(values)
        each = [(data.train, data.val, data.test) for data in population.datasets]
        joined = [Split(*(np.concatenate([getattr(one, name) for one in of]) for name in ("x", "y"))) for of in each]
        first = population.datasets[0]
        stops: list[int] = np.cumsum([len(split.x) for split in (first.train, first.val, first.test)]).tolist()
        self._n = stops[-1]
        parts = zip(("train", "val", "test"), [0, *stops[:-1]], stops, strict=True)
        self.splits = {name: SplitRows(self, name, start, stop) for name, start, stop in parts}
        self._x = augmented(joined, values.dtype)  # (S, n, D + 1)
        y = targets(joined, values.dtype).swapaxes(1, 2)
        # One dataset for all networks is not copied for each: a length of 1 broadcasts.
        self._which = slice(None) if len(joined) == 1 else np.array(population.which)
        self.y = y[self._which]
        self.z = np.empty(0)
        self._stack = population.stack
        self._each_epoch = [
            metric for metric in REGISTRY.values() if metric.each_epoch and metric.of and self.task in metric.tasks
        ]
        self._datasets, self._class_weight = population.datasets, population.training.class_weight
        self._row_weights: dict[str, Array | None] = {}
        self._per_sample: Array | None = None
        self._right: Array | None = None
        self._networks: dict[int, Network | Ensemble] = {}
        self._chunk = min(CHUNK, max(32, MOST_VALUES // layout.values_per_sample))
        if self._n <= self._chunk:
            x = np.broadcast_to(self._x[self._which], (len(values), *self._x.shape[1:]))
            self._networks[self._n] = self._network(x.swapaxes(1, 2))

    def _network(self, inputs: Array) -> Network | Ensemble:
        return for_evaluation(self.layout, self.values, inputs, self._stack, self.task)

    def _forward(self) -> Iterator[tuple[int, Network | Ensemble]]:
        """Pass the rows through in chunks: the first row of each, and the network that has just seen it."""
        if self._n <= self._chunk:
            network = self._networks[self._n]
            network.forward(network.into)
            yield 0, network
            return
        for start in range(0, self._n, self._chunk):
            x = self._x[self._which, start : start + self._chunk].swapaxes(1, 2)
            size = x.shape[2]
            if size not in self._networks:
                self._networks[size] = self._network(np.empty((len(self.values), *x.shape[1:]), x.dtype))
            network = self._networks[size]
            np.copyto(network.inputs, x)
            network.forward(network.into)
            yield start, network

    def outputs(self) -> Array:
        """The networks' outputs on training, validation and test rows, one after the other: (R, K, n)."""
        if self._n <= self._chunk:
            return next(self._forward())[1].logits
        return np.concatenate([network.logits.copy() for _, network in self._forward()], axis=2)

    def range_of_hidden(self) -> tuple[list[Array], list[Array]]:
        low: list[Array] = []
        high: list[Array] = []
        n_train = self.splits["train"].n
        for start, network in self._forward():
            chunk = [view[:, :, : n_train - start] for view in network.hidden]
            if start == 0:
                low, high = [view.min(axis=2) for view in chunk], [view.max(axis=2) for view in chunk]
            else:  # of many chunks no more is kept than of one
                low = [np.minimum(a, view.min(axis=2)) for a, view in zip(low, chunk, strict=True)]
                high = [np.maximum(a, view.max(axis=2)) for a, view in zip(high, chunk, strict=True)]
            if start + self._chunk >= n_train:
                break
        return low, high

    @property
    def per_sample(self) -> Array:
        if self._per_sample is None:
            self._per_sample = LOSSES[self.task](self.z, self.y, False)[0]
        return self._per_sample

    @property
    def right(self) -> Array:
        if self._right is None:
            self._right = correct(self.z, self.y).astype(self.z.dtype)
        return self._right

    def answer(self) -> None:
        """Let the networks answer all rows."""
        self.z = self.outputs()
        self._per_sample = self._right = None

    def measured(self, metric: Metric) -> Array:
        """A metric of the networks as they have answered, (R,); NaN on a split without rows."""
        assert metric.of is not None
        rows = self.splits.get(metric.split)
        if rows is not None and not rows.n:
            return np.full(len(self.values), np.nan, self.values.dtype)
        return metric.of(self if rows is None else rows)

    def metrics(self) -> dict[str, Array]:
        """The metrics of an epoch that can be measured on networks; each (R,)."""
        self.answer()
        return {metric.name: self.measured(metric) for metric in self._each_epoch}

    def scores(self, epoch: int, metrics: Mapping[str, Array], split: str = "val") -> Scores:
        """What regularizers are told after an epoch, of these metrics, which were measured last."""
        loss, accuracy = metrics[f"{split}_loss"], metrics.get(f"{split}_accuracy")
        rows = self.splits[split]
        right = None if accuracy is None else rows.means_of_halves(self.right)
        scores = Scores(epoch, loss, accuracy, rows.means_of_halves(self.per_sample), right)
        if (weight := self._weights(split)) is None:
            return scores
        weighted = self.per_sample * weight
        return replace(scores, weighted_loss=rows.mean(weighted), weighted_of_halves=rows.means_of_halves(weighted))

    def _weights(self, split: str) -> Array | None:
        """How much each row of a split counts, as it would in training, (R, all rows); None if all the same."""
        if split not in self._row_weights:
            rows, each = self.splits[split], []
            if rows.n:
                each = [row_weights(one, self._class_weight, getattr(one, split)) for one in self._datasets]
            found = np.ones((len(self._datasets), self._n), self.values.dtype)
            for own, weight in zip(found, each, strict=False):
                own[rows.rows] = 1 if weight is None else weight
            weighed = any(weight is not None for weight in each)
            self._row_weights[split] = found[self._which] if weighed else None
        return self._row_weights[split]
