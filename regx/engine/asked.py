"""Trained networks, asked again: what metrics see of stored weights."""

from collections.abc import Iterator
from functools import reduce

import numpy as np

from regx.core.arrays import Array
from regx.engine.batches import augmented, targets
from regx.engine.evaluate import Evaluator
from regx.engine.population import Population
from regx.engine.state import State
from regx.metrics.metric import Metric
from regx.nn.losses import LOSSES, probabilities
from regx.nn.network import Network


class Asked(Evaluator):
    """Networks with parameters `values`, (R, P), that are not trained any more (`regx.metrics.seen.Stored`)."""

    def __init__(self, population: Population, values: Array) -> None:
        super().__init__(population, population.layout(), values)
        self._population = population
        self._means: dict[tuple[str, int], Array] = {}

    def all_of(self, metrics: list[Metric]) -> dict[str, Array]:
        """These metrics of the networks; each (R,)."""
        with np.errstate(all="ignore"):
            self.answer()
            return {metric.name: self.measured(metric) for metric in metrics}

    def in_training_mode(self, split: str, times: int) -> list[Array]:
        # Always the same draws for the same seed.
        return list(self._noisy(split, times, np.zeros_like(self.values)))

    def mean_over_masks(self, split: str, masks: int) -> Array:
        if (split, masks) not in self._means:
            each = (probabilities(z, self.task).astype(np.float64) for z in self._noisy(split, masks, None))
            self._means[split, masks] = reduce(np.add, each) / masks
        return self._means[split, masks]

    def _noisy(self, split: str, times: int, gradient: Array | None) -> Iterator[Array]:
        """The outputs for a split's rows with the hooks of training, (R, K, n) each, by running statistics if None."""
        x, values = self._rows(split, self.values.dtype), self.values.copy()
        step = State(self._population).training_step
        network = Network(self.layout, values, np.ones_like(x), self._population.stack, gradient, step.hooks)
        for _ in range(times):
            np.copyto(values, self.values)  # running statistics among them
            np.copyto(network.into, step.with_features_dropped(x[:, :-1]))
            yield network.forward(network.into).copy()

    def gradient_at(self, values: Array) -> tuple[Array, Array]:
        values, gradient = values.astype(np.float64), np.zeros(values.shape)
        network = Network(self.layout, values, self._rows("train", values.dtype), self._population.stack, gradient)
        y = targets([dataset.train for dataset in self._population.datasets], values.dtype).swapaxes(1, 2)
        z = network.forward(network.into)
        per_sample, slope = LOSSES[self.task](z, y[list(self._population.which)], True)
        assert slope is not None
        network.backward(slope)
        return per_sample.mean(axis=1), gradient

    def _rows(self, split: str, dtype: np.dtype[np.float64]) -> Array:
        """What the first layer reads of a split, (R, D + 1, n)."""
        x = augmented([getattr(dataset, split) for dataset in self._population.datasets], dtype)
        return np.ascontiguousarray(x[list(self._population.which)].swapaxes(1, 2))
