import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, norms, number


class Orthogonal(Regularizer):
    """lam·Σ ‖WᵀW - I‖² added to the loss, the square of the Frobenius norm; its gradient is 4·lam·W·(WᵀW - I).

    Pulls the columns of every weight matrix (in, out), the incoming weights of units or filters, towards length 1 and
    right angles, so that a layer neither stretches nor shrinks what passes. Of a matrix with fewer rows than columns it
    is the rows, ‖WWᵀ - I‖², which has the same gradient. On all weight matrices, the output's included; no biases.

    Update: adds 4·lam·W·(WᵀW - I) to the gradient.
    Usual: 0.0001 to 0.01.
    Example: lam 0.1: weights [[2, 0], [0, 1]] give gradient [[2.4, 0], [0, 0]].

    Elsewhere: Keras' `OrthogonalRegularizer` takes the absolute cosines between columns instead. It is no
    initialisation such as PyTorch's `orthogonal_`, and no reparametrisation such as its `parametrizations.orthogonal`.
    """

    kind = "orthogonal"
    source = (
        "Bansal et al. 2018, Can We Gain More from Orthogonality Regularizations in Training Deep CNNs?, equation 1"
    )

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength: the penalty is lam times the squared distance")
    layers: tuple[int, ...] | None = chosen_layers()

    def penalty(self, values: Array, at: Site) -> Array:
        grams = [_distance(tensor.of(values)) for tensor in at.weights]
        distances = [norms(gram.reshape(len(gram), -1)) for gram in grams]
        return np.asarray(sum(self.lam * distance * distance for distance in distances))

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        strength = (4 * self.lam)[:, None, None]
        for tensor in at.weights:
            weight, product = tensor.of(values), tensor.of(at.scratch)
            gram = _distance(weight)
            gram *= strength
            columns = tensor.shape[1] <= tensor.shape[0]
            np.matmul(*((weight, gram) if columns else (gram, weight)), out=product)
            tensor.of(gradient)[...] += product


def _distance(weight: Array) -> Array:
    """The smaller of WᵀW - I and WWᵀ - I, (R, in, out) -> (R, k, k) with k the smaller of in and out."""
    transposed = weight.swapaxes(1, 2)
    pair = (transposed, weight) if weight.shape[2] <= weight.shape[1] else (weight, transposed)
    gram = np.matmul(*pair)
    gram -= np.eye(gram.shape[1], dtype=gram.dtype)
    return np.asarray(gram)
