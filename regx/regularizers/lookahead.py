import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, integer, number


class Lookahead(Regularizer):
    """After every k steps go back to where they began, and a share alpha of the way to where they led.

    slow <- slow + alpha·(w - slow), w <- slow. The optimizer, whichever it is, makes the steps and keeps what it
    remembers. It acts on all trained parameters and stands behind whatever else changes a step.

    Update: nothing to the gradient; every k steps the weights go back part of the way.
    Usual: alpha 0.5, k 5 to 10.
    Example: alpha 0.5, k 2: steps [1, 2] give weight 1.

    Elsewhere: torch_optimizer's Lookahead(optimizer, k=5, alpha=0.5); TensorFlow Addons has k = 6.
    """

    kind = "lookahead"
    source = "Zhang et al. 2019, Lookahead Optimizer: k Steps Forward, 1 Step Back, algorithm 1"
    steadies = True

    alpha: Array = number(0.5, neutral=1.0, gt=0, le=1, help="share of the way of k steps that is kept")
    k: Array = integer(5, ge=1, help="steps from one return to the next")

    def begin(self, at: Site, values: Array) -> None:
        at.state["slow"] = values.copy()

    def on_step(self, values: Array, at: Site) -> None:
        due = (at.step % self.k == 0)[:, None] & (at.is_trained > 0)
        slow, alpha = at.state["slow"], self.alpha[:, None]
        kept = alpha * values + (1 - alpha) * slow
        np.copyto(values, kept, where=due)
        np.copyto(slow, values, where=due)
