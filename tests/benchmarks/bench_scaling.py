"""How the cost of training grows with rows, columns, width, depth, seeds and cells, as a table with exponents.

    python tests/benchmarks/bench_scaling.py [--axis NAME ...] [--seconds N]

Where regx is not installed, PYTHONPATH=. before it. One axis is varied, the others stay at 1,000 rows, 20 columns, 2 x
64 units and one seed. In processor seconds, so that other work disturbs less: of an epoch of all
networks in this process on one core, of cells of the whole command. An exponent
of 1 between two lines is linear. --seconds: about how long a point may take; what would take longer is not run, and
what it would take by the last exponent is printed. Sweeps above 1,000 cells are compact.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from regx.core import kernels
from regx.core.streams import stream
from regx.data.dataset import Dataset, Split
from regx.engine.population import Population
from regx.engine.state import State
from regx.nn.architecture import Architecture, Training
from regx.optim import Adam, Constant
from regx.runner.plan import MOST_NETWORKS

F4 = np.dtype(np.float32)
BASE = {"rows": 1000, "columns": 20, "width": 64, "depth": 2, "seeds": 1}
POINTS = {
    "rows": (100, 1000, 10_000, 100_000), "columns": (10, 100, 1000), "width": (16, 64, 256, 1024),
    "depth": (1, 2, 4, 8, 16), "seeds": (1, 10, 100, 1000), "cells": (10, 100, 1000, 10_000, 100_000),
}  # fmt: skip


def population(rows: int, columns: int, width: int, depth: int, seeds: int) -> Population:
    """Networks of so many seeds over one table."""
    rng = stream(0, "data")
    x = rng.standard_normal((rows + 20, columns))
    y = (x[:, :1] + rng.standard_normal((rows + 20, 1)) > 0).astype(float)
    parts = np.split(np.arange(len(x)), [rows, rows + 10])
    train, val, test = (Split(x[part], y[part]) for part in parts)
    data = Dataset("binary", train, val, test, tuple(f"x{k}" for k in range(columns)), "y")
    training, optimizer = Training(epochs=10**6, batch_size=256), Adam.of_population([Adam()] * seeds, F4)
    return Population(
        Architecture((width,) * depth), training, optimizer, Constant(), (), tuple(range(seeds)), (data,), (0,) * seeds
    )


def of_an_epoch(seconds: float, **at: int) -> float:
    """Seconds of an epoch of all networks: the median of several, each of all populations in turn."""
    size = min(MOST_NETWORKS, at["seeds"])
    state, populations, times = State(population(**{**at, "seeds": size})), math.ceil(at["seeds"] / size), []
    state.train_epoch(1, False)
    began = time.perf_counter()
    while len(times) < 3 or (time.perf_counter() - began < seconds and len(times) < 30):
        before = time.process_time()
        for _ in range(populations):
            state.train_epoch(2, False)
        times.append(time.process_time() - before)
    return float(np.median(times))


def of_cells(seconds: float, cells: int) -> float:
    """Seconds of a sweep of so many cells, each a network of 2 x 16 units on 30 rows for 10 epochs."""
    config = (
        "dataset: {name: sine}\narchitecture: {hidden: [16, 16]}\nregularizers: [l2: {lam: 0.01}]\n"
        "training: {epochs: 10, eval_every: 10}\nseeds: 1\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.yaml"
        path.write_text(config)
        strengths = min(cells, 1000)
        typed = ["sweep", str(path), "--lam", f"log(1e-6,1e-1,{strengths})", "--out", folder, "--quiet"]
        typed += ["-s", f"optimizer.lr=log(1e-4,1e-2,{cells // strengths})"] if cells > strengths else []
        typed += ["--compact"] if cells > 1000 else []
        before = os.times()
        subprocess.run([sys.executable, "-m", "regx", *typed], check=True, capture_output=True, env=os.environ)
        now = os.times()
        return now.children_user + now.children_system - before.children_user - before.children_system


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--axis", action="append", choices=POINTS)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    if not kernels.load():
        print("(without compiled kernels: none are in the cache)")
    for axis in asked.axis or POINTS:
        print(f"{axis:>8} {'seconds':>10} {'exponent':>9}")
        before: tuple[int, float] | None = None
        exponent = 1.0
        for point in POINTS[axis]:
            # What is proportional to the last point would take so long.
            if before and before[1] * point / before[0] * (1 if axis == "cells" else 4) > asked.seconds:
                print(f"{point:8,} {before[1] * (point / before[0]) ** exponent:10.4g} by the last exponent, not run")
                break
            measure: Callable[..., float] = of_cells if axis == "cells" else of_an_epoch
            at = {"cells": point} if axis == "cells" else {**BASE, axis: point}
            with threadpool_limits(1), np.errstate(all="ignore"):
                found = measure(asked.seconds / 10, **at)
            exponent = math.log(found / before[1]) / math.log(point / before[0]) if before else 1.0
            print(f"{point:8,} {found:10.4g} {'' if before is None else f'{exponent:9.2f}'}", flush=True)
            before = (point, found)


if __name__ == "__main__":
    main()
