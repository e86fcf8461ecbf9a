"""The user's own images: a folder with a folder of PNG or JPEG files for each class, or an .npz file."""

import functools
import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.memory import shortage
from regx.core.parameters import choice, flag, integer, text
from regx.data.pictures import check_alike, read_picture, shown
from regx.data.table import Table, TableSource, pixel_names, version
from regx.data.task import Task

IGNORED = ("Thumbs.db", "desktop.ini")  # what file managers leave


class ImageFiles(TableSource, kw_only=True):
    """Images and their class. Pixels are standardised by the mean and deviation of each channel in the training split.

    A folder: in it a folder for each class, named by it, of PNG or JPEG files; of any size where `size` is given, to
    which all are brought, else of one. Or an .npz file with `x`, (n, height, width) or (n, height, width, channels),
    of bytes or numbers, and `y`, (n,), the classes. A file that cannot be used is an error that names it, or with
    `skip_broken` left out and named. Reading a folder needs Pillow: pip install 'regx[images]'.
    """

    kind = "images"
    source = "your own files"
    of_images = True

    path: str = text(help="a folder with a folder of images for each class, or an .npz file with x and y")
    size: int | None = integer(
        None, ge=1, le=4096, static=True, optional=True, help="height and width that images are brought to"
    )
    colour: str = choice("auto", ("auto", "grey", "rgb"), help="what images are made; auto: what all of them are")
    skip_broken: bool = flag(False, help="leave out files that cannot be used, instead of refusing the folder")

    def table(self) -> Table:
        path = Path(self.path).expanduser()
        if path.is_dir():
            return _of_folder(path, self.size, self.colour, self.skip_broken, _versions(path))
        try:
            at_version = version(path)
        except OSError as error:
            raise InputError(
                f"dataset.path: no file at {path} ({error.strerror}). Expected a folder with a folder of images for "
                "each class, or an .npz file."
            ) from error
        return _of_arrays(path, self.size, at_version)

    def fingerprint(self) -> str:
        self.table()  # has the clear messages for what cannot be read
        path, found = Path(self.path).expanduser(), hashlib.sha256()
        for file in [file for _, file in _files(path)] if path.is_dir() else [path]:
            found.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode(errors="surrogateescape"))
            found.update(file.read_bytes())
        return found.hexdigest()


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """The class and path of every entry in the folders of classes, in the order of their names."""
    for folder in filter(Path.is_dir, _entries(root)):
        for file in _entries(folder):
            yield folder.name, file


def _entries(folder: Path) -> list[Path]:
    """What stands in a folder, but for what is hidden or left by file managers, in the order of the names."""
    return sorted(one for one in folder.iterdir() if not one.name.startswith(".") and one.name not in IGNORED)


def _versions(root: Path) -> tuple[Any, ...]:
    found: list[tuple[Any, ...]] = []
    for _, file in _files(root):
        try:
            found.append((str(file), *version(file)))
        except OSError:  # a link to nowhere or to itself: it is named when it is read
            found.append((str(file),))
    return tuple(found)


@functools.lru_cache(maxsize=2)
def _of_folder(root: Path, size: int | None, colour: str, skip: bool, versions: tuple[Any, ...]) -> Table:
    classes = sorted(folder.name for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    files = list(_files(root))
    if empty := [name for name in classes if name not in {kind for kind, _ in files}]:
        raise InputError(
            f"{root}: no images in the folder of class '{empty[0]}'. Put some there, or remove the folder."
        )
    _check_classes(str(root), classes, "a folder of images for each")
    images: list[Array] = []
    labels: list[int] = []
    used: list[Path] = []
    broken: list[str] = []
    for kind, file in files:
        try:
            images.append(read_picture(file, size, colour))
        except InputError as error:
            broken.append(str(error))
            continue
        labels.append(classes.index(kind))
        used.append(file)
        if len(images) == 1 and (short := shortage(3.0 * 8 * images[0].size * len(files))):
            raise InputError(f"{root}: expected images that fit in memory, found {short}. Make dataset.size smaller.")
    if broken and not skip:
        more = f"\nand {len(broken) - 5} more" if len(broken) > 5 else ""
        raise InputError("\n".join(broken[:5]) + more + "\nTo leave them out, set dataset.skip_broken=true.")
    if gone := [name for number, name in enumerate(classes) if number not in labels]:
        raise InputError(f"{root}: no image of class '{gone[0]}' can be used:\n" + "\n".join(broken[:5]))
    check_alike(images, used)
    notes = [f"{len(images)} images of {len(classes)} classes, {shown(images[0])}, from {root}."]
    if broken:
        notes.append(f"Left out {len(broken)} files that cannot be used: {'; '.join(broken[:5])}.")
    return _table(np.stack(images), np.array(labels), tuple(classes), str(root), tuple(notes))


def new_images(source: ImageFiles, path: Path) -> dict[str, Array]:
    """The pixels of images whose class is not asked, (n,) each, by column: an .npz file's x, or the files of a folder.

    Files are taken in the order of their names, those in folders of the folder after its own. Raises InputError where
    they cannot be read.
    """
    if path.is_dir():
        if not (files := [*filter(Path.is_file, _entries(path)), *(file for _, file in _files(path))]):
            raise InputError(f"{path}: expected PNG or JPEG images, found none.")
        images = [read_picture(file, source.size, source.colour) for file in files]
        check_alike(images, files)
        return _by_column(np.stack(images))
    if not path.is_file():
        raise InputError(
            f"{path}: no such file. Expected images: a folder of PNG or JPEG files, or an .npz file with x."
        )
    return _by_column(_pixels_of(path, source.size, *_arrays(path, ("x",))))


def _by_column(images: Array) -> dict[str, Array]:
    """Images (n, C, H, W) as columns."""
    return dict(zip(pixel_names(images.shape[1:]), images.reshape(len(images), -1).T, strict=True))


def _arrays(path: Path, wanted: tuple[str, ...]) -> list[Array]:
    """Arrays of an .npz file.  Raises InputError where one is missing, or is no plain array."""
    try:
        with np.load(path, allow_pickle=False) as file:
            names = list(file.files)
            if missing := [name for name in wanted if name not in names]:
                raise InputError(
                    f"{path}: expected arrays {' and '.join(wanted)}, found no {missing[0]} among {names}."
                )
            return [file[name] for name in wanted]
    except InputError:
        raise
    except (OSError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, MemoryError) as error:
        pickled = "allow_pickle" in str(error) and zipfile.is_zipfile(path)
        why = "pickled objects, which could run anything" if pickled else "another kind of file"
        raise InputError(
            f"{path}: expected an .npz file with {' and '.join(wanted)} as plain arrays, found {why}. Save numbers "
            f"with numpy.savez(path, {', '.join(f'{name}={name}' for name in wanted)})."
        ) from None


def _pixels_of(path: Path, size: int | None, x: Array) -> Array:
    """An array of images as (n, C, H, W).  Raises InputError where it is none."""
    if x.ndim not in (3, 4) or 0 in x.shape or (x.ndim == 4 and x.shape[3] not in (1, 3)) or x.dtype.kind not in "buif":
        raise InputError(
            f"{path}: x: expected numbers of shape (n, height, width) or (n, height, width, channels) with 1 or 3 "
            f"channels, found {x.dtype} of shape {x.shape}."
        )
    if short := shortage(3.0 * 8 * x.size):
        raise InputError(f"{path}: expected images that fit in memory, found {short}. Leave images out.")
    if size is not None and x.shape[1:3] != (size, size):
        raise InputError(
            f"{path}: dataset.size is {size}, and the images of x are {x.shape[1]} x {x.shape[2]}. Leave size out, or "
            "resize x."
        )
    pixels = np.asarray(x, np.float64)
    if not np.isfinite(pixels).all():
        raise InputError(f"{path}: x: expected finite numbers, found some that are not.")
    return np.moveaxis(pixels[..., None] if pixels.ndim == 3 else pixels, 3, 1)


@functools.lru_cache(maxsize=2)
def _of_arrays(path: Path, size: int | None, at_version: object) -> Table:
    x, y = _arrays(path, ("x", "y"))
    images = _pixels_of(path, size, x)
    if y.shape != x.shape[:1] or y.dtype.kind not in "buiUS":
        raise InputError(
            f"{path}: y: expected a class for each of the {len(x)} images, whole numbers or words of shape ({len(x)},),"
            f" found {y.dtype} of shape {y.shape}."
        )
    names_of, labels = np.unique(y, return_inverse=True)
    classes = tuple(one.decode() if isinstance(one, bytes) else str(one) for one in names_of.tolist())
    _check_classes(str(path), list(classes), "y to have")
    notes = (f"{len(images)} images of {len(classes)} classes, {shown(images[0])}, from {path}.",)
    return _table(images, labels.reshape(-1), classes, str(path), notes)


def _check_classes(origin: str, classes: list[str], where: str) -> None:
    if len(classes) < 2:
        found = f"only '{classes[0]}'" if classes else "none"
        raise InputError(f"{origin}: expected {where} of two or more classes, found {found}.")


def _table(images: Array, labels: Array, classes: tuple[str, ...], origin: str, notes: tuple[str, ...]) -> Table:
    """A table of pixels, from images (n, C, H, W) of any range."""
    task: Task = "binary" if len(classes) == 2 else "multiclass"
    return Table(_by_column(images), labels, "class", task, origin, classes, notes, shape=images.shape[1:])
