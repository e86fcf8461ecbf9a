"""One writer per folder."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from regx.core.errors import RegxError
from regx.store.lock import Lock, holder

HOLD = "import sys, time; from pathlib import Path; from regx.store.lock import Lock; lock = Lock(Path(sys.argv[1])); "


@pytest.fixture
def elsewhere(tmp_path: Path):
    """A process that holds the lock of the folder."""
    code = HOLD + "print('held', flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_lock_names_its_holder_and_is_free_when_that_is_dead(tmp_path: Path, elsewhere: subprocess.Popen) -> None:
    found = holder(tmp_path)
    assert (found.pid, found.host) == (elsewhere.pid, socket.gethostname())
    with pytest.raises(RegxError) as raised:
        Lock(tmp_path)
    message = str(raised.value)
    assert message.startswith(
        f"{tmp_path}: expected to be the only one who writes here, found process {elsewhere.pid} on "
    )
    assert f"`kill {elsewhere.pid}`" in message
    assert raised.value.exit_code == 1
    elsewhere.send_signal(signal.SIGKILL)
    elsewhere.wait()
    assert (tmp_path / ".lock").exists()
    assert holder(tmp_path) is None
    with Lock(tmp_path):
        assert holder(tmp_path).pid == os.getpid()
        with pytest.raises(RegxError, match=f"found process {os.getpid()}"):
            Lock(tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_the_lock_file_says_is_not_trusted(tmp_path: Path) -> None:
    for content in ("", "{", "[]", '{"pid": 1, "host": "x", "since": "y"}'):
        (tmp_path / ".lock").write_text(content)
        assert holder(tmp_path) is None
        with Lock(tmp_path):
            (tmp_path / ".lock").write_text(content)
            with pytest.raises(RegxError, match="expected to be the only one who writes here"):
                Lock(tmp_path)


def test_a_holder_on_another_machine_is_to_be_ended_there(tmp_path: Path) -> None:
    with Lock(tmp_path):
        (tmp_path / ".lock").write_text('{"pid": 7, "host": "elsewhere", "since": "today"}')
        with pytest.raises(RegxError, match=r"process 7 on elsewhere, since today\. Wait for it, or end it there;"):
            Lock(tmp_path)


def test_a_folder_in_which_nothing_was_written_goes_again(tmp_path: Path) -> None:
    with Lock(tmp_path / "a" / "b"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a" / "b").exists()
    with Lock(tmp_path / "c"):
        (tmp_path / "c" / "file").touch()
        (tmp_path / "c" / ".file.0123abcd.tmp").touch()
    with Lock(tmp_path / "c"):
        pass
    assert [path.name for path in (tmp_path / "c").iterdir()] == ["file"]


def test_a_lock_that_was_removed_while_it_was_taken_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between opening the file and locking it its last holder leaves: others do not see what is locked then."""
    fcntl = pytest.importorskip("fcntl")
    (tmp_path / "kept").touch()
    flock, earlier = fcntl.flock, [Lock(tmp_path)]

    def leaving(descriptor: int, operation: int) -> None:
        if earlier:
            earlier.pop().release()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", leaving)
    with Lock(tmp_path), pytest.raises(RegxError, match="expected to be the only one who writes here"):
        Lock(tmp_path)
