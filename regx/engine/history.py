"""The metrics of a population's epochs, until a network leaves with its rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.trained import ACCURACIES, METRICS


class History:
    """Rows of metrics for R networks, at most `rows` each, in the compute dtype."""

    def __init__(self, replicas: int, rows: int, classification: bool, dtype: np.dtype[Any]) -> None:
        self.columns = METRICS + (ACCURACIES if classification else ())
        self._epochs = np.zeros((replicas, rows), np.int64)
        self._rows = np.full((replicas, len(self.columns), rows), np.nan, dtype)
        self._length = np.zeros(replicas, np.int64)

    def add(self, networks: Array, epoch: int, metrics: dict[str, Array]) -> None:
        """One row for each of `networks`, (r,) their numbers in the whole population; every metric (r,)."""
        at = self._length[networks]
        self._epochs[networks, at] = epoch
        for index, name in enumerate(self.columns):
            if name in metrics:
                self._rows[networks, index, at] = metrics[name]
        self._length[networks] += 1

    def of(self, network: int) -> dict[str, Array]:
        """The rows of one network, a column each."""
        length = self._length[network]
        columns = {name: self._rows[network, index, :length].copy() for index, name in enumerate(self.columns)}
        return columns | {"epoch": self._epochs[network, :length].copy()}
