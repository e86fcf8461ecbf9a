"""One writer per folder: a lock that names its holder, and is free again when that holder is dead.

The lock is the operating system's, on the file `.lock` in the folder: it ends with the process that holds it, however
that ends. What stands in the file only says who that is.
"""

import contextlib
import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from regx.core.errors import InputError, RegxError
from regx.store import system
from regx.store.about import now
from regx.store.atomic import clear_temporaries, make_folder, unwritable
from regx.store.opened import open_regular, opened

LOCK = ".lock"
# A reader that asks whether the lock is free holds it for a moment, so one refusal does not count.
PATIENCE_SECONDS, SECONDS_BETWEEN_TRIES = 0.1, 0.01


@dataclass(frozen=True)
class Holder:
    """Who writes into a folder: process, machine, and since when."""

    pid: int
    host: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, since {self.since}"


class Lock(contextlib.AbstractContextManager["Lock", None]):
    """The right to write into a folder, which is made if there is none; held until `release`.

    Clears the temporary files of a holder that was killed. Raises RegxError, within a second, naming who holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_new = not folder.is_dir()
        self._descriptor: int | None = _acquire(folder)
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, json.dumps(asdict(Holder(os.getpid(), socket.gethostname(), now()))).encode())
            clear_temporaries(folder)
        except OSError as error:
            self.release()
            raise unwritable(folder / LOCK, error) from error
        except BaseException:
            self.release()
            raise

    def check(self) -> None:
        """Raises RegxError if the lock is no longer there, so that another may write here: its holder must stop."""
        if self._descriptor is None or not _is_there(self.folder / LOCK, self._descriptor):
            raise RegxError(
                f"{self.folder / LOCK}: expected the lock of this command, found that somebody has removed it, so "
                "another command may write here. Stopped; what was finished stays, and the same command goes on."
            )

    def release(self) -> None:
        """Give the lock back. A folder that was made for it and in which nothing was written is removed again."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        system.remove(self.folder / LOCK, descriptor, _is_there(self.folder / LOCK, descriptor))
        if self._is_new:
            with contextlib.suppress(OSError):
                self.folder.rmdir()  # if it is empty

    def __exit__(self, *error: object) -> None:
        self.release()


def holder(folder: Path) -> Holder | None:
    """Who writes into a folder now; None if nobody does."""
    try:
        with opened(folder / LOCK) as descriptor:
            return None if system.acquire(descriptor, only_asks=True) else _named(descriptor)
    except (OSError, InputError):  # whatever else stands there, nobody holds it
        return None


def check_free(folder: Path) -> None:
    """Raises RegxError, naming who it is, if somebody writes into a folder now."""
    if found := holder(folder):
        raise _in_use(folder, found)


def _in_use(folder: Path, found: Holder | None) -> RegxError:
    how = "" if found is None else f" with `kill {found.pid}`" if found.host == socket.gethostname() else " there"
    return RegxError(
        f"{folder}: expected to be the only one who writes here, found {found or 'another process'}. "
        f"Wait for it, or end it{how}; what it has finished stays."
    )


def _acquire(folder: Path) -> int:
    path = folder / LOCK
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        make_folder(folder)
        try:
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
        except FileNotFoundError:  # whoever left removed the folder, in which nothing was
            continue
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            if system.acquire(descriptor):
                if _is_there(path, descriptor):
                    return descriptor
                os.close(descriptor)  # its last holder has removed it meanwhile
                continue
        except OSError as error:
            os.close(descriptor)
            raise RegxError(f"{path}: cannot be locked: {error.strerror or error}.") from error
        found = _named(descriptor)
        os.close(descriptor)
        if time.monotonic() > give_up:
            raise _in_use(folder, found)
        time.sleep(SECONDS_BETWEEN_TRIES)


def _is_there(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _named(descriptor: int) -> Holder | None:
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        return Holder(**json.loads(os.read(descriptor, 4096)))
    except (OSError, ValueError, TypeError):
        return None  # it has only just taken the lock
