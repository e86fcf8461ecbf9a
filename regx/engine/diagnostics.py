"""What the metrics do not say of the reported networks: how their weights, units and probabilities are."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array
from regx.data.dataset import Dataset
from regx.engine.evaluate import Evaluator
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, correct, probabilities
from regx.stats.calibration import brier_score, expected_calibration_error


def mean_absolute_weight(layout: Layout, row: Array) -> float:
    """The mean of |w| over the weights of all weight matrices of one network, (P,)."""
    weights = np.concatenate([tensor.of(row[None]).ravel() for tensor in layout.weights])
    return float(np.abs(weights).mean())


def first_layer_gradient_norm(layout: Layout, gradient: Array) -> Array:
    """The norm of the gradient of the first weight matrix, (R, P) -> (R,)."""
    own = layout.weights[0].of(gradient)
    return np.asarray(np.sqrt(np.square(own).sum(axis=(1, 2))))


def dead_units(evaluator: Evaluator, replicas: int) -> Array:
    """The share of hidden units whose output is the same for every training row, (R,); NaN without hidden units."""
    low, high = evaluator.range_of_hidden()
    if not low:
        return np.full(replicas, np.nan)
    same = np.concatenate([a == b for a, b in zip(low, high, strict=True)], axis=1)
    return np.asarray(same.mean(axis=1))


def calibration(z: Array, y: Array, task: str) -> dict[str, float]:
    """Calibration error and Brier score of one network's output for the test split, z and y (K, n)."""
    if task == "regression":
        return {}
    p = np.asarray(probabilities(z[None], task)[0].T, np.float64)
    truth = np.asarray(y.T, np.float64)
    return {
        "test_calibration_error": expected_calibration_error(p, truth),
        "test_brier_score": brier_score(p, truth),
    }


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
