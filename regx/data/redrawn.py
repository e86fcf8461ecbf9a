"""Training sets drawn anew, all judged at the same test inputs: what a study of bias and variance is trained on."""

import dataclasses
from typing import Protocol, runtime_checkable

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.data.dataset import Dataset, Source, Split, with_label_noise
from regx.data.table import TableSource

TEST_OF = 0  # the seed whose test inputs, or of a table whose split, all seeds have


@runtime_checkable
class Generator(Protocol):
    """A source that knows the distribution it draws from."""

    def truth(self, x: Array) -> Array:
        """E[y | x]: (n, D) -> (n, K)."""

    def residuals(self, x: Array, rng: np.random.Generator) -> Array:
        """A draw of y - E[y | x] at x (n, D), as (n, K); its distribution is symmetric about 0."""


class Redrawn(Source):
    """Each seed has its own training and validation split; all have the same test inputs.

    A generator draws its splits. Its test targets are noisy, and drawn anew too: every test input stands there twice,
    with residuals of opposite sign, so that noise and distance from the truth are uncorrelated not only on average. A
    table cannot be drawn again: its training and validation rows are bootstrap resamples of those of one split, and the
    labels that `label_noise` replaces are chosen anew.

    fixed: a dataset of `of` without wrong labels, whose test split counts; for a table, what is resampled.
    """

    kind = "redrawn"
    source = "Efron 1979, Bootstrap Methods: Another Look at the Jackknife"

    of: Source
    fixed: Dataset = dataclasses.field(compare=False, repr=False)

    def load(self, seed: int) -> Dataset:
        if isinstance(self.of, Generator):
            return dataclasses.replace(self.of.load(seed), test=self._noisy_test(self.of, seed))
        rng = stream(seed, "bootstrap rows")
        train, val = (_resampled(split, rng) for split in (self.fixed.train, self.fixed.val))
        share = self.of.label_noise if isinstance(self.of, TableSource) else 0.0
        return dataclasses.replace(
            self.fixed, train=with_label_noise(train, self.fixed.task, share, seed), val=val, notes=()
        )

    def truth(self) -> Array | None:
        """E[y | x] at the rows of the test split, (n, K); None for a table, where nobody knows it."""
        if not isinstance(self.of, Generator):
            return None
        truth = self.of.truth(self.fixed.test.x)
        return truth if self._noiseless(self.of) else np.concatenate([truth, truth])

    def fingerprint(self) -> str:
        return self.of.fingerprint()

    def _noisy_test(self, of: Generator, seed: int) -> Split:
        x = self.fixed.test.x
        truth = of.truth(x)
        if self._noiseless(of):
            return Split(x, truth)
        residuals = of.residuals(x, stream(seed, "test noise"))
        return Split(np.concatenate([x, x]), np.concatenate([truth + residuals, truth - residuals]))

    def _noiseless(self, of: Generator) -> bool:
        return not of.residuals(self.fixed.test.x, stream(0, "test noise")).any()


def redrawn(source: Source) -> Redrawn:
    """A source's training sets drawn anew. Raises InputError where the source cannot be loaded."""
    clean = dataclasses.replace(source, label_noise=0.0) if isinstance(source, TableSource) else source
    return Redrawn(source, clean.load(TEST_OF))


def _resampled(split: Split, rng: np.random.Generator) -> Split:
    """As many rows, drawn with replacement."""
    n = len(split.x)
    rows = rng.integers(0, n, size=n) if n else np.arange(0)
    return split.rows(rows)
