"""Training on a Dask cluster: a real scheduler and workers, started as processes on loopback."""

import dataclasses
import gc
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import regx as api
from regx.config.load import load_config
from regx.core.errors import InputError, RegxError
from regx.core.listener import Following, Wanted, Watchers
from regx.runner import cluster
from regx.runner.cluster import Dask, connected, where_to_train
from regx.runner.networks import Options
from regx.runner.plan import Trainee, plan
from regx.runner.runs import Target, bring_up_to_date

try:
    import distributed
    from distributed.utils import LoopRunner
except ImportError:
    if os.environ.get("CI") == "true":
        raise
    pytest.skip("needs Dask: pip install 'regx[dask]'", allow_module_level=True)

# Dask's own: sockets of a client that is closed while it waits are left to the garbage collector.
pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.xdist_group("dask")]


@dataclasses.dataclass
class Processes:
    """A scheduler, and workers of one thread each, that may be killed and started anew."""

    folder: Path
    address: str
    running: list[subprocess.Popen[bytes]]

    def start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{module}", *arguments, "--no-dashboard"],
                stdout=log, stderr=log, cwd=self.folder,
            )  # fmt: skip
        self.running.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("dask_worker", self.address, "--nthreads", "1", "--no-nanny")


@pytest.fixture(scope="module")
def dask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """A scheduler, with one worker at first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = Processes(tmp_path_factory.mktemp("dask"), f"tcp://127.0.0.1:{port}", [])
    processes.start("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    processes.worker()
    try:
        with distributed.Client(processes.address, timeout=60, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            client.wait_for_workers(1, timeout=60)
        yield processes
    finally:
        for process in processes.running:
            process.kill()
            process.wait()


def weights(run: api.Run) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in run.weights.items()}


def wait_until(fulfilled: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + 60
    while not fulfilled():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


def test_a_worker_killed_in_the_middle_changes_no_bit(small: Path, tmp_path: Path, dask: Processes) -> None:
    # Seconds long, so that the middle is not over before it is seen.
    config = load_config(small, ["training.epochs=40000", "training.eval_every=100"], seeds=6)
    here, there = Target(config, tmp_path / "here"), Target(config, tmp_path / "there")
    bring_up_to_date([here], Options(1))
    killed = dask.worker()
    seen: list[int] = []
    with distributed.Client(dask.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(2, timeout=60)

        def kill() -> None:
            wait_until(lambda: all(client.call_stack().values()) and len(client.call_stack()) == 2, "nothing was sent")
            killed.send_signal(signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        watchers = Watchers(Following(lambda progress: seen.append(progress.networks)))
        bring_up_to_date([there], Options(Dask(dask.address), watchers=watchers))
        killer.join()
    assert killed.wait(timeout=10) == -signal.SIGKILL
    assert seen[-1] == 6
    ours, theirs = api.load(there.folder), api.load(here.folder)
    assert weights(ours) == weights(theirs)
    assert (there.folder / "metrics.csv").read_bytes() == (here.folder / "metrics.csv").read_bytes()
    # Again nothing is missing, so that nobody is asked.
    bring_up_to_date([there], Options(Dask("tcp://127.0.0.1:1")))


def test_a_task_run_twice_gives_the_same_again(small: Path) -> None:
    (work,) = plan([load_config(small)], [Trainee(0, 0), Trainee(0, 1)], 1)
    sent = cluster.pickle.dumps(cluster.Task((work,)).request(Wanted()))
    import unittest.mock

    with unittest.mock.patch.object(cluster, "_check_wanted"):
        one, other = (cluster.pickle.loads(cluster.train_there(sent, cluster.facts().versions))[0] for _ in range(2))
    for first, second in zip(one, other, strict=True):
        assert {name: array.tobytes() for name, array in first.weights.items()} == {
            name: array.tobytes() for name, array in second.weights.items()
        }


def test_a_network_that_fails_there_is_given_up_alone(
    small: Path, tmp_path: Path, dask: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = cluster.Task.request

    def request(task: Any, wanted: Wanted) -> Any:
        asked = original(task, wanted)
        if any(member.seed == 2 for member in task.trainees):
            broken = tuple(dataclasses.replace(one, stack="broken") for one in asked.populations)
            return dataclasses.replace(asked, populations=broken)
        return asked

    monkeypatch.setattr(cluster.Task, "request", request)
    target = Target(load_config(small, seeds=4), tmp_path / "run")
    bring_up_to_date([target], Options(Dask(dask.address)))
    run = api.load(target.folder)
    assert sorted(run.summary["seeds"]) == ["0", "1", "3"]
    assert "2" in (target.folder / "run.json").read_text().partition('"failed": {')[2]


def test_a_worker_of_another_version_is_named(
    small: Path, tmp_path: Path, dask: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cluster.facts()
    versions = tuple((name, "9.9" if name == "numpy" else version) for name, version in real.versions)
    monkeypatch.setattr(cluster, "facts", _Other(dataclasses.replace(real, versions=versions)))
    target = Target(load_config(small), tmp_path / "run")
    numpy = dict(real.versions)["numpy"]
    expected = rf"found on tcp://127\.0\.0\.1:\d+ numpy {numpy} instead of 9\.9. Install the same there"
    with pytest.raises(RegxError, match=expected):
        bring_up_to_date([target], Options(Dask(dask.address)))
    assert not target.folder.exists()
    # Who joins later learns it with the task.
    monkeypatch.undo()
    with pytest.raises(RegxError, match=r"numpy .* instead of 9\.9"):
        cluster.train_there(b"", versions)


class _Other:
    """Facts that are not those of this process, here; sent to a worker it is the worker's own function."""

    def __init__(self, found: cluster.Facts) -> None:
        self.found = found

    def __call__(self) -> cluster.Facts:
        return self.found

    def __reduce__(self) -> str | tuple[Any, ...]:
        return getattr, (cluster, "facts")


def test_other_processors_are_noted(dask: Processes, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setattr(cluster, "facts", _Other(dataclasses.replace(cluster.facts(), processor="abacus")))
    with connected(Dask(dask.address)):
        pass
    assert "this process on abacus: the last bits may differ" in capfd.readouterr().err


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere"])
def test_where_no_scheduler_is_that_is_said_soon(
    small: Path, tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.5)
    start = time.monotonic()
    with pytest.raises(RegxError, match=f"--dask {address}: expected the address of a Dask scheduler"):
        bring_up_to_date([Target(load_config(small), tmp_path / "run")], Options(Dask(address)))
    assert time.monotonic() - start < 20  # Dask's own patience is 30 s
    assert list(tmp_path.iterdir()) == [small]


@pytest.mark.parametrize("said", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_what_accepts_and_is_no_scheduler_costs_seconds(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        held = []

        def answer() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                held.append(connection)
                connection.sendall(said)

        threading.Thread(target=answer, daemon=True).start()
        address, begun = f"tcp://127.0.0.1:{server.getsockname()[1]}", time.monotonic()
        with pytest.raises(RegxError, match="expected the address of a Dask scheduler"), connected(Dask(address)):
            pass
        with LoopRunner._lock:  # what is left must not wait for a lock that whoever starts a client holds
            gc.collect()
        assert time.monotonic() - begun < 10
        for connection in held:
            connection.close()


def test_workers_that_do_not_answer_are_told_of(dask: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS_TO_ANSWER", 0.5)
    worker = dask.worker()  # others may have been killed
    with distributed.Client(dask.address, timeout=60, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        until_there = time.monotonic() + 60
        while worker.pid not in client.run(os.getpid).values():
            assert time.monotonic() < until_there
            time.sleep(0.1)
    worker.send_signal(signal.SIGSTOP)
    try:
        message = "expected all workers to answer within"
        with pytest.raises(RegxError, match=message), connected(Dask(dask.address)):
            pass
    finally:
        worker.send_signal(signal.SIGCONT)


def test_where_to_train_is_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert where_to_train(3, None) == 3
    assert where_to_train(None, "tcp://here:1") == Dask("tcp://here:1")
    with pytest.raises(InputError, match="expected --jobs or --dask, found both"):
        where_to_train(3, "tcp://here:1")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'regx\[dask\]'"):
        where_to_train(None, "tcp://here:1")


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_control_c_cancels_what_is_under_way(
    small: Path, tmp_path: Path, dask: Processes, sent: int, code: int
) -> None:
    command = [sys.executable, "-m", "regx", "run", small, "-s", "training.epochs=20000000"]
    command += ["-s", "training.eval_every=1000", "--dask", dask.address]
    process = subprocess.Popen([*map(str, command), "--out", str(tmp_path / "out")], stderr=subprocess.PIPE)
    try:
        with distributed.Client(dask.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]

            def busy() -> bool:
                return any(client.processing().values()) and any(client.call_stack().values())

            wait_until(busy, "nothing was sent")
            process.send_signal(sent)
            said = process.communicate(timeout=60)[1]
            assert process.returncode == code, said
            assert b"Traceback" not in said
            # The task itself ends, not only the wish for it.
            wait_until(lambda: not any(client.call_stack().values()), "the worker goes on")
    finally:
        process.kill()
        process.communicate()
    (folder,) = (tmp_path / "out").iterdir()
    assert '"status": "interrupted"' in (folder / "run.json").read_text()


def test_a_scheduler_that_is_lost_is_one_clear_error(small: Path, tmp_path: Path, dask: Processes) -> None:
    """The last test here: it ends the scheduler that all of them share."""
    command = [sys.executable, "-m", "regx", "run", small, "-q", "-s", "training.epochs=20000000"]
    command += ["-s", "training.eval_every=1000", "--dask", dask.address, "--out", tmp_path / "out"]
    process = subprocess.Popen([*map(str, command)], stderr=subprocess.PIPE, text=True)
    try:
        with distributed.Client(dask.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
            wait_until(lambda: any(client.call_stack().values()), "nothing was sent")
        dask.running[0].kill()
        said = process.communicate(timeout=100)[1]
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 1
    assert said == (
        f"error: --dask {dask.address}: the connection to the scheduler is lost. What is finished is kept, and the "
        "same command trains the rest.\n"
    )
    (folder,) = (tmp_path / "out").iterdir()
    assert '"status": "failed"' in (folder / "run.json").read_text()
