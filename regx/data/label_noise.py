"""Label noise: wrong labels in the training split, to see what a regularizer does against memorising them."""

import dataclasses

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.data.dataset import Split, Task


def with_label_noise(train: Split, task: Task, share: float, seed: int) -> Split:
    """The training split with `share` of its labels replaced, rounded to whole rows.

    Classification: by a class drawn uniformly, which may be the old one. Regression: by the target of another row.
    A larger share replaces the same rows and more. Zhang et al. 2017, Understanding Deep Learning Requires Rethinking
    Generalization, section 2.1.
    """
    n = len(train.y)
    rng = stream(seed, "label_noise")
    rows = rng.permutation(n)[: round(share * n)]
    drawn = _other_targets(train.y, rng) if task == "regression" else _uniform_classes(train.y, task, rng)
    y = train.y.copy()
    y[rows] = drawn[rows]
    return dataclasses.replace(train, y=y)


def _other_targets(y: Array, rng: np.random.Generator) -> Array:
    n = len(y)
    return y if n == 1 else y[(np.arange(n) + rng.integers(1, n, size=n)) % n]


def _uniform_classes(y: Array, task: Task, rng: np.random.Generator) -> Array:
    if task == "binary":
        return rng.integers(2, size=y.shape).astype(np.float64)
    classes = y.shape[1]
    return np.eye(classes)[rng.integers(classes, size=len(y))]
