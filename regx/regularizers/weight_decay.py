import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, flag, number


class WeightDecay(Regularizer):
    """w <- (1 - lr·lam)·w before each update, with any optimizer; on weight matrices, never on biases.

    Decoupled: the decay is no gradient, so momentum does not remember it and Adam does not rescale it, and it is no
    part of the objective. With `scaled_by_lr: false` it is w <- (1 - lam·factor)·w, the factor being the schedule's.
    With plain SGD it is `l2` of the same lam; with `adam` it is the optimizer `adamw`.

    Update: shrinks the weights by the share lr·lam before the step.
    Usual: 0.0001 to 0.1 with Adam, so that lr·lam·steps is 0.3 to 10.
    Example: lam 0.5: weights [2, -3] give weights [1.9, -2.85].

    Elsewhere: `weight_decay` of PyTorch's AdamW, and of its SGD(momentum=0) and Keras' AdamW, each on all parameters it
    is given. 003 of the lessons calls L2 by this name, which with its plain SGD is the same. Over a training of T steps
    weights that nothing holds shrink by exp(-lr·lam·T): `regx explain shrinkage`. Loshchilov & Hutter's algorithms do
    not multiply it by the learning rate: `scaled_by_lr: false`.
    """

    kind = "weight_decay"
    source = "Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, section 2"
    decays = True

    lam: Array = number(0.01, neutral=0.0, ge=0, help="share of a weight lost per step, before the learning rate")
    scaled_by_lr: bool = flag(True, help="whether lam is times the learning rate; else it is the same at any rate")
    layers: tuple[int, ...] | None = chosen_layers()

    def begin(self, at: Site, values: Array) -> None:
        at.state["lam"] = at.over_weights(self.lam)

    def on_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        lost = np.multiply(at.state["lam"], at.lr if self.scaled_by_lr else at.factor, out=at.scratch)
        values *= np.subtract(1, lost, out=at.scratch)
