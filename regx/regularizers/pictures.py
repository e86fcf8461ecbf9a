"""What the regularizers of images share: images sample by sample, and pixels looked up between pixels."""

from collections.abc import Sequence

import numpy as np

from regx.core.images import SeenImages
from regx.core.regularizer import Array, Site


def seen(at: Site) -> SeenImages:
    """The images; a regularizer of images on a table is refused before it comes here."""
    assert at.images is not None
    return at.images


def by_sample(x: Array, at: Site) -> Array:
    """(R, C·H·W, B) as images (R, B, C, H, W), which is how batches lie in memory."""
    replicas, _, samples = x.shape
    return x.swapaxes(1, 2).reshape(replicas, samples, *seen(at).shape)


def by_feature(images: Array) -> Array:
    """The reverse: (R, B, C, H, W) as (R, C·H·W, B)."""
    replicas, samples = images.shape[:2]
    return np.ascontiguousarray(images).reshape(replicas, samples, -1).swapaxes(1, 2)


def box(at: Site, top: Array, left: Array, height: Array, width: Array) -> Array:
    """Where the pixels of a box are, (R, B, 1, H, W) bool, of boxes (R, B) that may reach beyond the image.

    A pixel is in it if its number is at least `top` (or `left`) and less than that and the height (or width).
    """
    _, rows, columns = seen(at).shape
    down, right = np.arange(rows), np.arange(columns)
    inside_rows = (down >= top[..., None]) & (down < (top + height)[..., None])
    inside_columns = (right >= left[..., None]) & (right < (left + width)[..., None])
    return (inside_rows[..., :, None] & inside_columns[..., None, :])[:, :, None]


def box_around(at: Site, draws: Array, height: Array, width: Array) -> Array:
    """The same of boxes about a pixel that is drawn uniformly, by draws (R, 2, B) between 0 and 1."""
    lengths, sizes = seen(at).shape[1:], (height, width)
    top, left = (np.floor(draws[:, k] * lengths[k]) - np.floor(sizes[k] / 2) for k in (0, 1))
    return box(at, top, left, height, width)


def between_pixels(images: Array, down: Array, right: Array, at: Site) -> Array:
    """Images (R, B, C, H, W) looked up at places (R, B, H, W) in pixels, bilinearly; black is around them.

    At whole numbers it is the pixel itself, bit for bit.
    """
    replicas, samples, channels, height, width = images.shape
    flat = framed(images, (1, 1), at).reshape(replicas * samples, channels, -1)
    down, right = (np.clip(place + 1, 0, length + 1) for place, length in ((down, height), (right, width)))
    top, left = (
        np.minimum(np.floor(place).astype(np.intp), length) for place, length in ((down, height), (right, width))
    )
    share_down, share_right = (
        (place - whole).astype(images.dtype).reshape(replicas * samples, 1, -1)
        for place, whole in ((down, top), (right, left))
    )
    corner = (top * (width + 2) + left).reshape(replicas * samples, 1, -1)

    def at_corner(offset: int) -> Array:
        return np.asarray(np.take_along_axis(flat, corner + offset, axis=2))

    above = at_corner(0) * (1 - share_right) + at_corner(1) * share_right
    below = at_corner(width + 2) * (1 - share_right) + at_corner(width + 3) * share_right
    return np.asarray(above * (1 - share_down) + below * share_down).reshape(images.shape)


def framed(images: Array, pads: Sequence[int], at: Site) -> Array:
    """Images (R, B, C, H, W) with so many pixels of value 0 around them: above and below, left and right."""
    (down, right), (*of, height, width) = pads, images.shape
    found = np.empty((*of, height + 2 * down, width + 2 * right), images.dtype)
    found[:] = seen(at).number(0)[:, None, :, None, None]  # what networks see of that value
    found[..., down : down + height, right : right + width] = images
    return found
