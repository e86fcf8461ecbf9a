"""The batches of a population, in buffers that the first layer reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core import loops
from regx.core.arrays import Array
from regx.core.kernels import Program, kernel
from regx.core.streams import Streams
from regx.data.batching import bounds
from regx.data.dataset import Dataset, Split
from regx.data.weights import ClassWeight, row_weights


def augmented(splits: list[Split], dtype: np.dtype[Any]) -> Array:
    """The rows of several splits of equal shape with a column of ones, (S, n, D + 1)."""
    n, features = splits[0].x.shape
    rows = np.ones((len(splits), n, features + 1), dtype)
    for row, split in zip(rows, splits, strict=True):
        row[:, :features] = split.x
    return rows


def targets(splits: list[Split], dtype: np.dtype[Any]) -> Array:
    """The targets of several splits of equal shape, (S, n, K)."""
    return np.stack([split.y for split in splits]).astype(dtype)


def weights(datasets: Sequence[Dataset], class_weight: ClassWeight, dtype: np.dtype[Any]) -> Array | None:
    """How much each row that is trained on counts, (S, n); None where all rows of all datasets count the same."""
    each = [row_weights(data, class_weight) for data in datasets]
    if all(weight is None for weight in each):
        return None
    rows = len((datasets[0].fitted or datasets[0].train).x)
    return np.stack([np.ones(rows) if weight is None else weight for weight in each]).astype(dtype)


@dataclass(frozen=True)
class Batch:
    """One batch. x: (R, D + 1, B) with the row of ones; y: (R, K, B). The next batch overwrites them.

    weight: (R, B), how much each sample counts; None where all count the same.
    """

    x: Array
    y: Array
    weight: Array | None = None


class Batches:
    """Batches of `size` samples in a new random order each epoch; the last one has what is left.

    x: (S, n, D + 1), y: (S, n, K) and weight: (S, n) or None, of the S datasets in use, `which` (R,) of them each
    network sees. With a size of n or more there is one batch of all samples in their own order, and no random number is
    drawn. What is left over and is less than `least` samples is joined to the batch before.
    """

    def __init__(
        self, x: Array, y: Array, which: Array, size: int, streams: Streams, weight: Array | None = None, least: int = 1
    ) -> None:
        self._x, self._y, self._which, self._streams, self._weight = x, y, which, streams, weight
        self.n = x.shape[1]
        self._bounds = bounds(self.n, size, least)
        self._largest = max(stop - start for start, stop in self._bounds)
        self.size = self.n if len(self._bounds) == 1 else size
        if self.size == self.n:
            weights = None if weight is None else weight[which]
            self._whole = Batch(x[which].swapaxes(1, 2), np.ascontiguousarray(y[which].swapaxes(1, 2)), weights)
        else:
            replicas = len(which)
            self._x_buffer = np.empty((replicas, self._largest, x.shape[2]), x.dtype)
            self._y_buffer = np.empty((replicas, y.shape[2], self._largest), y.dtype)
            self._weight_buffer = None if weight is None else np.empty((replicas, self._largest), weight.dtype)
            self._gather = self._gathering() if weight is None else {}

    def _gathering(self) -> dict[int, Program | None]:
        """What puts rows of these numbers into the buffers, by how many there are; compiled."""
        each, of_each = list(range(len(self._x))), self._which.tolist()
        if of_each != each and len(each) > 1:  # else networks lie as their datasets do
            return {}
        replicas, (columns, outputs) = len(of_each), (rows.shape[2] for rows in (self._x, self._y))
        x, y = (np.broadcast_to(rows, (replicas, *rows.shape[1:])) for rows in (self._x, self._y))
        into = self._x_buffer, self._y_buffer
        return {
            size: kernel(loops.gather, x.dtype, replicas, x, y, *into, columns, outputs, size, self._largest)
            for size in self.sizes()
        }

    def sizes(self) -> list[int]:
        """The different sizes of batch, largest first."""
        return sorted({stop - start for start, stop in self._bounds}, reverse=True)

    def buffers(self, size: int) -> Batch:
        """Where batches of this size will stand."""
        if self.size == self.n:
            return self._whole
        weight = None if self._weight_buffer is None else self._weight_buffer[:, :size]
        return Batch(self._x_buffer[:, :size].swapaxes(1, 2), self._y_buffer[:, :, :size], weight)

    def epoch(self, streams: Streams | None = None) -> Iterator[Batch]:
        """The batches of one epoch, in an order from streams of its own if they are given."""
        if self.size == self.n:
            yield self._whole
            return
        order = (streams or self._streams).permutation(self.n)
        for start, stop in self._bounds:
            chosen = order[:, start:stop]
            size = chosen.shape[1]
            if gather := self._gather.get(size):
                gather(chosen)
                yield self.buffers(size)
                continue
            for row, (dataset, rows) in enumerate(zip(self._which, chosen, strict=True)):
                np.take(self._x[dataset], rows, axis=0, out=self._x_buffer[row, :size])
                self._y_buffer[row, :, :size] = self._y[dataset, rows].T
                if self._weight is not None and self._weight_buffer is not None:
                    self._weight_buffer[row, :size] = self._weight[dataset, rows]
            yield self.buffers(size)
