"""Label noise: wrong labels in the training split, to see what a regularizer does against memorising them."""

import dataclasses

import numpy as np

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
    y = train.y.copy()
    if task == "regression":
        drawn = y if n == 1 else y[(np.arange(n) + rng.integers(1, n, size=n)) % n]
    elif task == "binary":
        drawn = rng.integers(2, size=y.shape).astype(np.float64)
    else:
        drawn = np.eye(y.shape[1])[rng.integers(y.shape[1], size=n)]
    y[rows] = drawn[rows]
    return dataclasses.replace(train, y=y)
