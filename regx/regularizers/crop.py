"""Random crops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import choice, integer
from regx.core.regularizer import Regularizer, Site
from regx.regularizers.pictures import black, by_feature, by_sample


@dataclass(frozen=True)
class Crop(Regularizer):
    """Widen each image by `padding` pixels on every side and cut a piece of the old size out, at a random place.

    Which moves it by up to `padding` whole pixels each way, each place alike, anew for every sample and step; none at
    evaluation. The padding is black (`fill: zero`, pixels of value 0) or the image mirrored at its edge (`reflect`).

    Elsewhere: torchvision's RandomCrop(size, padding=padding, padding_mode="constant" or "reflect"), before pixels are
    standardised.
    """

    kind = "crop"
    source = "He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2: padding 4 on 32 x 32"
    for_images = True

    padding: Array = integer(1, neutral=0, ge=0, le=1000, help="pixels by which an image is widened on every side")
    fill: str = choice("zero", ("zero", "reflect"), help="what the padding is: black, or the mirrored image")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images = by_sample(x, at)
        replicas, samples, _, height, width = images.shape
        draws = at.streams.uniform((2, samples), np.dtype(np.float64))
        moved = np.floor(draws * (2 * self.padding + 1)[:, None, None]).astype(np.intp) - self.padding[:, None, None]
        down = moved[:, 0, :, None] + np.arange(height)  # (R, B, H), the row that each row shows
        right = moved[:, 1, :, None] + np.arange(width)
        rows, columns = (_mirrored(place, length) for place, length in ((down, height), (right, width)))
        replica, sample = np.arange(replicas)[:, None, None, None], np.arange(samples)[:, None, None]
        # Channels behind, where NumPy puts what stands between two indices.
        found = images[replica, sample, :, rows[..., :, None], columns[..., None, :]].transpose(0, 1, 4, 2, 3)
        if self.fill == "zero":
            inside = (down == rows)[..., :, None] & (right == columns)[..., None, :]
            found = np.where(inside[:, :, None], found, black(at))
        return by_feature(found), y


def _mirrored(place: Array, length: int) -> Array:
    """Places on a line that goes on beyond its ends as its mirror image, the end itself not repeated."""
    if length == 1:
        return np.zeros_like(place)
    beyond = np.mod(place, 2 * (length - 1))
    return np.asarray(np.minimum(beyond, 2 * (length - 1) - beyond))
