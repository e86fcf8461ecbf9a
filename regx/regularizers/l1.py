import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, choice, chosen_layers, number
from regx.regularizers.proximal import shrink


class L1(Regularizer):
    """lam·Σ|w| added to the loss, on weight matrices, never on biases, gains or offsets.

    `proximal`: after each update w <- sign(w)·max(|w| - rate·lam, 0), which makes exact zeros. The rate is what the
    optimizer multiplies a lasting gradient by: lr for SGD (which then is ISTA), lr/(1 - momentum) with momentum,
    lr/(√v̂ + eps), one for each weight, for Adam and RMSprop. So all of them end at the same weights.
    `subgradient`: adds lam·sign(w) to the gradient, with sign(0) = 0. Weights then rattle about zero and hardly ever
    rest on it.

    Update: moves every weight by rate·lam towards 0 after the step, and no further; by subgradient adds lam·sign(W)
    to the gradient.
    Usual: 0.0001 to 0.1.
    Example: lam 1: weights [2, 0.05, -3] give weights [1.9, 0, -2.9].

    Elsewhere: lam is the factor of Keras' `L1`. scikit-learn's Lasso(alpha) halves its squared error: lam =
    2·alpha for one output. 000, 002 and 004 of the lessons take the subgradient, which makes hardly any exact zero.
    """

    kind = "l1"
    source = (
        "Tibshirani 1996, Regression Shrinkage and Selection via the Lasso; Beck & Teboulle 2009, section 1 (ISTA); "
        "Yun, Lozano & Yang 2021, Adaptive Proximal Gradient Methods for Structured Neural Networks"
    )

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength: the penalty is lam times the sum of absolute weights")
    method: str = choice("proximal", ("proximal", "subgradient"), help="how the penalty acts on the weights")
    layers: tuple[int, ...] | None = chosen_layers()

    def hooks(self) -> tuple[str, ...]:
        return ("penalty", "on_step" if self.method == "proximal" else "add_gradient")

    def begin(self, at: Site, values: Array) -> None:
        at.state["lam"] = at.over_weights(self.lam)

    def penalty(self, values: Array, at: Site) -> Array:
        return np.asarray(self.lam * np.abs(values * at.is_weight).sum(axis=1))

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        gradient += at.state["lam"] * np.sign(values)

    def on_step(self, values: Array, at: Site) -> None:
        shrink(values, np.multiply(at.state["lam"], at.rate(), out=at.scratch))
