import numpy as np

from regx.core.errors import InputError
from regx.core.regularizer import Array, Regularizer, Site, number
from regx.regularizers.pictures import box, by_feature, by_sample, seen


class RandomErasing(Regularizer):
    """With probability p, replace a box of each image by random pixels.

    Its area is drawn uniformly between `smallest` and `largest` of the image's, the ratio of height and width between
    0.3 and 1/0.3, and its place uniformly among those where it is inside; a side is at most the image's. Each pixel in
    it is drawn uniformly between black and white. Anew for every sample and step; none at evaluation.

    Update: the gradient is that of images with a box of noise.
    Usual: 0.5.
    Example: p 1, smallest 0.25, largest 0.25, seed 0: images [[[0, 0], [0, 0]]] give images [[[0, 0.942], [0,
    0.661]]].

    Elsewhere: torchvision's RandomErasing(p, scale=(smallest, largest), value="random"), where pixels are normal, and
    boxes that do not fit are drawn again.
    """

    kind = "random_erasing"
    source = "Zhong et al. 2020, Random Erasing Data Augmentation, algorithm 1"
    for_images = True

    p: Array = number(0.5, neutral=0.0, ge=0, le=1, help="probability to erase a box of an image")
    smallest: Array = number(0.02, gt=0, le=1, help="least share of the image's area")
    largest: Array = number(0.33, gt=0, le=1, help="largest share of the image's area")

    def __post_init__(self) -> None:
        if np.any(self.smallest > self.largest):
            raise InputError(
                f"regularizers.random_erasing: smallest is {self.smallest} and largest {self.largest}; expected the "
                "smallest area not to exceed the largest."
            )

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images = by_sample(x, at)
        height, width = images.shape[3:]
        chance, area, ratio, down, right = np.moveaxis(at.streams.uniform((5, x.shape[2]), np.dtype(np.float64)), 1, 0)
        smallest, largest = self.smallest[:, None], self.largest[:, None]
        pixels = (smallest + area * (largest - smallest)) * height * width
        slant = np.exp((2 * ratio - 1) * np.log(1 / 0.3))
        rows = np.clip(np.rint(np.sqrt(pixels * slant)), 1, height)
        columns = np.clip(np.rint(np.sqrt(pixels / slant)), 1, width)
        rows *= chance < self.p[:, None]
        top, left = np.floor(down * (height - rows + 1)), np.floor(right * (width - columns + 1))
        noise = at.streams.uniform((x.shape[2], *images.shape[2:]), x.dtype)
        lowest, white = (seen(at).number(each)[:, None, :, None, None] for each in (seen(at).lowest, 1))
        noise *= white - lowest
        noise += lowest
        return by_feature(np.where(box(at, top, left, rows, columns), noise, images)), y
