"""What metrics are computed from: networks of a population that have just answered all rows of their data."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from regx.core.arrays import Array
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct, probabilities


class Seen(Protocol):
    """R networks that have answered, in evaluation mode, every row of the three splits: n rows together.

    values: the parameters, (R, P), and `layout` where which of them lie. is_weight: (P,), 1 at weights, else 0.
    scratch: (R, P), to be overwritten. z, y: outputs and targets, (R, K, n). per_sample, right: the loss of every row,
    and whether its class was found, (R, n). splits: the rows of each split.
    """

    task: str
    layout: Layout
    values: Array
    is_weight: Array
    scratch: Array
    z: Array
    y: Array
    splits: dict[str, SplitRows]

    @property
    def per_sample(self) -> Array: ...
    @property
    def right(self) -> Array: ...

    def range_of_hidden(self) -> tuple[list[Array], list[Array]]:
        """The least and the greatest output of every hidden unit over the training rows, (R, H) for each layer."""


class Stored(Seen, Protocol):
    """The same of networks that are trained and read from a run folder: these can be asked for more."""

    def in_training_mode(self, split: str, times: int) -> list[Array]:
        """The outputs for a split's rows with the noise of training on, `times` anew, (R, K, n) each.

        As in a network that was never put into evaluation mode: units and weights are dropped, and batch norm uses the
        statistics of these rows. What else acts on batches in the training loop (input noise, mixup) is not part of it.
        """

    def mean_over_masks(self, split: str, masks: int) -> Array:
        """The mean over so many such answers of the numbers or probabilities, (R, K, n) in float64.

        But that batch norm uses its running statistics.
        """

    def gradient_at(self, values: Array) -> tuple[Array, Array]:
        """The mean loss of the training rows at other parameters, (R,), and its gradient, (R, P), in float64.

        Without noise; batch norm by the statistics of all training rows.
        """


class SplitRows:
    """The rows of one split, `n` of them, and what the networks answered there. Shapes as in `Seen`."""

    def __init__(self, seen: Seen, name: str, start: int, stop: int) -> None:
        self.seen, self.name, self.rows, self.n = seen, name, slice(start, stop), stop - start

    @property
    def z(self) -> Array:
        return self.seen.z[:, :, self.rows]

    @property
    def y(self) -> Array:
        return self.seen.y[:, :, self.rows]

    def mean(self, of_rows: Array) -> Array:
        """The mean over this split of what there is one of for every row of all splits, (R, all rows) -> (R,)."""
        return np.asarray(np.add.reduce(of_rows[:, self.rows], axis=1) / self.n)

    def means_of_halves(self, of_rows: Array) -> Array:
        """The same over every other row of this split and over those between, (R, 2); NaN of none."""
        own = of_rows[:, self.rows]
        halves = own[:, 0::2], own[:, 1::2]
        return np.stack([np.add.reduce(half, axis=1) / (half.shape[1] or np.nan) for half in halves], axis=1)

    def loss_of(self, z: Array) -> Array:
        """The mean loss of other outputs for these rows, (R, K, n) -> (R,)."""
        return np.asarray(LOSSES[self.seen.task](z, self.y, False)[0].mean(axis=1))

    def accuracy_of(self, z: Array) -> Array:
        """Their share that is classified rightly, (R, K, n) -> (R,)."""
        return np.asarray(correct(z, self.y).mean(axis=1))

    @property
    def classes(self) -> tuple[Array, Array]:
        """The probability of each class, and the classes that are right as 0 and 1: (R, n, C) each, in float64.

        C is 2 for one output, whose probability is that of class 1.
        """
        return by_class(probabilities(self.z, self.seen.task)), by_class(np.broadcast_to(self.y, self.z.shape))


def by_class(p: Array) -> Array:
    """(R, K, n) -> (R, n, C), each network's rows behind one another so that its sums depend on it alone."""
    p = p.astype(np.float64)
    both = np.concatenate([1 - p, p], axis=1) if p.shape[1] == 1 else p
    return np.ascontiguousarray(both.swapaxes(1, 2))
