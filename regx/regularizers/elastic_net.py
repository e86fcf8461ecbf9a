import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, norms, number
from regx.regularizers.proximal import add_slope, shrink


class ElasticNet(Regularizer):
    """lam·(l1_ratio·Σ|w| + (1 - l1_ratio)/2·Σw²) added to the loss; on weight matrices, never on biases.

    Makes exact zeros as `l1` does, and keeps or drops correlated weights together as `l2` does. The L2 part is taken by
    gradient; the L1 part by a proximal step after each update, w <- sign(w)·max(|w| - rate·lam·l1_ratio, 0), where the
    rate is what the optimizer multiplies a lasting gradient by, as for `l1`.

    Update: adds lam·(1 - l1_ratio)·W to the gradient, and moves by rate·lam·l1_ratio towards 0 after the step.
    Usual: lam as for l1, l1_ratio 0.5.
    Example: lam 1, l1_ratio 0.5: weights [2, -3] give gradient [1, -1.5].

    Elsewhere: scikit-learn's ElasticNet(alpha, l1_ratio) halves its squared error: lam = 2·alpha for one output, same
    l1_ratio. Keras' L1L2(l1, l2) is l1 = lam·l1_ratio and l2 = lam·(1 - l1_ratio)/2. It equals `l1` and `l2` in one
    stack.
    """

    kind = "elastic_net"
    source = "Zou & Hastie 2005, Regularization and Variable Selection via the Elastic Net, section 2 (the naive one)"
    decays = True

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength of both parts together")
    l1_ratio: Array = number(0.5, ge=0, le=1, help="share of the L1 part; 0 is l2, 1 is l1")
    layers: tuple[int, ...] | None = chosen_layers()

    def begin(self, at: Site, values: Array) -> None:
        at.state["l1"] = at.over_weights(self.lam * self.l1_ratio)
        at.state["l2"] = at.over_weights(self.lam * (1 - self.l1_ratio))

    def penalty(self, values: Array, at: Site) -> Array:
        weights = values * at.is_weight
        absolute, norm = np.abs(weights).sum(axis=1), norms(weights)
        return np.asarray(self.lam * (self.l1_ratio * absolute + (1 - self.l1_ratio) / 2 * norm * norm))

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        add_slope(gradient, at.state["l2"], values, at.scratch)

    def on_step(self, values: Array, at: Site) -> None:
        shrink(values, np.multiply(at.state["l1"], at.rate(), out=at.scratch))
