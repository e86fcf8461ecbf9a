from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import outcome

from regx.cli.rm import command
from regx.core.errors import InputError, RegxError
from regx.store.lock import Lock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runs(tmp_path, fabricated):
    for name in ("a", "b", "sweep/c", "sweep/d"):
        fabricated.store(tmp_path / "runs" / name, [0.1])
    (tmp_path / "runs" / "sweep" / "sweep.json").write_text("{}")
    (tmp_path / "runs" / "sweep" / ".checkpoints").mkdir()
    (tmp_path / "runs" / "sweep" / ".checkpoints" / "0123456789abcdef.npz").write_bytes(b"x")
    return tmp_path / "runs"


def rm(*arguments):
    return outcome(command, *arguments)


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_runs_and_studies_go_and_nothing_else(runs):
    before = tree(runs)
    (runs / "notes").mkdir()
    result = rm(runs / "a", runs / "sweep", runs / "sweep" / "c", runs / "a", "--yes", "--json")
    assert json.loads(result.stdout) == {"runs": [str(runs / "a"), str(runs / "sweep")], "removed": True}
    assert tree(runs) == [path for path in before if path.startswith("b")] + ["notes"]


def test_a_dry_run_changes_nothing(runs):
    before = tree(runs)
    assert rm(runs / "a", "-n").stdout.split("\t")[0] == str(runs / "a")
    assert json.loads(rm(runs / "a", "-n", "--json").stdout) == {"runs": [str(runs / "a")], "removed": False}
    assert tree(runs) == before


def test_nobody_to_ask_is_an_error(runs):
    with pytest.raises(InputError, match="Add --yes"):
        rm(runs / "a")
    assert (runs / "a").is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of POSIX")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_on_a_terminal_it_asks(runs, answer, code):
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    asked = [sys.executable, "-m", "regx", "rm", str(runs / "a")]
    done = subprocess.run(asked, stdin=theirs, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, (runs / "a").is_dir()) == (code, bool(code)), done.stderr
    assert done.stderr.startswith(f"{runs / 'a'} (0.1 MB)\nRemove this folder? Type y for yes.\n")
    assert done.stdout == ("" if code else f"{runs / 'a'}\n")


def refused(runs, path, *message):
    """Nothing is removed, of the others neither, and the message says it."""
    before = tree(runs.parent)
    with pytest.raises(InputError) as error:
        rm(runs / "b", path, "--yes")
    assert tree(runs.parent) == before
    for part in message:
        assert part in str(error.value)


def test_what_is_no_run_is_refused(runs):
    (runs / "empty").mkdir()
    refused(runs, runs, "found another folder", f"`regx ls {runs}`")
    refused(runs, runs / "empty", "found another folder")
    refused(runs, runs / "none", "found nothing there")
    refused(runs, runs / "a" / "run.json", "found a file")
    refused(runs, "x" * 5000, "found nothing there")


@pytest.mark.parametrize("place", ["a/notes.txt", "a/.git/config", "sweep/c/mine.csv", "sweep/table.csv", "a/sub/x"])
def test_a_folder_with_files_of_others_is_refused(runs, place):
    (runs / place).parent.mkdir(exist_ok=True)
    (runs / place).write_text("precious")
    refused(runs, runs / Path(place).parts[0], place.partition("/")[2], "which regx did not write there")


def test_links_are_not_followed(runs, tmp_path, fabricated):
    elsewhere = fabricated.store(tmp_path / "elsewhere", [0.1])
    (runs / "link").symlink_to(elsewhere)
    refused(runs, runs / "link", "found a link")
    (runs / "sweep" / "e").symlink_to(elsewhere)
    refused(runs, runs / "sweep", "found also e")
    (runs / "a" / "weights.npz").unlink()
    (runs / "a" / "weights.npz").symlink_to(elsewhere / "weights.npz")
    refused(runs, runs / "a", "found also weights.npz")
    os.mkfifo(runs / "b" / "snapshots.npz")
    refused(runs, runs / "b", "found also snapshots.npz")
    assert (elsewhere / "weights.npz").is_file()


@pytest.mark.parametrize("held", ["runs", "runs/sweep", "runs/sweep/c"])
def test_what_is_trained_is_refused_whoever_holds_the_lock(runs, held):
    with Lock(runs.parent / held):
        before = tree(runs)
        with pytest.raises(RegxError, match=f"process {os.getpid()}"):
            rm(runs / "sweep", "--yes")
        assert tree(runs) == before
    rm(runs / "sweep", "--yes")
    assert not (runs / "sweep").exists()


def test_damaged_runs_can_be_removed_and_an_interrupted_removal_goes_on(runs, monkeypatch):
    (runs / "a" / "summary.json").write_text("{")
    unlink, seen = Path.unlink, []

    def interrupted(self, *rest):
        seen.append(self.name)
        if len(seen) == 3:
            raise KeyboardInterrupt
        unlink(self, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", interrupted)
        assert rm(runs / "a", "--yes").exit_code != 0
    assert {"run.json", "summary.json"} <= {path.name for path in (runs / "a").iterdir()}
    rm(runs / "a", "--yes")
    assert not (runs / "a").exists()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is closed to an administrator")
def test_closed_folders_are_refused(runs):
    (runs / "a").chmod(0o500)
    refused(runs, runs / "a", "closed to you")


def test_a_folder_that_is_closed_to_us_is_named(runs, monkeypatch):
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode, **rest: Path(path).name != "a" and access(path, mode, **rest))
    refused(runs, runs / "a", "closed to you")
    monkeypatch.setattr(os, "access", lambda path, mode, **rest: Path(path).name != "c" and access(path, mode, **rest))
    refused(runs, runs / "sweep", "found also c")


def test_a_disk_that_refuses_is_named(runs, monkeypatch):
    def closed(self, *rest):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "unlink", closed)
    with pytest.raises(RegxError, match=r"cannot be removed: Permission denied"):
        rm(runs / "a", "--yes")
