"""Networks that are trained, asked again: what metrics see of stored weights."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array
from regx.engine.batches import augmented, targets
from regx.engine.evaluate import Evaluator
from regx.engine.population import Population
from regx.engine.state import State
from regx.metrics.metric import Metric
from regx.nn.losses import LOSSES
from regx.nn.network import Network


class Asked(Evaluator):
    """Networks with parameters `values`, (R, P), that are not trained any more (`regx.metrics.seen.Stored`)."""

    def __init__(self, population: Population, values: Array) -> None:
        super().__init__(population, population.layout(), values)
        self._population = population

    def all_of(self, metrics: list[Metric]) -> dict[str, Array]:
        """These metrics of the networks; each (R,)."""
        with np.errstate(all="ignore"):
            self.answer()
            return {metric.name: self.measured(metric) for metric in metrics}

    def in_training_mode(self, split: str, times: int) -> list[Array]:
        """As `Stored` has it. Always the same draws for the same seed."""
        x = self._rows(split, self.values.dtype)
        state = State(self._population)
        values, nothing = self.values.copy(), np.zeros_like(self.values)
        network = Network(self.layout, values, x, self._population.stack, nothing, state.hooks)
        found = []
        for _ in range(times):
            np.copyto(values, self.values)  # running statistics among them
            found.append(network.forward(network.into).copy())
        return found

    def gradient_at(self, values: Array) -> tuple[Array, Array]:
        """As `Stored` has it."""
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
