import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, chosen_layers, norms_along, number
from regx.regularizers.proximal import shrink_groups


class GroupLasso(Regularizer):
    """lam·Σ √size·‖group‖ added to the loss, where a group is the outgoing weights of one input or hidden unit.

    Drops whole inputs and units: all outgoing weights of one are exactly 0, or none is. A group is a row of a weight
    matrix (in, out) and its size is `out`; biases are free. Of a convolution a group is a filter, so whole channels
    are dropped. Taken by a proximal step after each update: with SGD group
    <- group·max(1 - rate·lam·√size/‖group‖, 0), the rate being lr/(1 - momentum); with Adam and RMSprop, which have a
    rate for each weight, by the group that minimises Σ (w - group)²/(2·rate) + lam·√size·‖w‖.

    Update: after the step shortens each group by rate·lam·√size, to 0 where it is shorter.
    Usual: 0.0001 to 0.03.
    Example: lam 1: weights [[3, 4], [0.1, 0]] give weights [[2.915, 3.887], [0, 0]].

    Elsewhere: for a linear model with K outputs it is scikit-learn's MultiTaskLasso(alpha), lam = 2·alpha/(K·√K):
    it halves its squared error, sums it over the outputs, and has no √size. With one output a group is one weight, and
    the penalty is that of `l1`.
    """

    kind = "group_lasso"
    source = (
        "Yuan & Lin 2006, Model Selection and Estimation in Regression with Grouped Variables, section 2; "
        "Scardapane et al. 2017, Group Sparse Regularization for Deep Neural Networks, section 3; "
        "Yun, Lozano & Yang 2021, Adaptive Proximal Gradient Methods for Structured Neural Networks"
    )

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength: the penalty is lam times the sum of scaled norms")
    layers: tuple[int, ...] | None = chosen_layers()

    def penalty(self, values: Array, at: Site) -> Array:
        norms = [
            norms_along(tensor.groups(values), axis=2)[:, :, 0].sum(axis=1) * tensor.group_size**0.5
            for tensor in at.weights
        ]
        return np.asarray(self.lam * sum(norms))

    def on_step(self, values: Array, at: Site) -> None:
        thresholds = self.lam[:, None] * at.rate()
        for tensor in at.weights:
            own = tensor.groups(thresholds) if thresholds.shape[1] > 1 else thresholds[:, :, None]
            shrink_groups(tensor.groups(values), own * own.dtype.type(tensor.group_size**0.5))
