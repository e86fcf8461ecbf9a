"""What the system does not give: memory, threads, an output, a proxy that is one, a current folder."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

import regx
from regx.core.errors import RegxError
from regx.data.diabetes import download

ROOT = Path(__file__).parents[2]
resource = pytest.importorskip("resource")
CONFIG = "{dataset: {name: sine, n_train: 20}, architecture: {hidden: [4]}, training: {epochs: 5}, seeds: 4}"
RUN = ("run", CONFIG, "--quiet", "--json")


def started(
    arguments: Sequence[str], cwd: Path, before: Callable[[], None] = lambda: None, stdout: int = -1, stderr: int = -1
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "regx", *arguments]
    return subprocess.run(
        command, cwd=cwd, preexec_fn=before, stdout=stdout, stderr=stderr, text=True, env=environment, timeout=60,
        check=False,
    )  # fmt: skip


def of_memory(megabytes: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20,) * 2)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere addresses are not limited")
@pytest.mark.parametrize(("megabytes", "arguments", "code", "said"), [
    (150, ("--jobs", "1"), 1, "error: expected at least 256 MB of memory, found a limit of 150 MB. Type: ulimit"),
    (350, ("--jobs", "2"), 0, ""),
])  # fmt: skip
def test_little_memory_is_enough_or_costs_one_line(
    megabytes: int, arguments: Sequence[str], code: int, said: str, tmp_path: Path
) -> None:
    done = started([*RUN, *arguments], tmp_path, of_memory(megabytes))
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == code


@pytest.mark.parametrize(("error", "said"), [
    (MemoryError(), "memory ran out. Raise the limit that is set (ulimit -v)"),
    (ImportError("a.so: failed to map segment from shared object"), "memory ran out."),
    (RuntimeError("can't start new thread"), "no further thread can be started. Raise the limit that is set"),
])  # fmt: skip
def test_what_is_wanting_is_said_whatever_follows_from_it(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from regx.cli import app

    def fail(prog_name: str) -> None:
        try:
            raise error
        except type(error) as cause:
            raise ImportError("NumPy cannot be loaded") from cause

    monkeypatch.setattr(app, "app", fail)
    assert app._exit_code() == 1
    assert capsys.readouterr().err.startswith(f"error: {said}")
    monkeypatch.setattr(app, "app", lambda prog_name: regx.absent)
    with pytest.raises(AttributeError):
        app._exit_code()


def test_a_second_thread_that_cannot_be_started_leaves_no_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regx.runner import execute

    begun: list[subprocess.Popen[bytes]] = []
    start, plain = threading.Thread.start, execute._started

    def limited(thread: threading.Thread) -> None:
        if len(begun) > 1:
            raise RuntimeError("can't start new thread")
        start(thread)

    def process() -> subprocess.Popen[bytes]:
        begun.append(plain())
        return begun[-1]

    monkeypatch.setattr(execute, "_started", process)
    monkeypatch.setattr(threading.Thread, "start", limited)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        regx.run(CONFIG, out=tmp_path, jobs=2)
    assert [one.poll() is not None for one in begun] == [True, True]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full, a disk without space")
def test_warnings_that_cannot_be_printed_are_dropped_and_results_are_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        loud = RUN[:2]
        trained = started([*loud, "--jobs", "1"], tmp_path, stderr=full.fileno())
        assert (trained.returncode, trained.stdout.count("\n")) == (0, 2)
        printed = started([*loud, "--jobs", "1"], tmp_path, stdout=full.fileno())
    last = printed.stderr.splitlines()[-1]
    assert (printed.returncode, last) == (1, "error: cannot write the output: No space left on device")


@pytest.mark.parametrize("proxy", ["http://[::1", "ftp://x:y", "http://a:99999999", "http://127.0.0.1:1", "garbage"])
def test_a_malformed_proxy_is_no_wrong_checksum(proxy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(RegxError, match="Cannot download") as found:
        download("https://localhost:1/table.csv", "0" * 64, "table.csv")
    assert "SHA" not in str(found.value)
    assert "checksum" not in str(found.value)


def test_a_current_folder_that_is_gone_matters_to_relative_paths_alone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    def remove() -> None:
        gone.mkdir()
        os.chdir(gone)
        gone.rmdir()

    for arguments, code, said in (
        ([*RUN, "--jobs", "1", "--out", str(tmp_path / "runs")], 0, ""),
        (["explain", "l2"], 0, ""),
        ([*RUN, "--jobs", "1"], 1, "error: runs/"),
    ):
        done = started(arguments, tmp_path, remove)
        assert (done.returncode, done.stderr[: len(said)]) == (code, said), done.stderr
        assert done.stderr.count("\n") == (code > 0)
