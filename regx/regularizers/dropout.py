"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import number
from regx.core.regularizer import Pullback, Regularizer, Site
from regx.regularizers.masks import thresholds


@dataclass(frozen=True)
class Dropout(Regularizer):
    """Zero each hidden unit with probability p and divide the others by 1 - p, anew for every sample and step.

    Inverted dropout: the expectation stays, so evaluation needs no change. After the activation of every hidden layer,
    never on the output. The same mask is used in the backward pass. Probabilities are rounded to a multiple of 2^-16,
    and the kept units divided by the rounded one, so the expectation is exact. With `input` above 0 the same is done
    to the features, at that rate.

    Update: the gradient goes through the units that were kept, times 1/(1 - p).
    Usual: 0.1 to 0.5, inputs 0.1 to 0.2.
    Example: p 0.5, seed 0: hidden [1, 2, 3, 4, 5] give hidden [2, 4, 6, 0, 10].

    Elsewhere: p is the probability to drop, as in PyTorch and Keras' `rate`. Srivastava's paper and 004 of the lessons
    write p for the probability to keep; the backward pass of 001 forgets the mask.
    """

    kind = "dropout"
    source = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 4"
    drops_units = True

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to drop a hidden unit")
    input: Array = number(0.0, neutral=0.0, ge=0, lt=1, help="probability to drop a feature of the input")

    def hooks(self) -> tuple[str, ...]:
        rates = {"on_batch": self.input, "on_hidden": self.p}
        return tuple(hook for hook, rate in rates.items() if np.any(rate))

    def begin(self, at: Site, values: Array) -> None:
        at.state["drop"], at.state["scale"] = thresholds(self.p, values.dtype)
        at.state["input_drop"], at.state["input_scale"] = thresholds(self.input, values.dtype)

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        kept = at.streams.bits(x.shape[1:]) >= at.state["input_drop"]
        return x * (kept * at.state["input_scale"]), y

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        kept = at.streams.bits(h.shape[1:]) >= at.state["drop"]
        mask = kept * at.state["scale"]
        h *= mask
        return h, lambda gradient: np.multiply(gradient, mask, out=gradient)
