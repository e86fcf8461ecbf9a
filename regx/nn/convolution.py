"""Convolution and pooling over the images of a population, features first: (R, C·H·W, B), channel by channel.

The sample is the last axis, so what lies side by side in an image lies side by side in memory for all samples at once:
patches are laid out by a copy of a shifted image for each place of the kernel, and the output of the product is
the next layer's hidden values without another copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.nn.layout import Block
from regx.nn.stages import Weight


class Convolution:
    """z = Wᵀ·[patches; 1] of R networks, with stride 1 and zeros around the image: one product for each network.

    weight: (R, C·kernel² + 1, F) for F filters that every place shares; else (R, C·kernel² + 1, H·W·F), a product for
    each place. outputs: (R, F·H·W, B), contiguous. The first layer returns no gradient of its inputs.
    """

    def __init__(
        self, weight: Weight, block: Block, kernel: int, shared: bool, outputs: Array, first: bool, training: bool
    ) -> None:
        (channels, height, width), filters, places = block.inputs, block.outputs[0], block.places
        replicas, batch, dtype = len(outputs), outputs.shape[2], outputs.dtype
        rows = channels * kernel * kernel
        self._weight = weight
        self._image = (replicas, channels, height, width, batch)
        self._patches = np.ones((replicas, rows + 1, height * width * batch), dtype)
        self._places = list(self._laid_out(kernel))
        self._outputs = outputs
        self._back = np.empty(self._image, dtype) if training and not first else None
        self._shape = (filters, places, shared)
        # The matrices of the products: a network's, or a network's of each place.
        by_place = (replicas, rows + 1, places, batch)
        self._inputs = self._patches if shared else self._patches.reshape(by_place).swapaxes(1, 2)
        self._sums, self._acting = self._of_outputs(outputs), self._of_weight(weight.acting)
        self._found = None if weight.found is None else self._of_weight(weight.found)

    def _of_outputs(self, values: Array) -> Array:
        """(R, F·H·W, B) as the products see it: (R, F, H·W·B) or (R, H·W, F, B)."""
        (replicas, _, batch), (filters, places, shared) = values.shape, self._shape
        if shared:
            return values.reshape(replicas, filters, places * batch)
        return values.reshape(replicas, filters, places, batch).swapaxes(1, 2)

    def _of_weight(self, weight: Array) -> Array:
        """A weight (R, in + 1, F), or where filters are not shared (R, in + 1, H·W·F) as (R, H·W, in + 1, F)."""
        filters, places, shared = self._shape
        return weight if shared else weight.reshape(*weight.shape[:2], places, filters).swapaxes(1, 2)

    def forward(self, h: Array) -> Array:
        """(R, C·H·W, B) -> (R, F·H·W, B)."""
        image = np.ascontiguousarray(h).reshape(self._image)
        for place in self._places:
            np.copyto(place.inside, image[place.source])
            for strip in place.outside:
                strip.fill(0)
        self._weight.act()
        np.matmul(self._acting.swapaxes(-1, -2), self._inputs, out=self._sums)
        return self._outputs

    def pullback(self, gradient: Array) -> Array:
        """Writes the gradient of weight and bias; (R, F·H·W, B) -> (R, C·H·W, B)."""
        assert self._found is not None
        sums = self._of_outputs(gradient)
        np.matmul(self._inputs, sums.swapaxes(-1, -2), out=self._found)
        self._weight.collect()
        if self._back is None:
            return gradient
        # The gradient of the patches takes their place, since they are not needed any more.
        np.matmul(self._acting[..., :-1, :], sums, out=self._inputs[..., :-1, :])
        self._back.fill(0)
        for place in self._places:
            self._back[place.source] += place.inside
        replicas, batch = self._image[0], self._image[-1]
        return self._back.reshape(replicas, -1, batch)

    def _laid_out(self, kernel: int) -> Iterator[_Place]:
        """The places of the kernel."""
        (replicas, channels, height, width, batch), before = self._image, (kernel - 1) // 2
        shape = (replicas, channels, kernel, kernel, height, width, batch)
        pixels = self._patches[:, :-1].reshape(shape)
        for down in range(kernel):
            for right in range(kernel):
                pixel = pixels[:, :, down, right]
                rows, of_rows, no_rows = _overlap(down - before, height)
                columns, of_columns, no_columns = _overlap(right - before, width)
                outside = [pixel[:, :, no_rows]] if no_rows else []
                outside += [pixel[:, :, :, no_columns]] if no_columns else []
                yield _Place(pixel[:, :, rows, columns], (slice(None), slice(None), of_rows, of_columns), outside)


@dataclass(frozen=True)
class _Place:
    """A place of the kernel: views of all patches there, (R, C, H, W, B), where they are inside the image and outside.

    source: what those inside see, in images (R, C, H, W, B).
    """

    inside: Array
    source: tuple[slice, ...]
    outside: Sequence[Array]


def _overlap(shift: int, length: int) -> tuple[slice, slice, slice | None]:
    """Which places are inside a line when shifted, what they see there, and the places that are outside."""
    if shift == 0:
        return slice(None), slice(None), None
    if shift < 0:
        return slice(-shift, None), slice(None, shift), slice(None, -shift)
    return slice(None, -shift), slice(shift, None), slice(length - shift, None)


class _Pooling:
    """What becomes of each window of an image, (R, C, H, W, B). outputs: (R, C·(H//pool)·(W//pool), B)."""

    def __init__(self, block: Block, pool: int, outputs: Array, training: bool) -> None:
        replicas, _, batch = outputs.shape
        self._whole, self._small = ((replicas, *shape, batch) for shape in (block.outputs, block.pooled))
        self._pool, self._outputs, self._pooled = pool, outputs, outputs.reshape(self._small)
        self._leaves_over = block.outputs[1] % pool > 0 or block.outputs[2] % pool > 0
        self._back = np.zeros(self._whole, outputs.dtype) if training else None

    def forward(self, h: Array) -> Array:
        """(R, C·H·W, B) -> (R, C·(H//pool)·(W//pool), B)."""
        self._take(h.reshape(self._whole))
        return self._outputs

    def pullback(self, gradient: Array) -> Array:
        """(R, C·(H//pool)·(W//pool), B) -> (R, C·H·W, B)."""
        assert self._back is not None
        if self._leaves_over:
            self._back.fill(0)  # what follows writes into it everywhere
        self._spread(gradient.reshape(self._small), self._back)
        return self._back.reshape(len(self._back), -1, self._back.shape[-1])

    def _take(self, image: Array) -> None:
        raise NotImplementedError

    def _spread(self, gradient: Array, into: Array) -> None:
        raise NotImplementedError


class MaxPooling(_Pooling):
    """The greatest value of each window; its gradient goes to the first place that has it, as in PyTorch.

    Of the columns first, then of the rows of what is left, each by as many views as a window is wide: a later one wins
    only where it is greater, so that among equals the upper and then the left one does.
    """

    def __init__(self, block: Block, pool: int, outputs: Array, training: bool) -> None:
        super().__init__(block, pool, outputs, training)
        replicas, channels, height, width, batch = self._small
        self._rows, self._columns = (
            [slice(first, first + (length - 1) * pool + 1, pool) for first in range(pool)] for length in (height, width)
        )
        self._used = slice(height * pool)  # the rows of the image that are in a window
        self._half = np.empty((replicas, channels, height * pool, width, batch), outputs.dtype)
        # Where each view but the first has won, of the columns and of the rows.
        shapes = (self._half.shape, self._small)
        self._won = [np.empty((pool - 1, *shape), bool) for shape in shapes] if training else [None, None]

    def _columns_of(self, image: Array) -> list[Array]:
        return [image[:, :, self._used, place] for place in self._columns]

    def _rows_of(self, half: Array) -> list[Array]:
        return [half[:, :, place] for place in self._rows]

    def _take(self, image: Array) -> None:
        columns, rows = self._won
        _greatest(self._columns_of(image), self._half, columns)
        _greatest(self._rows_of(self._half), self._pooled, rows)

    def _spread(self, gradient: Array, into: Array) -> None:
        columns, rows = self._won
        assert columns is not None
        assert rows is not None
        _to_winners(gradient, self._rows_of(self._half), rows)
        _to_winners(self._half, self._columns_of(into), columns)


def _greatest(views: list[Array], greatest: Array, won: Array | None) -> None:
    """Write the greatest of the views at each place, and where each but the first is greater than those before it."""
    before, *others = views
    for number, view in enumerate(others):
        if won is not None:
            np.greater(view, before, out=won[number])
        np.maximum(before, view, out=greatest)
        before = greatest


def _to_winners(gradient: Array, views: list[Array], won: Array) -> None:
    """Write the gradient into the last view that has won, or else into the first, and zeros into the others."""
    left = gradient
    for view, mine in zip(views[:0:-1], won[::-1], strict=True):
        np.multiply(left, mine, out=view)
        left = np.subtract(left, view, out=views[0])


class AveragePooling(_Pooling):
    """The mean of each window."""

    def _windows(self, image: Array) -> list[Array]:
        """For each place of a window, row by row, its pixel of every window: views of (R, C, H, W, B)."""
        pool, (_, _, height, width, _) = self._pool, self._small
        return [
            image[:, :, down : down + (height - 1) * pool + 1 : pool, right : right + (width - 1) * pool + 1 : pool]
            for down in range(pool)
            for right in range(pool)
        ]

    def _take(self, image: Array) -> None:
        first, *others = self._windows(image)
        np.copyto(self._pooled, first)
        for window in others:
            self._pooled += window
        self._pooled *= self._pooled.dtype.type(1 / self._pool**2)

    def _spread(self, gradient: Array, into: Array) -> None:
        share = gradient.dtype.type(1 / self._pool**2)
        for window in self._windows(into):
            np.multiply(gradient, share, out=window)


POOLING: dict[str, type[_Pooling]] = {"max": MaxPooling, "average": AveragePooling}
