"""Reading pictures with Pillow: PNG or JPEG files as pixels."""

import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError

MOST_PIXELS = 50_000_000  # of one file, before it is decoded
GREYS, COLOURS = ("1", "L", "I;16", "I;16B", "I"), ("RGB", "P")  # Pillow's modes


def check_alike(images: list[Array], files: list[Path]) -> None:
    """Raise InputError, naming the files, where pictures, (C, H, W) each, have other shapes."""
    for image, file in zip(images, files, strict=True):
        if image.shape[0] != images[0].shape[0]:
            raise InputError(
                f"{file}: expected {shown(images[0])} as {files[0]}, found {shown(image)}. Set dataset.colour=grey "
                "or dataset.colour=rgb."
            )
        if image.shape != images[0].shape:
            raise InputError(
                f"{file}: expected images of one size, {shown(images[0])} as {files[0]}, found {shown(image)}. Set "
                "dataset.size, to which all are brought, such as dataset.size=32."
            )


def shown(image: Array) -> str:
    """The shape of a picture, (C, H, W), in words."""
    channels, height, width = image.shape
    return f"{height} x {width} pixels in {'colour' if channels == 3 else 'grey'}"


def read_picture(file: Path, size: int | None, colour: str) -> Array:
    """One file as pixels (C, H, W) between 0 and 1.  Raises InputError that names it."""
    try:
        from PIL import Image, ImageOps, UnidentifiedImageError
    except ImportError:
        raise InputError(
            "images in a folder are read with Pillow, which is missing: pip install 'regx[images]'"
        ) from None
    refused = f"{file}: expected a PNG or JPEG image"
    try:
        if file.is_dir():
            raise InputError(f"{refused}, found a folder")
        # What Pillow warns of, such as a picture too large to be one, is refused here.
        with warnings.catch_warnings(), Image.open(file, formats=["PNG", "JPEG", "GIF"]) as opened:
            warnings.simplefilter("ignore")
            if opened.format == "GIF":
                raise InputError(f"{refused}, found a GIF")
            if getattr(opened, "n_frames", 1) > 1:
                raise InputError(f"{refused}, found an animation")
            if opened.width * opened.height > MOST_PIXELS:
                raise InputError(f"{refused} of at most {MOST_PIXELS:,} pixels, found {opened.width} x {opened.height}")
            if opened.mode not in GREYS + COLOURS and colour == "auto":
                raise InputError(
                    f"{refused} in grey or colour, found mode {opened.mode}. Set dataset.colour=rgb to convert it"
                )
            opened.load()
            image = ImageOps.exif_transpose(opened)
            return _pixels(image, size, colour)
    except InputError:
        raise
    except UnidentifiedImageError:
        raise InputError(f"{refused}, found another kind of file") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, zipfile.BadZipFile) as error:
        raise InputError(f"{refused} that can be read: {error}") from None


def _pixels(image: Any, size: int | None, colour: str) -> Array:
    """A Pillow image as pixels (C, H, W) between 0 and 1, at its size or at another one."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits
        image = Image.fromarray(np.asarray(image, np.float32) / 65535 * 255)
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    if colour == "grey" and image.mode == "RGB":
        image = image.convert("L")
    if colour == "rgb" and image.mode != "RGB":
        image = image.convert("L").convert("RGB") if image.mode == "F" else image.convert("RGB")
    if size is not None:
        image = image.resize((size, size), Image.Resampling.BILINEAR)
    pixels = np.asarray(image, np.float64) / 255
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, 2, 0)
