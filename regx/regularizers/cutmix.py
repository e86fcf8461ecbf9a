from functools import partial

import numpy as np

from regx.core.regularizer import LEVELS, Array, Regularizer, Site, number
from regx.regularizers.mixup import beta_quantiles, drawn_weights, mixed_targets
from regx.regularizers.pictures import box_around, by_feature, by_sample


class CutMix(Regularizer):
    """Paste a box of another image of the batch into each, and mix their labels by area.

    The box has 1 - w of the image's area, w ~ Beta(alpha, alpha), and the image's proportions; its middle is drawn
    uniformly, so at an edge less is pasted. Labels are mixed by the area that was. Of a row of a table, whose columns
    are no neighbours, each input is taken from the other row with probability 1 - w. Partner and box are drawn anew
    for every sample and step; none at evaluation. 0 is no mixing.

    Update: the gradient is that of images with a box of another, and of both labels by area.
    Usual: 1.
    Example: alpha 1, seed 0: images [[[0, 0], [0, 0]], [[1, 1], [1, 1]]] and targets [[1, 0], [0, 1]] give targets
    [[0.75, 0.25], [0.25, 0.75]].

    Elsewhere: torchvision's CutMix(alpha=alpha), which like the paper's code draws one box and w for a whole batch.
    """

    kind = "cutmix"
    source = "Yun et al. 2019, CutMix: Regularization Strategy to Train Strong Classifiers, section 3"

    alpha: Array = number(1.0, neutral=0.0, ge=0, help="both parameters of the Beta distribution of the area")

    def begin(self, at: Site, values: Array) -> None:
        at.state["weights"] = beta_quantiles(self.alpha, values.dtype)

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        samples = x.shape[2]
        kept = drawn_weights(at, samples).astype(np.float64)
        if at.images is None:
            pasted = at.streams.bits(x.shape[1:]) < np.floor((1 - kept) * LEVELS)[:, None]
            partner = at.streams.permutation(samples)
            others = np.take_along_axis(x, partner[:, None], axis=2)
            share = pasted.mean(axis=1, dtype=y.dtype)[:, None]
            return np.where(pasted, others, x), mixed_targets(y, partial(_mixed, share, partner), at)
        images = by_sample(x, at)
        draws = at.streams.uniform((2, samples), np.dtype(np.float64))
        partner = at.streams.permutation(samples)
        side = np.sqrt(1 - kept)
        height, width = (np.rint(side * length) for length in images.shape[3:])
        pasted = box_around(at, draws, height, width)
        others = np.take_along_axis(images, partner[:, :, None, None, None], axis=1)
        share = pasted.mean(axis=(2, 3, 4)).astype(y.dtype)[:, None]
        return by_feature(np.where(pasted, others, images)), mixed_targets(y, partial(_mixed, share, partner), at)


def _mixed(share: Array, partner: Array, values: Array) -> Array:
    """Values (R, ., B) and a share, (R, 1, B), of those of the partner, (R, B), in them."""
    return np.asarray(values + share * (np.take_along_axis(values, partner[:, None], axis=2) - values))
