"""What no metric says of the reported networks: what to hold their losses against, and their last gradient."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array, norms
from regx.data.dataset import Dataset
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct


def first_layer_gradient_norm(layout: Layout, gradient: Array) -> Array:
    """The norm of the gradient of the first weight matrix, (R, P) -> (R,)."""
    return norms(layout.weights[0].of(gradient).reshape(len(gradient), -1))


def trivial(dataset: Dataset) -> dict[str, float]:
    """Loss and accuracy, on each split, of always answering the mean or the class shares of the training split.

    A class that the training split lacks counts as half a row, so that the loss stays finite.
    """
    task, y = dataset.task, np.asarray(dataset.train.y, np.float64)
    least = 0.5 / max(len(y), 1)
    if task == "regression":
        answer = y.mean(axis=0)
    elif task == "binary":
        share = np.clip(y.mean(axis=0), least, 1 - least)
        answer = np.log(share / (1 - share))
    else:
        answer = np.log(np.maximum(y.mean(axis=0), least))
    found = {}
    for name, split in (("train", dataset.train), ("val", dataset.val), ("test", dataset.test)):
        if not len(split.y):
            continue
        truth = np.asarray(split.y.T[None], np.float64)
        z = np.broadcast_to(answer[None, :, None], truth.shape)
        found[f"trivial_{name}_loss"] = float(LOSSES[task](z, truth, False)[0].mean())
        if task != "regression":
            found[f"trivial_{name}_accuracy"] = float(correct(z, truth).mean())
    return found
