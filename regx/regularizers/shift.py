import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number
from regx.regularizers.pictures import between_pixels, by_feature, by_sample


class Shift(Regularizer):
    """Move each image by up to `fraction` of its height and of its width, by parts of pixels too.

    Both drawn uniformly between -fraction and fraction, anew for every sample and step; none at evaluation. Between
    pixels by bilinear interpolation; black comes in at the edges. `crop` moves by whole pixels.

    Update: the gradient is that of images moved by parts of pixels.
    Usual: 0.1.
    Example: fraction 0.4, seed 0: images [[[0, 1, 0], [0, 1, 0], [0, 1, 0]]] give images [[[0, 0.002, 0.037], [0,
    0.058, 0.942], [0, 0.058, 0.942]]].

    Elsewhere: torchvision's RandomAffine(0, translate=(fraction, fraction)), which rounds to pixels; Keras'
    RandomTranslation(fraction, fraction, fill_mode="constant").
    """

    kind = "shift"
    source = "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition, section III.C"
    for_images = True

    fraction: Array = number(0.1, neutral=0.0, ge=0, lt=1, help="the largest shift, as a share of height and width")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images = by_sample(x, at)
        drawn = (2 * at.streams.uniform((2, x.shape[2]), np.dtype(np.float64)) - 1) * self.fraction[:, None, None]
        height, width = images.shape[3:]
        down, right = np.mgrid[:height, :width]
        moved = drawn[..., None, None]
        return by_feature(between_pixels(images, down - moved[:, 0] * height, right - moved[:, 1] * width, at)), y
