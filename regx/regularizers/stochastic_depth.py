import numpy as np

from regx.core.regularizer import Array, Pullback, Regularizer, Site, number
from regx.regularizers.masks import thresholds


class StochasticDepth(Regularizer):
    """Leave out the branch of a residual block with probability p·l/L, anew for every sample and step.

    l is the hidden layer, counted from 1, of L: the deeper the more often, the last with p. A branch that is kept is
    divided by its probability to be kept, so that evaluation needs no change. It acts only where
    `architecture.residual` makes blocks: at hidden layers as wide as the one before, never at the first.

    Update: no gradient goes through a branch that was left out; the others' is divided by their probability.
    Usual: 0.2 to 0.5.
    Example: p 0.5, seed 0: branch [1, 2] give branch [2, 4].

    Elsewhere: torchvision's StochasticDepth(p·l/L, mode="row"). Huang's paper gives the last layer's probability to
    survive, 1 - p, draws once per batch, and scales at evaluation instead, as 002 of the lessons does.
    """

    kind = "stochastic_depth"
    source = "Huang et al. 2016, Deep Networks with Stochastic Depth, section 3"

    p: Array = number(0.5, neutral=0.0, ge=0, lt=1, help="probability to leave out the branch of the last hidden layer")

    def begin(self, at: Site, values: Array) -> None:
        share = np.arange(1, at.depth + 1) / max(at.depth, 1)
        at.state["drop"], at.state["scale"] = thresholds(self.p[:, None] * share, values.dtype)

    def on_branch(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        kept = at.streams.bits((1, h.shape[2])) >= at.state["drop"][:, at.layer]
        mask = kept * at.state["scale"][:, at.layer]
        h *= mask
        return h, lambda gradient: np.multiply(gradient, mask, out=gradient)
