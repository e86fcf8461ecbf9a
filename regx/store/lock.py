"""One writer per folder: a lock that names its holder, and is free again when that holder is dead.

The lock is the operating system's, on the file `.lock` in the folder: it ends with the process that holds it, however
that ends. What stands in the file only says who that is. Where there is no such lock (Windows) nobody is kept out.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from regx.core.errors import RegxError
from regx.store.about import now
from regx.store.atomic import clear_temporaries, make_folder, unwritable

LOCK = ".lock"
# A reader who asks whether the lock is free holds it for a moment, so one refusal is none.
PATIENCE_SECONDS, SECONDS_BETWEEN_TRIES = 0.1, 0.01


@dataclass(frozen=True)
class Holder:
    """Who writes into a folder: process, machine, and since when."""

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


class Lock:
    """The right to write into a folder, which is made if there is none; held until `release`.

    Clears the temporary files of a holder that was killed. Raises RegxError, within a second, naming who holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_new = not folder.is_dir()
        self._descriptor = _acquire(folder)
        try:
            if self._descriptor is not None:
                os.ftruncate(self._descriptor, 0)
                os.write(
                    self._descriptor, json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), now()))).encode()
                )
            clear_temporaries(folder)
        except OSError as error:
            self.release()
            raise unwritable(folder / LOCK, error) from error
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Give the lock back. A folder that was made for it and in which nothing was written is removed again."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            (self.folder / LOCK).unlink()
        os.close(self._descriptor)
        self._descriptor = None
        if self._is_new:
            with contextlib.suppress(OSError):
                self.folder.rmdir()  # if it is empty

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def holder(folder: Path) -> Holder | None:
    """Who writes into a folder now; None if nobody does."""
    if os.name != "posix":
        return None
    import fcntl

    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _named(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return None


def check_free(folder: Path) -> None:
    """Raises RegxError, naming who it is, if somebody writes into a folder now."""
    found = holder(folder)
    if found is not None:
        raise _in_use(folder, found)


def _in_use(folder: Path, found: Holder | None) -> RegxError:
    how = "" if found is None else f" with `kill {found.pid}`" if found.host == socket.gethostname() else " there"
    return RegxError(
        f"{folder}: expected to be the only one who writes here, found {found or 'another process'}. "
        f"Wait for it, or end it{how}; what it has finished stays."
    )


def _acquire(folder: Path) -> int | None:
    if os.name != "posix":
        make_folder(folder)
        return None
    import fcntl

    path = folder / LOCK
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        make_folder(folder)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # whoever left removed the folder, in which nothing was
            continue
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_there(path, descriptor):
                return descriptor
            os.close(descriptor)  # its last holder has removed it meanwhile
        except BlockingIOError:
            found = _named(descriptor)
            os.close(descriptor)
            if time.monotonic() > give_up:
                raise _in_use(folder, found) from None
            time.sleep(SECONDS_BETWEEN_TRIES)
        except OSError as error:
            os.close(descriptor)
            raise RegxError(f"{path}: cannot be locked: {error.strerror or error}.") from error
        except BaseException:
            os.close(descriptor)
            raise


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _named(descriptor: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(descriptor, 4096, 0)))
    except (OSError, ValueError, TypeError):
        return None  # it has only just taken the lock
