"""Opening what a folder holds: regular files alone, not what a link points at, and without waiting.

A folder may come from a stranger, who could put a pipe, a device or a link in the place of any file.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from regx.core.errors import InputError, RegxError

# Not on all systems are there such flags.
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
_FLAGS = _NO_LINK | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_OTHER = {errno.ELOOP: "a link", errno.EMLINK: "a link", errno.ENXIO: "a pipe or a device", errno.EISDIR: "a folder"}
NO_FILE = "expected a file, found none"


def damaged(path: Path, what: str) -> InputError:
    """The error of a file that is not as it was written."""
    return InputError(
        f"{path}: damaged: {what}. Restore the file, or remove the folder {path.parent} and type the command that "
        "made it again."
    )


@contextlib.contextmanager
def opened(path: Path, flags: int = os.O_RDONLY) -> Iterator[int]:
    """`open_regular`, closed in the end."""
    descriptor = open_regular(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_regular(path: Path, flags: int = os.O_RDONLY) -> int:
    """The descriptor of a regular file, which to be written must have no other name.

    Raises InputError for whatever else is there, OSError as `os.open` does.
    """
    found = "a link" if not _NO_LINK and path.is_symlink() else None
    descriptor = None
    try:
        if found is None:
            descriptor = os.open(path, flags | _FLAGS, 0o666)
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                found = "a folder" if stat.S_ISDIR(facts.st_mode) else "a pipe or a device"
            elif flags & (os.O_WRONLY | os.O_RDWR) and facts.st_nlink > 1:
                found = "a file that has another name too"
    except OSError as error:
        if error.errno not in _OTHER:
            raise
        found = _OTHER[error.errno]
    if found is None and descriptor is not None:
        return descriptor
    if descriptor is not None:
        os.close(descriptor)
    raise damaged(path, f"expected a file of its own, found {found}")


def read_bytes(path: Path, most: int) -> bytes:
    """The content of a file. Raises InputError if it is missing, no file or larger; RegxError if the disk refuses."""
    try:
        with opened(path) as descriptor:
            size = os.fstat(descriptor).st_size
            if size > most:
                raise damaged(path, f"expected at most {most:,} bytes, found {size:,}")
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(size)  # of `most` bytes memory would be taken
    except (FileNotFoundError, NotADirectoryError):
        raise damaged(path, NO_FILE) from None
    except OSError as error:
        raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error


def is_own_folder(path: Path) -> bool:
    """Whether a folder is there, and no link to one. Raises InputError for a link."""
    if path.is_symlink():
        raise InputError(f"{path}: expected a folder, found a link, which is not followed. Remove the link.")
    return path.is_dir()
