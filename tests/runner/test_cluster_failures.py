"""Several failures of a Dask cluster at once: the scheduler started anew, the client killed, workers that answer late."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import regx as api
from runner.test_cluster import Processes, distributed, wait_until, weights

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning"), pytest.mark.xdist_group("dask")]

LATE = 1.5  # seconds without a word of a worker, after which the scheduler gives its work to others
SEVERAL = ("-s", "training.epochs=6000", "-s", "training.eval_every=100", "--seeds", "2", "-q")


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", f"{LATE}s")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    processes = Processes(tmp_path, f"tcp://127.0.0.1:{port}", [])
    scheduler(processes)
    try:
        yield processes
    finally:
        for process in processes.running:
            process.kill()
            process.wait()


def scheduler(processes: Processes) -> subprocess.Popen[bytes]:
    """One at the address, with a worker."""
    process = processes.start("dask_scheduler", "--host", "127.0.0.1", "--port", processes.address.rpartition(":")[2])
    processes.worker()
    with distributed.Client(processes.address, timeout=60, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=60)
    return process


def sweep(small: Path, out: Path, *where: str) -> list[str]:
    """Eight cells, each a task of its own shape."""
    hidden = "architecture.hidden=" + ",".join(f"[{width}]" for width in range(3, 11))
    return [sys.executable, "-m", "regx", "sweep", str(small), "-s", hidden, *SEVERAL, "--out", str(out), *where]


def finished(out: Path) -> int:
    return len([*out.glob("*/*/summary.json")])


def results(out: Path) -> dict[str, tuple[dict[str, bytes], bytes]]:
    """The bits of each run."""
    folders = [path.parent for path in out.glob("*/*/summary.json")]
    return {path.name: (weights(api.load(path)), (path / "metrics.csv").read_bytes()) for path in folders}


def test_a_scheduler_and_a_client_that_die_lose_nothing(small: Path, tmp_path: Path, dask: Processes) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    subprocess.run(sweep(small, here, "--jobs", "1"), check=True, stdout=subprocess.DEVNULL)
    for died in ("scheduler", "client", "both"):
        before = finished(there)
        client = subprocess.Popen(
            sweep(small, there, "--dask", dask.address), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        wait_until(lambda before=before: finished(there) > before, f"nothing was trained before {died} died")  # type: ignore[misc]
        for process in dask.running if died != "client" else ():
            process.kill()
            process.wait()
        if died != "scheduler":
            client.kill()
        said = client.communicate(timeout=60)[1]
        assert died != "scheduler" or b"the connection to the scheduler is lost" in said, said
        if died != "client":
            scheduler(dask)
    subprocess.run(sweep(small, there, "--dask", dask.address), check=True, stdout=subprocess.DEVNULL)
    assert results(there) == results(here)


def test_workers_that_answer_late_change_nothing(small: Path, tmp_path: Path, dask: Processes) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    subprocess.run(sweep(small, here, "--jobs", "1"), check=True, stdout=subprocess.DEVNULL)
    client = subprocess.Popen(sweep(small, there, "--dask", dask.address), stdout=subprocess.DEVNULL)
    with distributed.Client(dask.address, set_as_default=False) as watcher:  # type: ignore[no-untyped-call]
        for late in range(2):
            stopped = dask.running[-1]
            wait_until(lambda: any(watcher.call_stack().values()), "nothing was sent")
            stopped.send_signal(signal.SIGSTOP)
            dask.worker()
            wait_until(lambda: finished(there) > late + 1, "nobody has done the work of who is late")
            stopped.send_signal(signal.SIGCONT)
    assert client.wait(timeout=60) == 0
    assert results(there) == results(here)
