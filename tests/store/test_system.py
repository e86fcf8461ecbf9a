"""Windows, pretended: its lock, by an msvcrt on the locks of bytes that POSIX has, and what it has not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("fcntl")
ROOT = Path(__file__).parents[2]

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


OTHER_SYSTEM = """
import os, signal, subprocess, sys, types  # subprocess asks for msvcrt which system it is on
import fcntl
def locking(descriptor, mode, count):
    fcntl.lockf(descriptor, mode, count, os.lseek(descriptor, 0, os.SEEK_CUR))
sys.modules["msvcrt"] = types.SimpleNamespace(
    LK_NBLCK=fcntl.LOCK_EX | fcntl.LOCK_NB, LK_UNLCK=fcntl.LOCK_UN, locking=locking)
sys.modules["fcntl"] = sys.modules["resource"] = None
for module, names in ((os, "O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_CLOEXEC sched_getaffinity sysconf fork mkfifo"),
                      (signal, "SIGHUP SIGUSR1 SIGUSR2 SIGTSTP")):
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)
"""
CONFIG = "{dataset: {name: sine, n_train: 20}, architecture: {hidden: [4]}, training: {epochs: 9}, seeds: 4}"


def test_a_system_without_what_posix_has_gives_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_SYSTEM)
    pretending = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    found = {}
    for name, environment in (("here", {**os.environ, "PYTHONPATH": str(ROOT)}), ("there", pretending)):
        command = [sys.executable, "-m", "regx", "run", CONFIG, "--out", name, "--jobs", "2", "-q"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        found[name] = {path.name: path.read_bytes() for path in (tmp_path / name).glob("*/*")}
    assert found["here"].keys() == found["there"].keys()
    for name in ("config.yaml", "metrics.csv"):
        assert found["here"][name] == found["there"][name]
    # A link is looked for before a file is opened, where opening cannot refuse it.
    (run,) = (tmp_path / "there").iterdir()
    (run / "metrics.csv").rename(tmp_path / "metrics.csv")
    (run / "metrics.csv").symlink_to(tmp_path / "metrics.csv")
    read = f"import regx; regx.load({str(run)!r}).metrics"
    done = subprocess.run([sys.executable, "-c", read], env=pretending, capture_output=True, text=True, check=False)
    assert "found a link" in done.stderr
