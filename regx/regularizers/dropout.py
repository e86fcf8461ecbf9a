"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array, over
from regx.core.parameters import number
from regx.core.regularizer import Pullback, Regularizer, Site


@dataclass(frozen=True)
class Dropout(Regularizer):
    """Zero each hidden unit with probability p and divide the others by 1 - p, anew for every sample and step.

    Inverted dropout: the expectation stays, so evaluation needs no change. After the activation of every hidden layer,
    never on the output. The same mask is used in the backward pass. Probabilities are rounded to a multiple of 2^-16,
    and the kept units divided by the rounded one, so the expectation is exact.

    Elsewhere: p is the probability to drop, as in PyTorch and Keras' `rate`. Srivastava's paper and 004 of the lessons
    write p for the probability to keep.
    """

    kind = "dropout"
    source = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 4"

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to drop a hidden unit")

    def begin(self, at: Site, values: Array) -> None:
        drop = np.minimum(np.rint(self.p.astype(np.float64) * 65536), 65535)
        at.state["drop"] = drop.astype(np.uint16)[:, None, None]
        at.state["scale"] = (65536 / (65536 - drop)).astype(values.dtype)

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        kept = at.streams.bits(h.shape[1:]) >= at.state["drop"]
        mask = kept * over(at.state["scale"], h)
        h *= mask
        return h, lambda gradient: np.multiply(gradient, mask, out=gradient)
