import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, number
from regx.regularizers.masks import thresholds


class DropConnect(Regularizer):
    """Zero each weight with probability p and divide the others by 1 - p, anew for every step.

    The expectation of the weights stays, and evaluation uses them as they are. On every weight matrix, that of the
    output too, never on biases. One mask per step, shared by the samples of the batch. Where layers share a weight
    (`architecture.tied`) each use of it has a mask of its own.

    Update: the gradient reaches the weights that were kept, times 1/(1 - p).
    Usual: 0.1 to 0.5.
    Example: p 0.5, seed 0: weights [[1, 2], [3, 4]] give weights [[2, 4], [6, 0]].

    Elsewhere: PyTorch's `torch.nn.functional.dropout` on the weight. Wan's paper draws a mask per sample, writes p for
    the probability to keep, and samples Gaussian activations at evaluation.
    """

    kind = "dropconnect"
    source = "Wan et al. 2013, Regularization of Neural Networks using DropConnect, section 3"
    drops_units = True

    p: Array = number(0.2, neutral=0.0, ge=0, lt=1, help="probability to drop a weight")

    def begin(self, at: Site, values: Array) -> None:
        at.state["drop"], at.state["scale"] = thresholds(self.p, values.dtype)

    def on_weight(self, weight: Array, at: Site) -> tuple[Array, Pullback]:
        kept = at.streams.bits(weight.shape[1:]) >= at.state["drop"]
        mask = kept * at.state["scale"]
        return weight * mask, lambda gradient: np.multiply(gradient, mask, out=gradient)
