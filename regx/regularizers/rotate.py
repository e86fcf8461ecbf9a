import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number
from regx.regularizers.pictures import between_pixels, by_feature, by_sample


class Rotate(Regularizer):
    """Turn each image about its middle by an angle drawn uniformly between -degrees and degrees.

    Anew for every sample and step; none at evaluation. Between pixels by bilinear interpolation; black comes in at the
    corners.

    Update: the gradient is that of turned images.
    Usual: 5 to 15.
    Example: degrees 90, seed 0: images [[[0, 1, 0], [0, 1, 0], [0, 1, 0]]] give images [[[0.264, 0.049, 0], [0.692,
    1, 0.692], [0, 0.049, 0.264]]].

    Elsewhere: torchvision's RandomRotation(degrees, interpolation=BILINEAR), before pixels are standardised; an angle
    is scipy.ndimage.rotate(reshape=False, order=1, mode="grid-constant").
    """

    kind = "rotate"
    source = "Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2"
    for_images = True

    degrees: Array = number(10.0, neutral=0.0, ge=0, le=180, help="the largest angle, in degrees")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images = by_sample(x, at)
        drawn = 2 * at.streams.uniform((x.shape[2],), np.dtype(np.float64)) - 1
        angle = np.deg2rad(drawn * self.degrees[:, None])[..., None, None]
        height, width = images.shape[3:]
        down, right = np.mgrid[:height, :width] - np.array([(height - 1) / 2, (width - 1) / 2])[:, None, None]
        cosine, sine = np.cos(angle), np.sin(angle)
        found = between_pixels(
            images, cosine * down + sine * right + (height - 1) / 2, cosine * right - sine * down + (width - 1) / 2, at
        )
        return by_feature(found), y
