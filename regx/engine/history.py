"""The metrics of a population's epochs, until a network leaves with its rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.metrics import columns


class History:
    """Rows of metrics for R networks, at most `rows` each, in the compute dtype."""

    def __init__(self, replicas: int, rows: int, task: str, dtype: np.dtype[Any]) -> None:
        self.columns = columns(task)
        self._epochs = np.zeros((replicas, rows), np.int64)
        self._rows = np.full((replicas, len(self.columns), rows), np.nan, dtype)
        self._length = np.zeros(replicas, np.int64)

    def add(self, networks: Array, wanted: Array, epoch: int, metrics: dict[str, Array]) -> None:
        """One row for each of `networks`, (r,) their numbers in the whole population, where `wanted`, (r,), is true.

        metrics: every column but the epoch, (r,) each.
        """
        networks = networks[wanted]
        at = self._length[networks]
        self._epochs[networks, at] = epoch
        self._rows[networks, 1:, at] = np.array([metrics[name] for name in self.columns[1:]]).T[wanted]
        self._length[networks] += 1

    def of(self, network: int) -> dict[str, Array]:
        """The rows of one network, a column each."""
        return self.columns_of({**self.saved(), "epochs": self._epochs, "rows": self._rows}, network)

    @staticmethod
    def columns_of(saved: Mapping[str, Array], network: int) -> dict[str, Array]:
        """The rows of one network in what was `saved`."""
        length, rows = saved["length"][network], saved["rows"]
        names = saved["columns"].tobytes().decode().split(",")
        columns = {name: rows[network, index, :length].copy() for index, name in enumerate(names)}
        return columns | {"epoch": saved["epochs"][network, :length].copy()}

    def saved(self) -> dict[str, Array]:
        """All rows so far, to be given to `restore`. epochs: (R, rows), rows: (R, columns, rows), length: (R,),
        columns: their names.
        """
        longest = self._length.max()
        return {
            "epochs": self._epochs[:, :longest], "rows": self._rows[:, :, :longest], "length": self._length,
            "columns": np.frombuffer(",".join(self.columns).encode(), np.uint8),
        }  # fmt: skip

    def restore(self, saved: Mapping[str, Array]) -> None:
        """Go on from the rows of the same networks."""
        longest = saved["epochs"].shape[1]
        self._epochs[:, :longest] = saved["epochs"]
        self._rows[:, :, :longest] = saved["rows"]
        self._length[:] = saved["length"]
