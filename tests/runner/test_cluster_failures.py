"""A Dask cluster's worth of failures twice over: late workers, a scheduler started anew, clients that are killed."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from runner.test_cluster import Processes, distributed, wait_until, weights

import regx as api
from regx.cli.app import app

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.xdist_group("dask")]


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Processes]:
    """A scheduler and two workers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = Processes(tmp_path, f"tcp://127.0.0.1:{port}", [])
    processes.worker()
    begin(processes, workers=2)
    try:
        yield processes
    finally:
        for process in processes.running:
            process.kill()
            process.wait()


@pytest.fixture
def clients() -> Iterator[ExitStack]:
    """Ends the clients that a failure leaves running."""
    with ExitStack() as stack:
        yield stack


def begin(processes: Processes, workers: int) -> None:
    """Start a scheduler at the address and a worker, and wait until there are so many workers."""
    processes.start("dask_scheduler", "--host", "127.0.0.1", "--port", processes.address.rpartition(":")[2])
    processes.worker()
    with distributed.Client(processes.address, timeout=60, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(workers, timeout=60)


def sweep(small: Path, out: Path, *where: str) -> list[str]:
    """Nine cells, each a task of its own shape and long enough for a failure to come before the end."""
    hidden = "architecture.hidden=" + ",".join(f"[{width}]" for width in range(3, 12))
    length = ("-s", "training.epochs=10000", "-s", "training.eval_every=500", "--seeds", "2")
    return ["sweep", str(small), "-s", hidden, *length, "-q", "--out", str(out), *where]


def finished(out: Path) -> int:
    return len([*out.glob("*/*/summary.json")])


def results(out: Path) -> dict[str, tuple[dict[str, bytes], bytes]]:
    """The bits of each run."""
    folders = [path.parent for path in out.glob("*/*/summary.json")]
    return {path.name: (weights(api.load(path)), (path / "metrics.csv").read_bytes()) for path in folders}


def test_failures_of_clusters_change_no_bit(small: Path, tmp_path: Path, dask: Processes, clients: ExitStack) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    command = sweep(small, there, "--dask", dask.address)
    app(sweep(small, here, "--jobs", "1"), standalone_mode=False)

    def client() -> subprocess.Popen[bytes]:
        command_line = [sys.executable, "-m", "regx", *command]
        process = clients.enter_context(subprocess.Popen(command_line, stderr=subprocess.PIPE))
        clients.callback(process.kill)  # before it is waited for
        return process

    def wait_for(more: int) -> None:
        enough = finished(there) + more
        wait_until(lambda: finished(there) >= enough, f"nobody has trained {more} more")

    first = client()
    early, _, late = dask.running
    wait_for(1)
    early.send_signal(signal.SIGSTOP)
    time.sleep(0.2)  # not until the other has trained: what this one trained is asked for while it is silent
    early.send_signal(signal.SIGCONT)
    wait_for(1)
    late.send_signal(signal.SIGSTOP)  # with a task that it never ends
    for process in dask.running:
        process.kill()
    said = first.communicate(timeout=60)[1]
    assert b"the connection to the scheduler is lost" in said, said
    begin(dask, workers=1)
    second = client()
    wait_for(1)
    second.kill()
    second.communicate()
    app(command, standalone_mode=False)
    assert results(there) == results(here)
    assert len(results(here)) == 10
