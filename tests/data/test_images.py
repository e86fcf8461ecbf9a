"""The user's own images: what is read, how it is standardised, and what is refused in words."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from regx.core.errors import InputError
from regx.data import CSV, Digits, ImageFiles
from regx.data.dataset import Dataset


def folder(root: Path, size: tuple[int, int] = (6, 5), mode: str = "RGB", n: int = 12) -> Path:
    """Two classes of random images of (height, width)."""
    rng = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (root / kind).mkdir(parents=True)
        for number in range(n):
            shape = (*size, 3) if mode == "RGB" else size
            image = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
            image.save(root / kind / f"{number}.{'png' if number % 2 else 'jpg'}")
    return root


def standardised(data: Dataset) -> None:
    """Every channel of the training split has mean 0 and deviation 1."""
    assert data.images is not None
    by_channel = data.train.x.reshape(len(data.train.x), data.images.shape[0], -1)
    np.testing.assert_allclose(by_channel.mean(axis=(0, 2)), 0, atol=1e-12)
    np.testing.assert_allclose(by_channel.std(axis=(0, 2)), 1)
    pixels = data.images.pixels(data.test.x)
    assert -1e-9 <= pixels.min() < pixels.max() <= 1 + 1e-9


def test_digits_are_images() -> None:
    from sklearn.datasets import load_digits

    data = Digits().load(3)
    assert data.shape == (1, 8, 8)
    standardised(data)
    truth = load_digits().images / 16
    pixels = data.images.pixels(data.train.x)[:, 0]
    assert all((np.abs(truth - one).max(axis=(1, 2)) < 1e-12).any() for one in pixels[:20])
    assert data.features[:9] == (*(f"pixel_0_{k}" for k in range(8)), "pixel_1_0")


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_folder_of_images(mode: str, tmp_path: Path) -> None:
    data = ImageFiles(path=str(folder(tmp_path / "pets", mode=mode))).load(0)
    channels = 3 if mode == "RGB" else 1
    assert data.shape == (channels, 6, 5)
    assert (data.task, data.classes) == ("binary", ("cat", "dog"))
    standardised(data)
    found = data.images.pixels(np.concatenate([data.train.x, data.val.x, data.test.x]))
    one = np.asarray(Image.open(tmp_path / "pets" / "cat" / "3.png")) / 255
    one = np.moveaxis(one, 2, 0) if mode == "RGB" else one[None]
    assert (np.abs(found - one).max(axis=(1, 2, 3)) < 1e-12).any()
    assert data.train.y.mean() == pytest.approx(0.5, abs=0.1), "stratified"


def test_resized_to_size_and_fingerprint_follows_content(tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    source = ImageFiles(path=str(root), size=4, colour="grey")
    assert source.load(0).shape == (1, 4, 4)
    before = source.fingerprint()
    Image.fromarray(np.zeros((6, 5, 3), np.uint8)).save(root / "cat" / "3.png")
    assert source.fingerprint() != before


@pytest.mark.parametrize("channels", [None, 1, 3])
@pytest.mark.parametrize("kind", ["bytes", "unit", "signed"])
def test_arrays(channels: int | None, kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (30, 4, 5, *([channels] if channels else [])), dtype=np.uint8)
    x = {"bytes": x, "unit": x / 255, "signed": x / 128.0 - 1}[kind]
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(30) % 3)
    data = ImageFiles(path=str(tmp_path / "a.npz")).load(0)
    assert data.shape == (channels or 1, 4, 5)
    assert data.classes == ("0", "1", "2")
    if kind != "signed":
        standardised(data)
    rows = np.concatenate([data.train.x, data.val.x, data.test.x])
    first = np.moveaxis(x[0].reshape(4, 5, -1), 2, 0) / {"bytes": 255, "unit": 1, "signed": np.abs(x).max()}[kind]
    assert (np.abs(data.images.pixels(rows) - first).max(axis=(1, 2, 3)) < 1e-12).any()


def test_pixels_of_a_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (40, 12))
    lines = ["label," + ",".join(f"p{k}" for k in range(12))]
    lines += [f"{k % 4}," + ",".join(map(str, row)) for k, row in enumerate(pixels)]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    given: dict[str, Any] = {"path": str(tmp_path / "t.csv"), "target": "label", "task": "classification"}
    data = CSV(**given, shape=(1, 3, 4)).load(0)
    assert data.shape == (1, 3, 4)
    standardised(data)
    with pytest.raises(InputError, match=r"dataset.shape is \[1, 3, 5\]; expected .* a product of 12"):
        CSV(**given, shape=(1, 3, 5)).load(0)


def spoil_sizes(root: Path) -> None:
    Image.fromarray(np.ones((9, 9, 3), np.uint8)).save(root / "dog" / "9.png")


def spoil_channels(root: Path) -> None:
    Image.fromarray(np.ones((6, 5), np.uint8)).save(root / "dog" / "9.png")


def spoil_class(root: Path) -> None:
    (root / "empty").mkdir()


def spoil_only(root: Path) -> None:
    for file in (root / "dog").iterdir():
        file.unlink()
    (root / "dog").rmdir()


FOLDERS = [
    (spoil_sizes, "dog/9.png: expected images of one size, 6 x 5 pixels in colour .* found 9 x 9 .*Set dataset.size"),
    (spoil_channels, "dog/9.png: expected 6 x 5 pixels in colour .* found 6 x 5 pixels in grey. Set dataset.colour"),
    (spoil_class, "no images in the folder of class 'empty'"),
    (spoil_only, "two or more classes, found only 'cat'"),
]


@pytest.mark.parametrize(("spoil", "words"), FOLDERS, ids=lambda one: getattr(one, "__name__", ""))
def test_folders_that_are_refused(spoil: Any, words: str, tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    spoil(root)
    with pytest.raises(InputError, match=re.compile(words, re.DOTALL)):
        ImageFiles(path=str(root)).load(0)


def broken(path: Path) -> None:
    whole = (path.parent / "1.png").read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def animation(path: Path) -> None:
    frames = [Image.fromarray(np.full((6, 5, 3), shade, np.uint8)) for shade in (0, 200)]
    frames[0].save(path, "PNG", save_all=True, append_images=frames[1:])


def gif(path: Path) -> None:
    frames = [Image.fromarray(np.full((6, 5), shade, np.uint8)) for shade in (0, 200)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


def cmyk(path: Path) -> None:
    Image.fromarray(np.zeros((6, 5, 4), np.uint8), "CMYK").save(path, "JPEG")


def bomb(path: Path) -> None:
    Image.new("1", (20000, 20000)).save(path, "PNG")


def loop(path: Path) -> None:
    path.symlink_to(path)


FILES = [
    (broken, "expected a PNG or JPEG image that can be read"),
    (animation, "found an animation"),
    (gif, "found a GIF"),
    (cmyk, "found mode CMYK. Set dataset.colour=rgb"),
    (bomb, "of at most 50,000,000 pixels, found 20000 x 20000|exceeds limit"),
    (loop, "expected a PNG or JPEG image"),
    (lambda path: path.write_text("hello"), "found another kind of file"),
    (lambda path: path.mkdir(), "found a folder"),
]


@pytest.mark.parametrize(("make", "words"), FILES, ids=lambda one: getattr(one, "__name__", ""))
def test_files_that_are_named_and_left_out_only_if_asked(make: Any, words: str, tmp_path: Path) -> None:
    root = folder(tmp_path / "pets")
    make(root / "dog" / "bad.png")
    with pytest.raises(InputError, match=rf"(?s)dog/bad.png.*({words}).*dataset.skip_broken=true"):
        ImageFiles(path=str(root)).load(0)
    data = ImageFiles(path=str(root), skip_broken=True).load(0)
    assert sum(len(split.x) for split in (data.train, data.val, data.test)) == 24
    assert any("Left out 1 files" in note and "bad.png" in note for note in data.notes)


def test_other_modes_are_what_they_show(tmp_path: Path) -> None:
    """16 bits are brought to the same range; a palette to its colours; links of class folders to nowhere do no harm."""
    grey = folder(tmp_path / "grey", mode="L")
    deep = (np.arange(30).reshape(6, 5) * 2000).astype(np.uint16)
    Image.fromarray(deep).save(grey / "cat" / "3.png")
    (grey / "lost").symlink_to(grey / "lost")
    data = ImageFiles(path=str(grey)).load(0)
    found = data.images.pixels(np.concatenate([data.train.x, data.val.x, data.test.x]))[:, 0]
    assert (np.abs(found - deep / 65535).max(axis=(1, 2)) < 1e-6).any()
    colour = folder(tmp_path / "colour")
    picture = Image.open(colour / "cat" / "3.png").quantize(8)
    picture.save(colour / "cat" / "3.png")
    data = ImageFiles(path=str(colour)).load(0)
    found = data.images.pixels(np.concatenate([data.train.x, data.val.x, data.test.x]))
    expected = np.moveaxis(np.asarray(picture.convert("RGB")) / 255, 2, 0)
    assert (np.abs(found - expected).max(axis=(1, 2, 3)) < 1e-12).any()


X = np.zeros((8, 4, 4), np.uint8) + np.arange(8, dtype=np.uint8)[:, None, None]
ARRAYS = [
    ({"x": X}, "found no y among"),
    ({"x": X[0], "y": np.arange(8)}, r"x: expected numbers of shape .* found uint8 of shape \(4, 4\)"),
    ({"x": np.zeros((8, 4, 4, 2)), "y": np.arange(8)}, "1 or 3 channels"),
    ({"x": X, "y": np.arange(7)}, r"y: expected a class for each of the 8 images"),
    ({"x": X, "y": np.linspace(0, 1, 8)}, "whole numbers or words"),
    ({"x": X, "y": np.zeros(8, int)}, "two or more classes, found only '0'"),
    ({"x": X * np.nan, "y": np.arange(8) % 2}, "finite numbers"),
    ({"x": np.array([{}] * 8), "y": np.arange(8) % 2}, "pickled objects"),
]


@pytest.mark.parametrize(("arrays", "words"), ARRAYS, ids=[words[:20] for _, words in ARRAYS])
def test_arrays_that_are_refused(arrays: dict[str, Any], words: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InputError, match=words):
        ImageFiles(path=str(tmp_path / "a.npz")).load(0)


def test_no_file_and_no_archive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file at"):
        ImageFiles(path=str(tmp_path / "none.npz")).load(0)
    (tmp_path / "a.npz").write_text("no archive")
    with pytest.raises(InputError, match=r"expected an .npz file"):
        ImageFiles(path=str(tmp_path / "a.npz")).load(0)
