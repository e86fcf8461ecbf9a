import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, choice, integer
from regx.regularizers.pictures import by_feature, by_sample, framed


class Crop(Regularizer):
    """Widen each image by `padding` pixels on every side and cut a piece of the old size out, at a random place.

    Which moves it by up to `padding` whole pixels each way, each place alike, anew for every sample and step; none at
    evaluation. The padding is black (`fill: zero`, pixels of value 0) or the image mirrored at its edge (`reflect`).

    Update: the gradient is that of images moved by whole pixels.
    Usual: an eighth of the image, 4 of 32.
    Example: padding 1, seed 0: images [[[1, 2, 3], [4, 5, 6], [7, 8, 9]]] give images [[[5, 6, 0], [8, 9, 0], [0,
    0, 0]]].

    Elsewhere: torchvision's RandomCrop(size, padding=padding, padding_mode="constant" or "reflect"), before pixels are
    standardised; 004 of the lessons has it with padding 4. What 002 calls a crop, a part brought back to full size, is
    torchvision's RandomResizedCrop, which is not here.
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
        of_all = int(self.padding.max())
        if self.fill == "zero":  # beyond its own size nothing of an image is left
            pads = [min(of_all, length) for length in (height, width)]
            around = framed(images, pads, at)
            starts = [np.clip(moved[:, axis], -pad, pad) + pad for axis, pad in enumerate(pads)]
        else:  # the mirror image of the mirror image is the image again
            pads = [min(of_all, length - 1) for length in (height, width)]
            around = np.pad(images, [(0, 0)] * 3 + [(pad, pad) for pad in pads], mode="reflect")
            ends = np.array([height - 1, width - 1])[:, None]  # a line that goes on as its mirror image comes again
            folded = np.mod(moved + ends, np.maximum(2 * ends, 1)) - ends
            starts = [folded[:, axis] + pad for axis, pad in enumerate(pads)]
        windows = np.lib.stride_tricks.sliding_window_view(around, (height, width), axis=(3, 4))
        return by_feature(windows[np.arange(replicas)[:, None], np.arange(samples), :, starts[0], starts[1]]), y
