import numpy as np

from regx.core.regularizer import Array, Regularizer, Site, number
from regx.regularizers.pictures import by_feature, by_sample, seen

GREY = (0.299, 0.587, 0.114)  # the weights of red, green and blue in a grey value, ITU-R BT.601


class ColorJitter(Regularizer):
    """Change brightness, contrast, saturation and hue of each image, in this order, by random amounts.

    With f drawn uniformly between 1 - value and 1 + value, at least 0: brightness multiplies pixels by f; contrast
    keeps the share f of their distance from the image's mean grey; saturation that from their own grey. Hue is turned
    by up to `hue` of the circle. Pixels stay within their range. Of grey images saturation and hue change nothing. Anew
    for every sample and step; none at evaluation.

    Update: the gradient is that of images of another brightness, contrast or colour.
    Usual: 0.2 to 0.4, hue 0.1.
    Example: brightness 0.5, contrast 0, seed 0: images [[[0.2, 0.4]]] give images [[[0.28, 0.56]]].

    Elsewhere: torchvision's ColorJitter(brightness, contrast, saturation, hue), which draws the order too.
    """

    kind = "color_jitter"
    source = (
        "Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1; "
        "Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification, section 2"
    )
    for_images = True

    brightness: Array = number(0.2, neutral=0.0, ge=0, le=10, help="largest relative change of pixels")
    contrast: Array = number(0.2, neutral=0.0, ge=0, le=10, help="largest relative change of the distance from grey")
    saturation: Array = number(0.0, neutral=0.0, ge=0, le=10, help="largest relative change of colour")
    hue: Array = number(0.0, neutral=0.0, ge=0, le=0.5, help="largest turn of the hue, as a share of the circle")

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        images, own = by_sample(x, at), seen(at)
        mean, deviation = (each[:, None, :, None, None] for each in (own.mean, own.deviation))
        lowest = own.lowest[:, :, None, None, None]
        drawn = 2 * at.streams.uniform((4, x.shape[2]), x.dtype) - 1
        strengths = np.stack([self.brightness, self.contrast, self.saturation, self.hue], axis=1)[:, :, None]
        amounts = (drawn * strengths)[..., None, None, None]
        pixels = images * deviation + mean
        colour = images.shape[2] == 3
        for number_of, change in enumerate((brightness, contrast, saturation, hue)):
            strength = strengths[:, number_of, 0]
            if np.any(strength) and (colour or number_of < 2):
                changed = np.clip(change(pixels, amounts[:, number_of]), lowest, 1)
                pixels = np.where((strength > 0)[:, None, None, None, None], changed, pixels)
        # Where nothing acts, not even the rounding of there and back.
        acts = np.any(strengths[:, : 4 if colour else 2] > 0, axis=1).reshape(-1, 1, 1, 1, 1)
        return by_feature(np.where(acts, (pixels - mean) / deviation, images)), y


def brightness(pixels: Array, amount: Array) -> Array:
    """Pixels (R, B, C, H, W) times 1 + amount, (R, B, 1, 1, 1)."""
    return np.asarray(pixels * np.maximum(1 + amount, 0))


def contrast(pixels: Array, amount: Array) -> Array:
    """About the mean grey of each image."""
    middle = grey(pixels).mean(axis=(3, 4), keepdims=True)
    return np.asarray(middle + np.maximum(1 + amount, 0) * (pixels - middle))


def saturation(pixels: Array, amount: Array) -> Array:
    """About the grey of each pixel."""
    own = grey(pixels)
    return np.asarray(own + np.maximum(1 + amount, 0) * (pixels - own))


def hue(pixels: Array, amount: Array) -> Array:
    """The hue of colours turned by `amount` of the circle; value and saturation, in the sense of HSV, stay."""
    value, low = pixels.max(axis=2, keepdims=True), pixels.min(axis=2, keepdims=True)
    spread = value - low
    red, green, blue = np.moveaxis(pixels, 2, 0)
    safe = np.where(spread > 0, spread, 1)[:, :, 0]
    top = value[:, :, 0]
    # In sixths of the circle, from red.
    angle = np.where(
        top == red, (green - blue) / safe, np.where(top == green, 2 + (blue - red) / safe, 4 + (red - green) / safe)
    )
    turned = (angle + 6 * amount[:, :, 0])[:, :, None]
    place = np.mod(np.array([5, 3, 1], pixels.dtype)[:, None, None] + turned, 6)
    return np.asarray(value - spread * np.clip(np.minimum(place, 4 - place), 0, 1))


def grey(pixels: Array) -> Array:
    """The grey value, (R, B, 1, H, W)."""
    if pixels.shape[2] != 3:
        return pixels
    weights = np.array(GREY, pixels.dtype)[:, None, None]
    return np.asarray((pixels * weights).sum(axis=2, keepdims=True))
