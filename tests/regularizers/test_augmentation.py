"""Augmentation against Pillow, scipy.ndimage and arithmetic, by the very numbers that were drawn."""

import colorsys
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from regx.core.images import Images, SeenImages
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import Streams
from regx.regularizers import ColorJitter, Crop, CutMix, Cutout, Flip, RandomErasing, Rotate, Shift
from regx.regularizers.color_jitter import hue

SEEDS, SAMPLES = (0, 1), 40
FLOAT = np.dtype("float64")


def site(kind: str, shape: tuple[int, int, int]) -> Site:
    images = [Images(shape, (0.3 + seed / 10,) * shape[0], (0.2 + seed / 10,) * shape[0]) for seed in SEEDS]
    return Site(
        streams=Streams(SEEDS, kind), task="multiclass", epochs=1, depth=1, weights=(), is_weight=np.ones(1),
        is_trained=np.ones(1), scratch=np.empty((2, 1)), lr=np.ones((2, 1)),
        images=SeenImages.of_networks(images, FLOAT),
    )  # fmt: skip


def acted(members: list[Regularizer], shape: tuple[int, int, int], contiguous: bool) -> tuple[Any, Any, Any, Any, Site]:
    """Pixels before and after, (R, B, C, H, W), targets before and after, and the site as it began."""
    at = site(members[0].kind, shape)
    member = type(members[0]).of_population(members, FLOAT)
    member.begin(at, np.zeros((2, 1)))
    rng = np.random.default_rng(0)
    pixels = rng.random((2, SAMPLES, *shape))
    mean, deviation = (each[:, None, :, None, None] for each in (at.images.mean, at.images.deviation))
    x = ((pixels - mean) / deviation).reshape(2, SAMPLES, -1).swapaxes(1, 2)
    x = np.ascontiguousarray(x) if contiguous else x
    y = np.eye(4)[rng.integers(4, size=(2, SAMPLES))].swapaxes(1, 2)
    before = x.copy()
    new_x, new_y = member.on_batch(x, y, at)
    assert np.array_equal(x, before), "what comes in is not written to"
    assert new_x.shape == x.shape
    after = new_x.swapaxes(1, 2).reshape(2, SAMPLES, *shape) * deviation + mean
    again = site(members[0].kind, shape)
    member.begin(again, np.zeros((2, 1)))
    return pixels, after, y, new_y, again


@pytest.mark.parametrize("contiguous", [False, True])
@pytest.mark.parametrize("shape", [(1, 6, 5), (3, 4, 7)])
class TestPlaces:
    def test_flips_are_those_of_pillow(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        from PIL import Image, ImageOps

        shares = [(0.5, 0.3), (0.2, 0.6)]
        pixels, after, *_, at = acted([Flip(*one) for one in shares], shape, contiguous)
        drawn = at.streams.uniform((2, SAMPLES), FLOAT)
        for r, (horizontal, vertical) in enumerate(shares):
            for b in range(SAMPLES):
                for c in range(shape[0]):
                    image = Image.fromarray(pixels[r, b, c].astype(np.float32))
                    image = ImageOps.mirror(image) if drawn[r, 0, b] < horizontal else image
                    image = ImageOps.flip(image) if drawn[r, 1, b] < vertical else image
                    np.testing.assert_allclose(after[r, b, c], np.asarray(image), atol=1e-6)

    @pytest.mark.parametrize("fill", ["zero", "reflect"])
    def test_crops_are_pieces_of_the_padded_image(
        self, fill: str, shape: tuple[int, int, int], contiguous: bool
    ) -> None:
        _, height, width = shape
        paddings = (1, 3)
        pixels, after, *_, at = acted([Crop(padding, fill) for padding in paddings], shape, contiguous)
        drawn = at.streams.uniform((2, SAMPLES), FLOAT)
        seen = set()
        for r, padding in enumerate(paddings):
            wide = ((0, 0), (padding, padding), (padding, padding))
            for b in range(SAMPLES):
                padded = np.pad(pixels[r, b], wide, mode="constant" if fill == "zero" else "reflect")
                top, left = (int(drawn[r, k, b] * (2 * padding + 1)) for k in (0, 1))
                seen.add((r, top, left))
                np.testing.assert_allclose(after[r, b], padded[:, top : top + height, left : left + width], atol=1e-14)
        assert {(0, top, left) for top in range(3) for left in range(3)} <= seen

    def test_rotations_are_those_of_scipy(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        degrees = (20.0, 170.0)
        pixels, after, *_, at = acted([Rotate(one) for one in degrees], shape, contiguous)
        drawn = 2 * at.streams.uniform((SAMPLES,), FLOAT) - 1
        for r in range(2):
            for b in range(SAMPLES):
                angle = drawn[r, b] * degrees[r]
                expected = ndimage.rotate(
                    pixels[r, b], angle, (2, 1), reshape=False, order=1, mode="grid-constant", cval=0
                )
                np.testing.assert_allclose(after[r, b], expected, atol=1e-10)

    def test_shifts_are_those_of_scipy(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        fractions = (0.1, 0.8)
        pixels, after, *_, at = acted([Shift(one) for one in fractions], shape, contiguous)
        drawn = 2 * at.streams.uniform((2, SAMPLES), FLOAT) - 1
        for r in range(2):
            for b in range(SAMPLES):
                by = (0, *(drawn[r, k, b] * fractions[r] * shape[1 + k] for k in (0, 1)))
                expected = ndimage.shift(pixels[r, b], by, order=1, mode="grid-constant", cval=0)
                np.testing.assert_allclose(after[r, b], expected, atol=1e-10)

    def test_cutout_cuts_a_square_to_the_mean(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        pixels, after, *_, at = acted([Cutout(2), Cutout(3)], shape, contiguous)
        drawn = at.streams.uniform((2, SAMPLES), FLOAT)
        for r, size in enumerate((2, 3)):
            for b in range(SAMPLES):
                top, left = (int(drawn[r, k, b] * shape[1 + k]) - size // 2 for k in (0, 1))
                expected = pixels[r, b].copy()
                expected[:, max(top, 0) : max(top + size, 0), max(left, 0) : max(left + size, 0)] = 0.3 + r / 10
                np.testing.assert_allclose(after[r, b], expected, atol=1e-14)

    def test_erasing_puts_a_box_of_noise(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        pixels, after, *_ = acted(
            [RandomErasing(p=0.5), RandomErasing(p=1.0, smallest=0.5, largest=0.9)], shape, contiguous
        )
        changed = np.abs(after - pixels).max(axis=2) > 1e-12
        assert after.min() > -1e-12
        assert after.max() < 1 + 1e-12
        share = changed.mean(axis=(2, 3))
        assert 0.2 < (share[0] > 0).mean() < 0.8
        assert (share[1] > 0.2).all()
        for r in range(2):
            for b in range(SAMPLES):
                rows, columns = np.nonzero(changed[r, b])
                if len(rows):  # it is a box
                    assert changed[r, b, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].all()

    def test_cutmix_mixes_labels_by_area(self, shape: tuple[int, int, int], contiguous: bool) -> None:
        pixels, after, y, new_y, at = acted([CutMix(1.0), CutMix(0.3)], shape, contiguous)
        at.streams.bits((SAMPLES,))
        at.streams.uniform((2, SAMPLES), FLOAT)
        partner = at.streams.permutation(SAMPLES)
        boxes = 0
        for r in range(2):
            for b in range(SAMPLES):
                pasted = (np.abs(after[r, b] - pixels[r, b]) > 1e-12).any(axis=0)
                other = pixels[r, partner[r, b]]
                np.testing.assert_allclose(after[r, b], np.where(pasted, other, pixels[r, b]), atol=1e-12)
                if partner[r, b] != b:
                    share = pasted.mean()
                    boxes += 0 < share < 1
                    mixed = (1 - share) * y[r, :, b] + share * y[r, :, partner[r, b]]
                    np.testing.assert_allclose(new_y[r, :, b], mixed, atol=1e-12)
        assert boxes > SAMPLES / 4


@pytest.mark.parametrize("key", ["brightness", "contrast", "saturation"])
def test_colours_are_those_of_pillow(key: str) -> None:
    """To the rounding of Pillow's bytes."""
    from PIL import Image, ImageEnhance

    enhancer = {"brightness": "Brightness", "contrast": "Contrast", "saturation": "Color"}[key]
    none = {"brightness": 0.0, "contrast": 0.0}
    pixels, after, *_, at = acted([ColorJitter(**none | {key: one}) for one in (0.4, 0.9)], (3, 5, 4), False)
    drawn = 2 * at.streams.uniform((4, SAMPLES), FLOAT) - 1
    for r, strength in enumerate((0.4, 0.9)):
        for b in range(SAMPLES):
            amount = 1 + strength * drawn[r, ["brightness", "contrast", "saturation"].index(key), b]
            image = Image.fromarray(np.rint(pixels[r, b].transpose(1, 2, 0) * 255).astype(np.uint8))
            expected = np.asarray(getattr(ImageEnhance, enhancer)(image).enhance(amount)) / 255
            np.testing.assert_allclose(after[r, b].transpose(1, 2, 0), expected, atol=2.5 / 255)


def test_hues_are_those_of_colorsys() -> None:
    pixels = np.random.default_rng(0).random((1, 30, 3, 2, 2))
    pixels[0, 0] = 0.4  # grey
    amounts = np.linspace(-0.5, 0.5, 30).reshape(1, 30, 1, 1, 1)
    turned = hue(pixels, amounts)
    for b in range(30):
        for place in np.ndindex(2, 2):
            h, s, v = colorsys.rgb_to_hsv(*pixels[(0, b, slice(None), *place)])
            expected = colorsys.hsv_to_rgb((h + amounts[0, b, 0, 0, 0]) % 1, s, v)
            np.testing.assert_allclose(turned[(0, b, slice(None), *place)], expected, atol=1e-12)


def test_of_grey_images_only_brightness_and_contrast_change() -> None:
    members = [ColorJitter(brightness=0.0, contrast=0.0, saturation=0.5, hue=0.5)] * 2
    pixels, after, *_ = acted(members, (1, 4, 4), False)
    np.testing.assert_allclose(after, pixels, atol=1e-14)
