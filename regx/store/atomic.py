"""Writing so that a reader sees the old content or the new and nothing between: whole files, and whole lines."""

import contextlib
import errno
import os
import re
import secrets
from pathlib import Path

from regx.core.errors import InputError, RegxError
from regx.store.opened import opened

TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")  # what a killed process leaves of a file that it was writing


def write_atomically(path: Path, content: bytes) -> None:
    """Replace the file at `path` by `content`: a temporary file beside it, flushed to the disk, then renamed over it.

    Raises RegxError naming the path if the disk refuses, or if a pipe or a device is there; what stood there before is
    then untouched.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):  # root could put a file in the place of /dev/null
            raise RegxError(f"{path}: expected a file to write, found a pipe or a device.")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                left = memoryview(content)
                while left:
                    left = left[_written(descriptor, left) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            temporary.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from error


def append_lines(path: Path, lines: bytes, durable: bool = True) -> None:
    """Add whole lines to the end of a file that is there, by one write, and if `durable` flush them to the disk.

    Raises RegxError naming the path if the disk refuses; what it took of the lines is then taken back.
    """
    try:
        with opened(path, os.O_WRONLY | os.O_APPEND) as descriptor:
            before = os.fstat(descriptor).st_size
            try:
                written = _written(descriptor, lines)
                if written < len(lines):
                    raise OSError(errno.ENOSPC, f"the disk took {written} of {len(lines)} bytes")
                if durable:
                    os.fsync(descriptor)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, before)
                raise
    except OSError as error:
        raise unwritable(path, error) from error


def clear_temporaries(folder: Path) -> None:
    """Remove the temporary files that a killed process has left in a folder. Only its one writer may do so.

    Raises RegxError naming the folder if the disk refuses.
    """
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if TEMPORARY.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                    Path(entry).unlink()
    except OSError as error:
        raise unwritable(folder, error) from error


def check_place(path: Path, what: str, such_as: str) -> None:
    """Raise InputError unless `what`, such as `the page`, could be written there as a file."""
    if path.exists() and not path.is_file():
        found = "a folder" if path.is_dir() else "a pipe or a device"
        raise InputError(f"{path}: expected a file to write {what} to, found {found}. Type a name such as {such_as}.")
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected a folder to write into, found none: {path.parent}. Make it first.")


def make_folder(folder: Path) -> None:
    """Make a folder, and those it stands in. Raises RegxError naming it if that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RegxError(f"{folder}: the folder cannot be made: {error.strerror or error}.") from error


def sync_folder(folder: Path) -> None:
    """Flush to the disk which names are in a folder."""
    if hasattr(os, "O_DIRECTORY"):  # Windows does not open folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def unwritable(path: Path, error: OSError) -> RegxError:
    """The error of a path that the disk refuses to write."""
    return RegxError(f"{path}: cannot be written: {error.strerror or error}.")


def _written(descriptor: int, content: bytes | memoryview) -> int:
    written = os.write(descriptor, content)
    if content and not written:
        raise OSError(errno.ENOSPC, "the disk took nothing")
    return written
