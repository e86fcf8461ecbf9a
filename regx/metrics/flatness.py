"""How flat the loss is around the weights."""

import numpy as np

from regx.core.arrays import Array, norms
from regx.core.streams import stream
from regx.metrics.metric import Metric
from regx.metrics.seen import Stored

RHO = 0.05  # SAM's usual distance
STEP = 1e-5  # of differences of gradients, in float64
MOST_ITERATIONS = 300
CLOSE = 1e-5  # relative change of the eigenvalue at which the iteration ends


def _sharpness(seen: Stored) -> Array:
    loss, gradient = seen.gradient_at(seen.values)
    norm = norms(gradient)[:, None]
    nearby = seen.values + RHO * np.divide(gradient, norm, out=np.zeros_like(gradient), where=norm > 0)
    return seen.gradient_at(nearby)[0] - loss


def _greatest_eigenvalue(seen: Stored) -> Array:
    """By power iteration; where the one of greatest size is negative, again on the Hessian shifted by it."""
    first = _dominant(seen, np.zeros(len(seen.values)))
    negative = first < 0
    if not negative.any():
        return first
    shift = np.where(negative, first, 0.0)
    return np.where(negative, _dominant(seen, shift) + shift, first)


def _dominant(seen: Stored, shift: Array) -> Array:
    """The eigenvalue of greatest size of the Hessian minus shift times the identity, (R,)."""
    drawn = stream(0, "hessian").standard_normal(seen.values.shape[1])
    trained = seen.layout.is_trained(np.dtype(np.float64))
    direction = np.tile(drawn * trained, (len(seen.values), 1))
    found, going_on = np.full(len(seen.values), np.nan), np.ones(len(seen.values), bool)
    for _ in range(MOST_ITERATIONS):
        direction /= np.maximum(norms(direction), np.finfo(float).tiny)[:, None]
        ahead, behind = (seen.gradient_at(seen.values + sign * STEP * direction)[1] for sign in (1, -1))
        product = (ahead - behind) / (2 * STEP) - shift[:, None] * direction
        value = np.matmul(direction[:, None, :], product[:, :, None])[:, 0, 0]
        done = np.abs(value - found) <= CLOSE * np.abs(value)
        # A network that is done keeps its value, which then does not depend on the others.
        found, going_on = np.where(going_on, value, found), going_on & ~done
        if not going_on.any():
            break
        direction = product
    return found


SHARPNESS = Metric(
    "sharpness",
    f"By how much the training loss rises at a distance of {RHO:g} along its gradient, which is where sharpness-aware "
    "minimisation looks (Foret et al. 2021, equation 2). Loss alone, in evaluation mode but for batch norm, which uses "
    "the statistics of all training rows.",
    better="lower", of=_sharpness,
)  # fmt: skip
HESSIAN_EIGENVALUE = Metric(
    "hessian_eigenvalue",
    "Greatest eigenvalue of the Hessian of the training loss by all trained parameters: how curved the loss is where "
    "it is most. By power iteration on differences of gradients (Yao et al. 2020, PyHessian, section 3); otherwise as "
    "`sharpness`.",
    better="lower", of=_greatest_eigenvalue,
)  # fmt: skip
