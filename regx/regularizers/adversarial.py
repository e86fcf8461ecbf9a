import numpy as np

from regx.core.regularizer import LEVELS, Array, Regularizer, Site, number


class Adversarial(Regularizer):
    """Train on x + eps·sign(∂loss/∂x): every input moved by eps the way that raises the loss (FGSM).

    A `share` of the samples, drawn anew in every step, is moved; the others stay as they are. The gradient of the
    inputs is that of the same step's loss, with the same masks, and is taken as given: nothing flows back through it.
    So a step takes two passes. eps is in units of the inputs as the network sees them. A 0 or 1 of a one-hot is moved
    like any other number.

    Update: the gradient is that at the moved inputs; a step takes two passes.
    Usual: eps 0.01 to 0.1 of standardised inputs.
    Example: eps 0.1, share 1: slopes [[2, -3]] give inputs [[0.1, -0.1]].

    Elsewhere: the paper adds half of the loss at the moved batch to half of that at the batch itself, which a share of
    1/2 is in the mean; Madry et al. 2018 move every sample, in several small steps.
    """

    kind = "adversarial"
    source = "Goodfellow, Shlens & Szegedy 2015, Explaining and Harnessing Adversarial Examples, sections 4 and 6"

    eps: Array = number(0.1, neutral=0.0, ge=0, help="how far each input is moved, in units of the inputs")
    share: Array = number(0.5, ge=0, le=1, help="share of the samples that are moved")

    def on_inputs(self, x: Array, gradient: Array, at: Site) -> Array:
        moved = at.streams.bits((1, x.shape[2])) < (self.share * LEVELS)[:, None, None]
        eps = self.eps[:, None, None]
        return np.where(moved & (eps > 0), x + eps * np.sign(gradient), x)
