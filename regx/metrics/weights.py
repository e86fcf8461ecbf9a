"""What is to be seen in the weights and the units of a network."""

from collections.abc import Sequence

import numpy as np

from regx.core.arrays import Array, Tensor, norms
from regx.metrics.metric import Metric
from regx.metrics.seen import Seen


def _zero_fraction(seen: Seen) -> Array:
    weights = seen.is_weight != 0
    nonzero = [np.count_nonzero(row) for row in (seen.values != 0) & weights]
    return np.asarray(1 - np.array(nonzero, seen.values.dtype) / seen.is_weight.sum())


def mean_absolute(values: Array, tensors: Sequence[Tensor]) -> Array:
    """The mean of |w| over some of the tensors in an arena, (R, P) -> (R,)."""
    each = [tensor.of(values).reshape(len(values), -1) for tensor in tensors]
    return np.asarray(np.abs(np.concatenate(each, axis=1)).mean(axis=1))


def _dead_units(seen: Seen) -> Array:
    low, high = seen.range_of_hidden()
    if not low:
        return np.full(len(seen.values), np.nan)
    same = np.concatenate([a == b for a, b in zip(low, high, strict=True)], axis=1)
    return np.asarray(same.mean(axis=1))


WEIGHT_NORM = Metric(
    "weight_norm",
    "‖W‖, the square root of the sum of squares of all weights; no biases, gains or offsets.",
    low=0.0, each_epoch=True, importance=15,
    of=lambda seen: norms(np.multiply(seen.values, seen.is_weight, out=seen.scratch)),
)  # fmt: skip
ZERO_FRACTION = Metric(
    "zero_fraction",
    "Share of the weights that are exactly 0.",
    low=0.0, high=1.0, each_epoch=True, importance=16, of=_zero_fraction,
)  # fmt: skip
MEAN_ABSOLUTE_WEIGHT = Metric(
    "mean_absolute_weight",
    "Mean of |w| over all weights; no biases, gains or offsets.",
    low=0.0, kept=True, of=lambda seen: mean_absolute(seen.values, seen.layout.weights),
)  # fmt: skip
FIRST_LAYER_MEAN_ABSOLUTE_WEIGHT = Metric(
    "first_layer_mean_absolute_weight", "Mean of |w| over the weights of the first layer.", low=0.0,
    of=lambda seen: mean_absolute(seen.values, seen.layout.weights[:1]),
)  # fmt: skip
FIRST_LAYER_GRADIENT_NORM = Metric(
    "first_layer_gradient_norm",
    "Norm of the gradient of the loss, without penalties, by the first layer's weights, in the last recorded step.",
    low=0.0, kept=True,
)  # fmt: skip
DEAD_UNITS = Metric(
    "dead_units",
    "Share of the hidden units that answer all training rows alike.",
    better="lower", low=0.0, high=1.0, kept=True, of=_dead_units,
)  # fmt: skip
