import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, norms_along, number


class MaxNorm(Regularizer):
    """After each update, the incoming weights w of a hidden unit with ‖w‖ > c are scaled back to ‖w‖ = c.

    A unit's incoming weights are a column of its layer's weight matrix (in, out), without the bias; of a convolution
    they are a filter. The output layer is free, unless `layers` names it. Units within the bound are not touched, and
    it is no penalty: the objective does not know of it. It keeps weights bounded under large learning rates, which is
    how it was used along with dropout.

    Update: nothing to the gradient; after the step columns that are too long are shortened.
    Usual: 3 to 4, with dropout.
    Example: c 1: weights [[3, 0.3], [4, 0.4]] give weights [[0.6, 0.3], [0.8, 0.4]].

    Elsewhere: Keras' `MaxNorm(c, axis=0)` as kernel_constraint of every hidden layer.
    """

    kind = "max_norm"
    source = "Srivastava et al. 2014, Dropout: A Simple Way to Prevent Neural Networks from Overfitting, section 5.1"

    c: Array = number(3.0, neutral=float("inf"), gt=0, help="the largest norm of a hidden unit's incoming weights")
    layers: tuple[int, ...] | None = chosen_layers()

    def on_step(self, values: Array, at: Site) -> None:
        c = self.c[:, None, None]
        for tensor in at.weights[:-1] if self.layers is None else at.weights:  # the last one is the output layer's
            weight = tensor.of(values)
            found = norms_along(weight, axis=1)  # (R, 1, out)
            weight *= np.divide(c, found, out=np.ones_like(found), where=found > c)
