import numpy as np

from regx.core.regularizer import LEVELS, Array, Regularizer, Site, integer, number
from regx.regularizers.pictures import box_around, by_feature, by_sample


class Cutout(Regularizer):
    """Replace a square of `size` pixels of each image by the mean pixel of the training split, seen as 0.

    Its middle is any pixel, all alike, so at an edge less is cut out. Of a row of a table, whose columns are no
    neighbours, each input is replaced by 0, its mean, with probability `share` instead. Anew for every sample and step;
    none at evaluation.

    Update: the gradient is that of images with a hole.
    Usual: half of the image, 16 of 32.
    Example: size 1, seed 0: images [[[1, 2], [3, 4]]] give images [[[1, 2], [3, 0]]].

    Elsewhere: the paper's own code with one hole of length `size`; torchvision's RandomErasing draws the shape,
    which 002 of the lessons calls the same; here it is `random_erasing`.
    """

    kind = "cutout"
    source = "DeVries & Taylor 2017, Improved Regularization of Convolutional Neural Networks with Cutout, section 3"

    size: Array = integer(3, neutral=0, ge=0, le=10000, help="height and width of the square, in pixels")

    share: Array = number(0.1, neutral=0.0, ge=0, lt=1, help="of a table: probability to replace an input")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        if at.images is None:
            cut = at.streams.bits(x.shape[1:]) < (self.share * LEVELS)[:, None, None]
            return np.where(cut, x.dtype.type(0), x), y
        images = by_sample(x, at)
        draws = at.streams.uniform((2, x.shape[2]), np.dtype(np.float64))
        size = self.size[:, None]
        return by_feature(np.where(box_around(at, draws, size, size), x.dtype.type(0), images)), y
