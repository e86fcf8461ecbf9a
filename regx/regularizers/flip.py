import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number
from regx.regularizers.pictures import by_feature, by_sample


class Flip(Regularizer):
    """Show each image mirrored with probability `horizontal` (left and right), and with `vertical` (top and bottom).

    Drawn anew for every sample and step; none at evaluation. Right where a mirrored image keeps its label, as of cats
    and dogs; wrong for digits and letters, and vertical flips for most photographs.

    Update: the gradient is that of mirrored images.
    Usual: 0.5.
    Example: horizontal 1: images [[[1, 2], [3, 4]]] give images [[[2, 1], [4, 3]]].

    Elsewhere: torchvision's RandomHorizontalFlip(p) and RandomVerticalFlip(p), Keras' RandomFlip.
    """

    kind = "flip"
    source = "Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1"
    for_images = True

    horizontal: Array = number(0.5, neutral=0.0, ge=0, le=1, help="probability to change left and right")
    vertical: Array = number(0.0, neutral=0.0, ge=0, le=1, help="probability to change top and bottom")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images = by_sample(x, at)
        draws = at.streams.uniform((2, x.shape[2]), x.dtype)
        for draw, share, axis in ((0, self.horizontal, 4), (1, self.vertical, 3)):
            if np.any(share):
                chosen = (draws[:, draw] < share[:, None])[:, :, None, None, None]
                images = np.where(chosen, np.flip(images, axis), images)
        return by_feature(images), y
