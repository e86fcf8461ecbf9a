"""Group lasso."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import number
from regx.core.regularizer import Regularizer, Site


@dataclass(frozen=True)
class GroupLasso(Regularizer):
    """lam·Σ √size·‖group‖ added to the loss, where a group is the outgoing weights of one input or hidden unit.

    Drops whole inputs and units: all outgoing weights of one are exactly 0, or none is. A group is a row of a weight
    matrix (in, out) and its size is `out`; biases are free. Taken by a proximal step after each update, group <-
    group·max(1 - lr·lam·√size/‖group‖, 0). With SGD that is proximal gradient descent. With Adam or RMSprop the
    gradient is rescaled and the threshold is not.

    Elsewhere: for a linear model with K outputs it is scikit-learn's MultiTaskLasso(alpha), lam = 2·alpha/(K·√K):
    it halves its squared error, sums it over the outputs, and has no √size. With one output a group is one weight, and
    the penalty is that of `l1`.
    """

    kind = "group_lasso"
    source = (
        "Yuan & Lin 2006, Model Selection and Estimation in Regression with Grouped Variables, section 2; "
        "Scardapane et al. 2017, Group Sparse Regularization for Deep Neural Networks, section 3"
    )

    lam: Array = number(0.001, neutral=0.0, ge=0, help="strength: the penalty is lam times the sum of scaled norms")

    def penalty(self, values: Array, at: Site) -> Array:
        norms = [_norms(tensor.of(values))[:, :, 0].sum(axis=1) * tensor.shape[1] ** 0.5 for tensor in at.weights]
        return np.asarray(self.lam * sum(norms))

    def on_step(self, values: Array, at: Site) -> None:
        strength = (at.lr[:, 0] * self.lam)[:, None, None]
        for tensor in at.weights:
            groups = tensor.of(values)
            norms = _norms(groups, tensor.of(at.scratch))
            threshold = strength * tensor.shape[1] ** 0.5
            # Where the norm does not exceed the threshold, 1 - 1 is an exact zero.
            lost = np.divide(threshold, norms, out=np.ones_like(norms), where=norms > threshold)
            groups *= 1 - lost


def _norms(groups: Array, scratch: Array | None = None) -> Array:
    """The norm of every row, (R, in, out) -> (R, in, 1)."""
    ones = np.ones((groups.shape[2], 1), groups.dtype)
    return np.asarray(np.sqrt(np.matmul(np.square(groups, out=scratch), ones)))
