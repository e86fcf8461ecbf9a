"""Random streams: one per seed and purpose, so that a new consumer changes nobody else's draws.

A stream is NumPy's SFC64 seeded by `SeedSequence(seed, spawn_key=purpose)`. The purpose is a word (`"init"`,
`"batches"`, a regularizer's kind), so streams do not depend on the order in which they are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

# One draw of raw bits costs about a microsecond before the first bit, so bits are drawn in blocks of this many bytes.
BLOCK_BYTES = 1 << 16


def stream(seed: int, purpose: str) -> np.random.Generator:
    """The random stream of one seed and purpose. The same arguments always start the same stream."""
    key = tuple(purpose.encode())
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


class Streams:
    """The streams of one purpose for R networks. Networks of equal seed see equal draws; each seed is drawn once.

    seeds: (R,) whole numbers.
    """

    def __init__(self, seeds: Sequence[int], purpose: str) -> None:
        unique, self._inverse = np.unique(np.asarray(seeds, dtype=np.int64), return_inverse=True)
        self._generators = [stream(int(seed), purpose) for seed in unique]
        self._one_to_one = np.array_equal(self._inverse, np.arange(len(self._generators)))
        self._block = np.empty((len(self._generators), 0), dtype=np.uint16)
        self._position = 0

    def select(self, keep: np.ndarray) -> None:
        """Keep the networks where `keep` (R,) is true, each with its stream as far as it has been drawn."""
        self._inverse = self._inverse[keep]
        alive, self._inverse = np.unique(self._inverse, return_inverse=True)
        self._generators = [self._generators[index] for index in alive]
        self._block = np.ascontiguousarray(self._block[alive])
        self._one_to_one = np.array_equal(self._inverse, np.arange(len(self._generators)))

    def bits(self, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform 16-bit integers, (R, *shape), uint16. The result may be a view: read it before the next call."""
        size = int(np.prod(shape))
        if self._position + size > self._block.shape[1]:
            words = -(-max(size * 2, BLOCK_BYTES) // 8)
            # What is left of the old block is dropped: the draws then depend on the sizes asked for alone.
            raw = [generator.bit_generator.random_raw(words) for generator in self._generators]
            self._block = np.stack(raw).view(np.uint16)
            self._position = 0
        part = self._block[:, self._position : self._position + size]
        self._position += size
        return (part if self._one_to_one else part[self._inverse]).reshape(-1, *shape)

    def normal(self, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """Standard normal numbers, (R, *shape)."""
        drawn = np.stack([generator.standard_normal(shape, dtype=dtype.type) for generator in self._generators])
        return drawn if self._one_to_one else drawn[self._inverse]

    def permutation(self, n: int) -> np.ndarray:
        """A random order of range(n) for every network, (R, n)."""
        drawn = np.stack([generator.permutation(n) for generator in self._generators])
        return drawn if self._one_to_one else drawn[self._inverse]
