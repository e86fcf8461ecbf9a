"""What no metric says of the reported networks: what to hold their losses against, and their last gradient."""

import dataclasses

import numpy as np

from regx.core.arrays import Array, norms
from regx.data.dataset import Dataset
from regx.data.weights import ClassWeight, row_weights
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct


def first_layer_gradient_norm(layout: Layout, gradient: Array) -> Array:
    """The norm of the gradient of the first weight matrix, (R, P) -> (R,)."""
    return norms(layout.weights[0].of(gradient).reshape(len(gradient), -1))


def trivial(dataset: Dataset, class_weight: ClassWeight = None) -> dict[str, float]:
    """Loss and accuracy, on each split, of always answering the mean or the class shares of the training split.

    A class that the training split lacks counts as half a row, so that the loss stays finite. Where rows or classes
    have weights the loss is that of the answer which is best under these weights, since networks are trained to it.
    """
    task, y = dataset.task, np.asarray(dataset.train.y, np.float64)
    weight = row_weights(dataclasses.replace(dataset, fitted=None), class_weight)
    plain = _answer(task, y.mean(axis=0), len(y))
    weighted = plain if weight is None else _answer(task, np.average(y, axis=0, weights=weight), len(y))
    found = {}
    for name, split in (("train", dataset.train), ("val", dataset.val), ("test", dataset.test)):
        if not len(split.y):
            continue
        truth = np.asarray(split.y.T[None], np.float64)
        z, most = (np.broadcast_to(answer[None, :, None], truth.shape) for answer in (weighted, plain))
        found[f"trivial_{name}_loss"] = float(LOSSES[task](z, truth, False)[0].mean())
        if task != "regression":
            found[f"trivial_{name}_accuracy"] = float(correct(most, truth).mean())
    return found


def _answer(task: str, share: Array, n: int) -> Array:
    """The output, (K,), that predicts a mean or class shares of n rows."""
    if task == "regression":
        return share
    least = 0.5 / max(n, 1)
    if task == "multiclass":
        return np.asarray(np.log(np.maximum(share, least)))
    share = np.clip(share, least, 1 - least)
    return np.asarray(np.log(share / (1 - share)))
