"""`kill -9` at random times: the same command then goes on, and its results are bit by bit those of an undisturbed one.

python tests/durability/kills.py --runs 200 --sweeps 20
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from durability import commands

MOST_WORKERS_KILLED = 4
SECONDS_TO_START = 0.5  # of a worker; one that dies before it has begun is tried three times, whatever it was to train
KINDS = {"run": (commands.RUN, "run"), "sweep": (commands.SWEEP, "sweep")}


def kills(kind: str, times: int, jobs: int, draw: random.Random, folder: Path) -> Counter[str]:
    """How often a command was killed before it had a checkpoint, with one, and after its end.

    Raises AssertionError if one does not end with the results of an undisturbed command.
    """
    folder.mkdir()
    config = folder / f"{kind}.yaml"
    config.write_text(KINDS[kind][0])
    log = folder / "log"

    def arguments(out: Path) -> list[object]:
        return [kind, config, "--out", out, "--jobs", jobs, "--quiet", "--json"]

    lasting = commands.seconds(arguments(folder / "undisturbed"), log)
    expected = commands.results(folder / "undisturbed")
    found: Counter[str] = Counter()
    for number in range(times):
        out = folder / f"{kind}{number}"
        pid = commands.start(arguments(out), log)
        time.sleep(draw.uniform(0, lasting))
        os.kill(pid, signal.SIGKILL)
        killed = commands.ended(pid)
        has_checkpoint = any(out.rglob("*.npz"))
        found["ended before" if killed == 0 else "with a checkpoint" if has_checkpoint else "without a checkpoint"] += 1
        begun = log.stat().st_size
        code = commands.finish(arguments(out), log)
        assert code == 0, (number, code, log.read_text()[begun:])
        differ = commands.differing(commands.results(out), expected)
        assert not differ, (number, differ)
    return found


def worker_kills(times: int, draw: random.Random, folder: Path) -> int:
    """How many workers were killed under so many sweeps, each of which must go on as if nothing had happened."""
    folder.mkdir()
    config, log = folder / "sweep.yaml", folder / "log"
    config.write_text(commands.SWEEP.replace("epochs: 200", "epochs: 4000"))
    arguments = ["sweep", config, "--jobs", 2, "--quiet", "--json", "--out"]
    commands.seconds([*arguments, folder / "undisturbed"], log)
    expected = commands.results(folder / "undisturbed")
    killed = 0
    for number in range(times):
        out = folder / str(number)
        pid = commands.start([*arguments, out], log)
        # Fewer than a network that is cut out of its population would be given up after.
        for _ in range(MOST_WORKERS_KILLED):
            while not _training(pid) and not commands.is_over(pid):
                time.sleep(0.01)
            time.sleep(draw.uniform(0, 0.3))
            if training := _training(pid):
                killed += 1
                os.kill(int(draw.choice(training)), signal.SIGKILL)
        code = commands.ended(pid)
        assert code == 0, (number, code, log.read_text()[-1000:])
        differ = commands.differing(commands.results(out), expected)
        assert not differ, (number, differ)
    assert killed, "no worker was there to be killed"
    return killed


def _training(pid: int) -> list[str]:
    """The workers of a command that have begun to train."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):  # of every thread: each starts its worker anew
        with contextlib.suppress(OSError):
            found += path.read_text().split()
    return [worker for worker in found if _cpu_seconds(worker) > SECONDS_TO_START]


def _cpu_seconds(pid: str) -> float:
    """How long a process has been computing; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().split()[13]) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1], help="numbers of processes, one after the other")
    parser.add_argument("--workers", type=int, default=0, help="sweeps under which workers are killed; needs Linux")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    commands.load()
    draw = random.Random(options.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        for jobs in options.jobs:
            for kind, times in (("run", options.runs), ("sweep", options.sweeps)):
                if not times:
                    continue
                found = kills(kind, times, jobs, draw, Path(folder) / f"{kind}{jobs}")
                told = ", ".join(f"{count} {what}" for what, count in sorted(found.items()))
                print(f"{kind}, {jobs} jobs: {times} killed ({told}); {times} resumed to bit-identical results")
        if options.workers:
            killed = worker_kills(options.workers, draw, Path(folder) / "workers")
            print(f"{killed} workers killed under {options.workers} sweeps, which ended with bit-identical results")


if __name__ == "__main__":
    main()
