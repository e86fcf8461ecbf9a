import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, choice, norms, number, over


class ActivityPenalty(Regularizer):
    """lam·Σ|h| (`norm: l1`) or (lam/2)·Σh² (`l2`) over all hidden units, the mean over the samples, added to the loss.

    On the output of the activation of every hidden layer, or of what stands before this in the stack. l1 with ReLU
    makes sparse codes: units that are exactly 0 for most samples.

    Update: adds lam·sign(h), or lam·h, to the gradient of hidden values.
    Usual: 0.00001 to 0.001.
    Example: lam 0.1: hidden [1, -2, 3] give penalty 0.6.

    Elsewhere: `activity_regularizer=L1(lam)` of Keras' layers, where it is divided by the size of the batch, as in
    TensorFlow's Keras; Keras' L2 has no 1/2, so its factor is lam/2.
    """

    kind = "activity_penalty"
    source = "Glorot et al. 2011, Deep Sparse Rectifier Neural Networks, section 3"
    adds_penalty = True

    lam: Array = number(0.0001, neutral=0.0, ge=0, help="strength: the penalty is lam times the norm of hidden values")
    norm: str = choice("l1", ("l1", "l2"), help="absolute values, or half the squares")

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        lam = self.lam / h.dtype.type(h.shape[2])
        if self.norm == "l1":
            at.add_penalty(lam * np.abs(h).reshape(len(h), -1).sum(axis=1))
            slope = np.sign(h)
        else:
            slope = h.copy()
            norm = norms(slope.reshape(len(h), -1))
            at.add_penalty(lam / 2 * norm * norm)
        slope *= over(lam, h)
        return h, lambda gradient: np.add(gradient, slope, out=gradient)
