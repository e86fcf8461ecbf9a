"""Losses, computed stably from the network's output.

Each takes z (R, K, B) and y (R, K, B) and returns the loss of every sample, (R, B), and, where wanted, the gradient
of their mean over the B samples with respect to z, (R, K, B).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from regx.core import loops
from regx.core.arrays import Array, is_whole
from regx.core.kernels import Call, OfSteps, call, elementwise, kernel_of_size
from regx.nn.activations import logistic

Loss = Callable[[Array, Array, bool], tuple[Array, Array | None]]


def mean_squared_error(z: Array, y: Array, with_gradient: bool) -> tuple[Array, Array | None]:
    """(z - y)², the mean over the K outputs."""
    difference = z - y
    per_sample = np.square(difference)[:, 0] if z.shape[1] == 1 else np.square(difference).mean(axis=1)
    if with_gradient:
        difference *= z.dtype.type(2 / (z.shape[1] * z.shape[2]))
    return per_sample, difference if with_gradient else None


def binary_cross_entropy(
    z: Array, y: Array, with_gradient: bool, exact: bool = True
) -> tuple[Array, Array | None]:  # fmt: skip
    """-y·log σ(z) - (1 - y)·log(1 - σ(z)) of the logit z (K = 1), as max(z, 0) - z·y + log(1 + exp(-|z|)).

    exact: else the loss is without its logarithm, which takes longer than all else and is at most 0.7.
    """
    e = np.exp(-np.abs(z))
    fused = kernel_of_size(loops.cross_entropy, z.dtype, len(z), z.shape[2])
    if with_gradient and fused and z.shape == y.shape and is_whole(z, z.dtype) and is_whole(y, z.dtype):
        log = np.log1p(e) if exact else np.zeros_like(e)
        fused(z, y, e, log)
        return log[:, 0], e
    per_sample = (np.maximum(z, 0) - z * y + (np.log1p(e) if exact else 0))[:, 0]
    if not with_gradient:
        return per_sample, None
    gradient = np.where(z >= 0, z.dtype.type(1), e) / (1 + e) - y
    gradient *= z.dtype.type(1 / z.shape[2])
    return per_sample, gradient


def softmax_cross_entropy(z: Array, y: Array, with_gradient: bool) -> tuple[Array, Array | None]:
    """-Σ y·log softmax(z) over the K classes, with the largest logit taken off first. y sums to 1 over the classes."""
    shifted = z - z.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    per_sample = (y * (np.log(total) - shifted)).sum(axis=1)
    if not with_gradient:
        return per_sample, None
    gradient = e / total - y
    gradient *= z.dtype.type(1 / z.shape[2])
    return per_sample, gradient


def loss_calls(task: str, z: Array, y: Array, losses: OfSteps, gradient: Array, exact: bool) -> list[Call]:
    """A loss and its gradient as calls of compiled loops; none of several numbers.

    losses: (steps, R, B). gradient: (R, K, B). exact: as in `binary_cross_entropy`.
    """
    (classes, n), precision = z.shape[1:], z.dtype
    if y.shape != z.shape or y.strides[2] != y.itemsize or y.dtype != z.dtype:
        return []
    if task == "multiclass" and n > 1:  # the classes of a single sample are summed in another order
        below, e = np.empty_like(z), gradient
        total, log = (np.empty_like(z[:, :1]) for _ in range(2))
        exponential, logarithm = elementwise(np.exp, below, e), elementwise(np.log, total, log)
        row = y.strides[1] // y.itemsize
        return [
            *call(loops.below_largest, precision, z, below, classes, n), *exponential,
            *call(loops.over_channels, precision, e, total, classes, n), *logarithm,
            *call(loops.softmax_entropy, precision, y, below, e, total, log, losses, classes, n, row),
        ] if exponential and logarithm else []  # fmt: skip
    if classes > 1:
        return []
    if task == "regression":
        return call(loops.squared_error, precision, z, y, losses, gradient, n)
    e = np.empty_like(z)
    exponential = elementwise(np.exp, e, gradient)
    logarithm = call(loops.nothing, precision, losses, n)
    if exact and exponential:
        logarithm = elementwise(np.log1p, gradient, losses.array[0])
    return [
        *call(loops.minus_size, precision, z, e, n), *exponential, *logarithm,
        *call(loops.cross_entropy, precision, n, z, y, gradient, losses),
    ] if exponential and logarithm else []  # fmt: skip


LOSSES: dict[str, Loss] = {
    "regression": mean_squared_error,
    "binary": binary_cross_entropy,
    "multiclass": softmax_cross_entropy,
}


# As finite as the others are, and with the same gradients, where it does not matter how large the loss is.
ROUGH_LOSSES: dict[str, Loss] = {**LOSSES, "binary": partial(binary_cross_entropy, exact=False)}


def correct(z: Array, y: Array) -> Array:
    """Which samples are classified rightly, (R, B) bool: the logit's sign for K = 1, else the largest logit."""
    if z.shape[1] == 1:
        return np.asarray((z > 0) == (y > 0.5))[:, 0]
    return np.asarray(z.argmax(axis=1) == y.argmax(axis=1))


def probabilities(z: Array, task: str) -> Array:
    """What the network predicts, (R, K, B): the number, the probability of class 1, or of each class."""
    if task == "regression":
        return z
    if task == "binary":
        return logistic(z)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def logits(p: Array, task: str, least: float | None = None) -> Array:
    """The inverse of `probabilities`, up to a constant of all classes. least: which probability counts as none."""
    if task == "regression":
        return p
    least = least or float(np.finfo(p.dtype).eps)
    p = np.clip(p, least, 1 - least)
    return np.asarray(np.log(p) - np.log1p(-p) if task == "binary" else np.log(p))
