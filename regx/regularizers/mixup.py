from collections.abc import Callable
from typing import Any

import numpy as np

from regx.core.regularizer import LEVELS, Array, Regularizer, Site, number

QUANTILES = 1024  # equally likely mixing weights per network


class Mixup(Regularizer):
    """Train on w·(x, y) + (1 - w)·(x', y') with (x', y') a random partner of the batch and w ~ Beta(alpha, alpha).

    The same w mixes inputs and targets; each sample has its own, anew in every step. Small alpha: nearly always one of
    the two; alpha 1: all mixtures alike; larger: halves. 0 is no mixing. The weights are 1,024 quantiles of the
    distribution, so networks that differ in alpha draw the same random numbers and the same partners. Partners are of
    the batch, so batches should not be tiny. Where rows have weights, each keeps its own in the mixture.

    Update: the gradient is that of mixtures of pairs of rows.
    Usual: 0.1 to 0.4; 1 for many epochs.
    Example: alpha 1, seed 0: inputs [[0], [1], [2]] and targets [[1, 0], [0, 1], [1, 0]] give targets [[0.9, 0.1],
    [0.107, 0.893], [1, 0]].

    Elsewhere: torchvision's MixUp(alpha=alpha). It, the paper's code and 000 of the lessons draw one w for all samples
    of a batch; here the noise of a step is less.
    """

    kind = "mixup"
    source = "Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization, section 2"

    alpha: Array = number(0.2, neutral=0.0, ge=0, help="both parameters of the Beta distribution of the mixing weight")

    def begin(self, at: Site, values: Array) -> None:
        at.state["weights"] = beta_quantiles(self.alpha, values.dtype)

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        samples = x.shape[2]
        weight = drawn_weights(at, samples)[:, None]
        partner = at.streams.permutation(samples)[:, None]

        def mixed(values: Array) -> Array:
            return np.asarray(weight * values + (1 - weight) * np.take_along_axis(values, partner, axis=2))

        return mixed(x), mixed_targets(y, mixed, at)


def drawn_weights(at: Site, samples: int) -> Array:
    """A weight for each sample, (R, B), of the `beta_quantiles` that `begin` has put aside."""
    quantile = at.streams.bits((samples,)) // (LEVELS // QUANTILES)
    return np.take_along_axis(at.state["weights"], quantile.astype(np.intp), axis=1)


def mixed_targets(y: Array, mixed: Callable[[Array], Array], at: Site) -> Array:
    """The targets of mixtures, (R, K, B): each of a mixture's two losses has the weight of its own row, if they have.

    mixed: (R, ., B) to the mixtures of its samples.
    """
    if at.row_weight is None:
        return mixed(y)
    own = at.row_weight[:, None]
    both = mixed(own)
    at.row_weight = both[:, 0]
    return np.divide(mixed(own * y), both, out=y.copy(), where=both > 0)


def beta_quantiles(alpha: Array, dtype: np.dtype[Any]) -> Array:
    """Equally likely values of Beta(alpha, alpha) for each network's alpha, (R,) -> (R, QUANTILES); 1 where it is 0."""
    from scipy.special import betaincinv

    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    weights = np.ones((len(alpha), QUANTILES), dtype)
    for row, one in zip(weights, alpha.astype(np.float64), strict=True):
        if one > 0:
            row[:] = betaincinv(one, one, middles)
    return weights
