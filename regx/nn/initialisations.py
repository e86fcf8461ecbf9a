"""Initial weights. Biases begin at zero."""

import math

import numpy as np

from regx.core.arrays import Array

# The variance of a weight, times its layer's inputs (fan_in) or the mean of inputs and outputs (fan_average).
INITIALISATIONS = {
    "he": "normal, variance 2/fan_in. He et al. 2015, Delving Deep into Rectifiers, section 2.2",
    "xavier": "uniform, variance 2/(fan_in + fan_out). Glorot & Bengio 2010, Understanding the Difficulty of Training, "
    "section 4.2",
    "lecun": "normal, variance 1/fan_in. LeCun et al. 1998, Efficient BackProp, section 4.6",
}


def initial_weight(rng: np.random.Generator, shape: tuple[int, ...], fan_out: int, init: str | float) -> Array:
    """A weight matrix, (in, out), float64; `in` is what each of its outputs sees, fan_out what sees each of its inputs.

    init: a key of INITIALISATIONS or a standard deviation.
    """
    fan_in = shape[0]
    if init == "xavier":
        limit = math.sqrt(6 / (fan_in + fan_out))
        return rng.uniform(-limit, limit, shape)
    if isinstance(init, str):
        init = math.sqrt({"he": 2, "lecun": 1}[init] / fan_in)
    return init * rng.standard_normal(shape)
