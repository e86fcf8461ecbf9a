"""L1 penalty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import choice, number
from regx.core.regularizer import Regularizer, Site


@dataclass(frozen=True)
class L1(Regularizer):
    """lam·Σ|w| added to the loss, on weight matrices, never on biases, gains or offsets.

    `proximal`: after each update w <- sign(w)·max(|w| - lr·lam, 0), which makes exact zeros. With SGD this is proximal
    gradient descent (ISTA). With Adam or RMSprop the threshold is not rescaled as the gradient is, so it is a decoupled
    shrinkage rather than the exact proximal map of their metric.
    `subgradient`: adds lam·sign(w) to the gradient, with sign(0) = 0. Weights then rattle about zero and hardly ever
    rest on it.

    Elsewhere: lam is the factor of Keras' `L1`. scikit-learn's Lasso(alpha) halves its squared error: lam =
    2·alpha for one output.
    """

    kind = "l1"
    source = "Tibshirani 1996, Regression Shrinkage and Selection via the Lasso; Beck & Teboulle 2009, section 1 (ISTA)"

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength: the penalty is lam times the sum of absolute weights")
    method: str = choice("proximal", ("proximal", "subgradient"), help="how the penalty acts on the weights")

    def hooks(self) -> tuple[str, ...]:
        return ("penalty", "on_step" if self.method == "proximal" else "add_gradient")

    def begin(self, at: Site, values: Array) -> None:
        at.state["lam"] = at.over_weights(self.lam)

    def penalty(self, values: Array, at: Site) -> Array:
        return np.asarray(self.lam * np.abs(values * at.is_weight).sum(axis=1))

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        gradient += at.state["lam"] * np.sign(values)

    def on_step(self, values: Array, at: Site) -> None:
        threshold = np.multiply(at.state["lam"], at.lr, out=at.scratch)
        # w - clip(w, -t, t) is soft thresholding, and w - w is an exact zero.
        values -= np.clip(values, -threshold, threshold)
