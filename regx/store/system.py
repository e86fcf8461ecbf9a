"""The lock of the operating system on an open file, by which of the two kinds there is.

It ends with the process that holds it. `flock` of POSIX locks the whole file for those who ask. Windows locks bytes and
keeps everybody from them, so one is locked that lies far behind the text that says who holds the lock.
"""

import contextlib
import importlib
import os
from pathlib import Path
from typing import Any

try:
    fcntl: Any = importlib.import_module("fcntl")
except ImportError:
    fcntl = None
    msvcrt: Any = importlib.import_module("msvcrt")

LOCKED_BYTE = 1 << 30


def acquire(descriptor: int, only_asks: bool = False) -> bool:
    """Take the lock at once, or say that somebody else has it. Raises OSError where files cannot be locked.

    only_asks: it is not kept. Readers who ask at the same moment do not see each other on POSIX.
    """
    try:
        if fcntl:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if only_asks else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        else:
            _of_byte(descriptor, msvcrt.LK_NBLCK)
            if only_asks:
                _of_byte(descriptor, msvcrt.LK_UNLCK)
    except (BlockingIOError, PermissionError):
        return False
    return True


def remove(path: Path, descriptor: int, is_own: bool) -> None:
    """Give the lock back and remove its file, if that is still the file that was locked.

    Before it is given back, so that nobody takes a lock whose file is about to go; Windows removes no open file.
    """
    if fcntl and is_own:
        with contextlib.suppress(OSError):
            path.unlink()
    if not fcntl:
        with contextlib.suppress(OSError):
            _of_byte(descriptor, msvcrt.LK_UNLCK)
    os.close(descriptor)
    if not fcntl and is_own:
        with contextlib.suppress(OSError):
            path.unlink()


def _of_byte(descriptor: int, mode: int) -> None:
    os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
    try:
        msvcrt.locking(descriptor, mode, 1)
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
