"""Sweeps of few and of many networks: seconds per network, and the most memory that any process took.

python tests/benchmarks/bench_sweep_size.py --networks 100 10000 --jobs 2
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEDS = 5
CONFIG = """
name: many
dataset: {name: sine, n_train: 30, n_val: 20, n_test: 20}
architecture: {hidden: [16, 16]}
regularizers: [l2: 0.01]
optimizer: {name: adam, lr: 0.01}
training: {epochs: EPOCHS, eval_every: 10}
seeds: 5
"""


def measure(networks: int, epochs: int, jobs: int, options: list[str]) -> dict[str, float]:
    """One sweep in a process of its own, which says what it and its workers took."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "many.yaml"
        config.write_text(CONFIG.replace("EPOCHS", str(epochs)))
        command = [sys.executable, __file__, "--one", str(config), str(networks // SEEDS), str(jobs), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        found["files"] = sum(1 for _ in Path(folder).rglob("*"))
        found["bytes"] = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return found


def one(config: str, cells: str, jobs: str, *options: str) -> None:
    """The sweep itself."""
    from regx.cli.app import app

    out = str(Path(config).parent / "out")
    axis = f"linear(0.001,1,{cells})"
    start = time.perf_counter()
    app(["sweep", config, "--lam", axis, "--jobs", jobs, "--out", out, "-q", *options], standalone_mode=False)
    seconds = time.perf_counter() - start
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(each.ru_utime + each.ru_stime for each in used)
    megabytes = {who: each.ru_maxrss / 1024 for who, each in zip(("parent", "worker"), used, strict=True)}
    print("\n" + json.dumps({"seconds": seconds, "cpu": cpu, **megabytes}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", type=int, nargs="+", default=[100, 10_000])
    parser.add_argument("--epochs", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--option", action="append", default=[], help="of regx sweep")
    arguments = parser.parse_args()
    start = measure(2 * SEEDS, arguments.epochs, arguments.jobs, arguments.option)["cpu"]
    print(
        f"{2 * SEEDS} networks take {start:.2f} s of a core, which is the start; the more take, beyond that:",
        flush=True,
    )
    for networks in arguments.networks:
        found = measure(networks, arguments.epochs, arguments.jobs, arguments.option)
        more = 1000 * (found["cpu"] - start) / (networks - 2 * SEEDS)
        print(
            f"{networks:>7} networks: {found['seconds']:.1f} s, {1000 * found['seconds'] / networks:.2f} ms each; "
            f"{more:.2f} ms of a core; parent {found['parent']:.0f} MB, largest worker {found['worker']:.0f} MB; "
            f"{found['files']:.0f} files, {found['bytes'] / networks:.0f} bytes each",
            flush=True,
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        main()
