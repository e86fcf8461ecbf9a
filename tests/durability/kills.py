"""`kill -9` at random times: the same command then goes on, and its results are bit by bit those of an undisturbed one.

python tests/durability/kills.py --runs 200 --sweeps 20
"""

from __future__ import annotations

import argparse
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--sweeps", type=int, default=20)
    parser.add_argument("--jobs", type=int, nargs="+", default=[1], help="numbers of processes, one after the other")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    commands.load()
    draw = random.Random(options.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        for jobs in options.jobs:
            for kind, times in (("run", options.runs), ("sweep", options.sweeps)):
                found = kills(kind, times, jobs, draw, Path(folder) / f"{kind}{jobs}") if times else {}
                told = ", ".join(f"{count} {what}" for what, count in sorted(found.items()))
                print(f"{kind}, {jobs} jobs: {times} killed ({told}); {times} resumed to bit-identical results")


if __name__ == "__main__":
    main()
