"""The lock of Windows, by a pretended msvcrt on the locks of bytes that POSIX has: tried between two processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fcntl")

PRETENDED = """
import fcntl, sys, types
from regx.store import system
def locking(descriptor, mode, count):
    import os
    fcntl.lockf(descriptor, mode, count, os.lseek(descriptor, 0, os.SEEK_CUR))
system.msvcrt = types.SimpleNamespace(
    LK_NBLCK=fcntl.LOCK_EX | fcntl.LOCK_NB, LK_UNLCK=fcntl.LOCK_UN, locking=locking)
system.fcntl = None
from pathlib import Path
from regx.core.errors import RegxError
from regx.store.lock import LOCK, Lock
"""


def test_one_writer_where_there_is_no_flock(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    hold = (
        PRETENDED + f"held = Lock(Path({str(folder)!r}))\nprint('held', flush=True)\nsys.stdin.read()\nheld.release()"
    )
    ask = (
        PRETENDED
        + f"try:\n    Lock(Path({str(folder)!r})).release()\n    print('taken')\nexcept RegxError as e:\n    print(e)"
    )

    def asked() -> str:
        return subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout

    with subprocess.Popen([sys.executable, "-c", hold], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert f"found process {holder.pid} on" in asked()
        holder.stdin.close()
        assert holder.wait(30) == 0
    assert not (folder / ".lock").exists()
    assert asked() == "taken\n"
