"""What a network is trained on, and the protocol of where it comes from."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.images import Images
from regx.core.memory import shortage
from regx.core.parameters import Declaring
from regx.core.streams import stream
from regx.data.task import Task

if TYPE_CHECKING:
    from regx.data.preparation import Preparation

BYTES_PER_ROW = 100  # of generated data: a few numbers of 8 bytes, and what is between


@dataclass(frozen=True)
class Split:
    """Rows as the network sees them. x: (n, D) float64.

    y: (n, K) float64: the number (K = 1), the label 0 or 1 (K = 1), or the class one-hot (K classes).
    weight: (n,) float64, how much each row counts, 1 on average; None where all count the same.
    """

    x: Array
    y: Array
    weight: Array | None = None

    def rows(self, rows: Array) -> Split:
        """Some of the rows, by number, as often as they are named."""
        return Split(self.x[rows], self.y[rows], None if self.weight is None else self.weight[rows])


@dataclass(frozen=True)
class Dataset:
    """Three disjoint splits of one draw of the data. `val` may be empty, (0, D).

    fitted: the rows that steps are taken on, where a regularizer has made others of the training split.
    features: D names. target: its name. classes: the labels' names in order of their number; empty for regression.
    notes: what the user should know of how the data was understood, a sentence each.
    preparation: what new rows of a table go through; None for generated data.
    images: what a row is, where it is an image.
    """

    task: Task
    train: Split
    val: Split
    test: Split
    features: tuple[str, ...]
    target: str
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fitted: Split | None = None
    preparation: Preparation | None = None
    images: Images | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """That of one sample: an image's (channels, height, width), or (D,)."""
        return self.images.shape if self.images else self.train.x.shape[1:]


def check_rows(kind: str, *rows: int) -> None:
    """Raise InputError, before anything is drawn, if splits of so many rows of generated data do not fit in memory."""
    if short := shortage(BYTES_PER_ROW * sum(rows)):
        raise InputError(
            f"dataset: expected data that fits in memory, found {sum(rows):,} rows of {kind}: {short}. Make "
            "dataset.n_train, n_val or n_test smaller."
        )


def with_label_noise(train: Split, task: Task, share: float, seed: int) -> Split:
    """The training split with `share` of its labels replaced, rounded to whole rows.

    Classification: by a class drawn uniformly, which may be the old one. Regression: by the target of another row.
    A larger share replaces the same rows and more. Zhang et al. 2017, Understanding Deep Learning Requires Rethinking
    Generalization, section 2.1.
    """
    n = len(train.y)
    rng = stream(seed, "label_noise")
    rows = rng.permutation(n)[: round(share * n)]
    y = train.y.copy()
    if task == "regression":
        drawn = y if n == 1 else y[(np.arange(n) + rng.integers(1, n, size=n)) % n]
    elif task == "binary":
        drawn = rng.integers(2, size=y.shape).astype(np.float64)
    else:
        drawn = np.eye(y.shape[1])[rng.integers(y.shape[1], size=n)]
    y[rows] = drawn[rows]
    return replace(train, y=y)


class Source(Declaring, ABC):
    """Base of all datasets: a frozen dataclass with a `kind` and declared parameters, all of them static.

    source: where it comes from.
    """

    known_task: ClassVar[Task | None] = None  # where it is known before the data are read
    about_test: ClassVar[str] = ""  # what has to be known of losses on the test rows, a sentence

    of_images: ClassVar[bool] = False
    standardised: ClassVar[bool] = False  # whether features, and a regression's target, are
    mirrored: ClassVar[str] = ""  # why an image in a mirror has another label, where it has

    @property
    def is_images(self) -> bool:
        """Whether its rows are images, always or by its `shape`."""
        return self.of_images or bool(getattr(self, "shape", ()))

    def boundary(self) -> Array | None:
        """The true boundary between two classes in the plane, a closed line of points (n, 2), where it is known."""
        return None

    @abstractmethod
    def load(self, seed: int) -> Dataset:
        """The dataset of one seed: its draw or its split. The same seed always gives the same arrays."""

    def fingerprint(self) -> str:
        """SHA-256 of the bytes that the data is read from, as hex; of the generator's name for generated data."""
        return hashlib.sha256(self.kind.encode()).hexdigest()
