from regx.core import loops
from regx.core.kernels import Call, call
from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, norms, number
from regx.regularizers.proximal import add_slope


class L2(Regularizer):
    """(lam/2)·‖W‖² added to the loss; its gradient is lam·W. On weight matrices, never on biases, gains or offsets.

    Pulls every weight towards zero in proportion to its size; makes no exact zeros. Beside a cross-entropy, which is
    the mean over n rows, it is a Gaussian prior N(0, 1/(n·lam)) on the weights. With plain SGD a step is
    w <- (1 - lr·lam)·w - lr·gradient; with Adam the penalty is rescaled along with the gradient, so it is not weight
    decay.

    Update: adds lam·W to the gradient.
    Usual: 0.0001 to 0.1; the fewer the rows, the more.
    Example: lam 0.1: weights [2, -3] give gradient [0.2, -0.3].

    Elsewhere: lam here is PyTorch's `weight_decay` in SGD and Adam, and twice the factor of Keras' `L2` or of a
    penalty written lam·Σw², as in 000 of the lessons. scikit-learn: alpha/B of MLPClassifier and 2·alpha/B of
    MLPRegressor in batches of B samples; 2·alpha/(n·K) of Ridge on n rows with K outputs, whose loss is a sum where
    ours is a mean.
    """

    kind = "l2"
    source = "Krogh & Hertz 1991, A Simple Weight Decay Can Improve Generalization, section 2"
    decays = True

    lam: Array = number(
        0.003, neutral=0.0, ge=0, help="strength: the penalty is lam/2 times the sum of squared weights"
    )
    layers: tuple[int, ...] | None = chosen_layers()

    def begin(self, at: Site, values: Array) -> None:
        at.state["lam"] = at.over_weights(self.lam)

    def penalty(self, values: Array, at: Site) -> Array:
        norm = norms(values * at.is_weight)
        return self.lam / 2 * norm * norm

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        add_slope(gradient, at.state["lam"], values, at.scratch)

    def gradient_calls(self, values: Array, gradient: Array, at: Site) -> list[Call]:
        return call(loops.add_product, values.dtype, values.shape[1], gradient, at.state["lam"], values)
