import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, number
from regx.regularizers.masks import thresholds


class ShakeDrop(Regularizer):
    """Disturb the branch of a residual block with probability p·l/L, anew for every sample and step.

    A disturbed branch is multiplied by a uniform number between -1 and 1, and its gradient by another between 0 and 1:
    so the backward pass is not that of the forward pass. l is the hidden layer, counted from 1, of L. All is divided by
    the probability to stay undisturbed, which is the factor in the mean, so that evaluation needs no change. It acts
    only where `architecture.residual` makes blocks: at hidden layers as wide as the one before, never at the first.

    Update: the gradient of a disturbed branch is multiplied by another number than the branch.
    Usual: 0.2 to 0.5.
    Example: p 0.5, seed 0: branch [1, 2] give branch [2, 4].

    Elsewhere: the paper multiplies by the mean factor at evaluation instead, and its p is that of staying undisturbed.
    """

    kind = "shake_drop"
    source = "Yamada et al. 2019, ShakeDrop Regularization for Deep Residual Learning, equation 6, one factor a sample"

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to disturb the branch of the last hidden layer")

    def begin(self, at: Site, values: Array) -> None:
        share = np.arange(1, at.depth + 1) / max(at.depth, 1)
        at.state["disturb"], at.state["scale"] = thresholds(self.p[:, None] * share, values.dtype)

    def on_branch(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        scale = at.state["scale"][:, at.layer]
        kept = at.streams.bits((1, h.shape[2])) >= at.state["disturb"][:, at.layer]
        drawn = at.streams.uniform((2, h.shape[2]), h.dtype)
        forward = np.where(kept, h.dtype.type(1), 2 * drawn[:, :1] - 1) * scale
        backward = np.where(kept, h.dtype.type(1), drawn[:, 1:]) * scale
        h *= forward
        return h, lambda gradient: np.multiply(gradient, backward, out=gradient)
