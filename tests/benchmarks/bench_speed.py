"""How fast regx trains what users train, against JAX, PyTorch, plain NumPy, and the matrix products alone.

    python tests/benchmarks/bench_speed.py [--case NAME ...] [--rounds N] [--only rates|commands] [--processor]

Where regx is not installed, PYTHONPATH=. before it. All in turns (A B C A B C ...), so that what else the machine does
meets all alike: the medians of the ratios within each round mean something, the rates of different runs do not. The
environment's OPENBLAS_CORETYPE is printed: unset, NumPy's wheels choose. --processor: rates by processor seconds of
one process and one thread (JAX takes those it wants), for a machine that is busy with other work. Ends with 1 when a
peer did not reach regx's training loss, since it then did other work.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import pickle
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from cases import Case, cases
from peers import BatchedTorch, Jax, Peer, PlainNumPy, Products, Regx, RegxInProcesses

# regx is to be at least so many times as fast, by case; of peers and commands that are not named, of all.
AT_LEAST = {
    (Jax, "strengths"): 1.5, (Jax, "sine"): 1.3, (Jax, "diabetes"): 1.0, (Jax, "digits"): 1.5, (Jax, "table"): 1.2,
    (BatchedTorch, ""): 2.0, (PlainNumPy, ""): 1.0, ("jax", ""): 2.0,
}  # fmt: skip
AT_MOST_OF_PRODUCTS = 1.5  # without evaluation the time over that of its products, of populations
# Losses of equal work: the same up to rounding, which Adam makes larger, and with batches and masks of one's own.
COMPARABLE = 0.5
NEEDS = {BatchedTorch: "torch", Jax: "jax"}


@dataclass
class Measured:
    """One peer's rounds. rates: network-epochs per second."""

    peer: Peer
    epochs: int
    every: int
    processor: bool = False
    threads: int = 0
    rates: list[float] = field(default_factory=list)
    losses: Any = None

    def rate(self) -> float:
        """Train once."""
        self.peer.use_threads(self.threads)
        clock = time.process_time if self.processor else time.perf_counter
        began = clock()
        self.losses = self.peer.train(self.epochs, self.every)
        seconds = clock() - began
        if isinstance(self.peer, RegxInProcesses):
            seconds = self.peer.steady
        return self.peer.networks * self.epochs / seconds

    def choose_threads(self) -> None:
        """The best number of threads, and everything is warm."""
        found = {}
        for threads in self.peer.threads[:1] if self.processor else self.peer.threads:
            self.threads = threads
            self.rate()
            found[threads] = self.rate()
        self.threads = max(found, key=lambda threads: found[threads])


def measure(
    case: Case, kinds: list[type[Peer]], every: int | None, rounds: int, processor: bool
) -> list[Measured]:  # fmt: skip
    """All peers that are installed, in turns. every: None for no evaluation but the last."""
    runs = []
    for kind in kinds:
        package = NEEDS.get(kind)
        if package and importlib.util.find_spec(package) is None:
            print(f"  {kind.name}: skipped, {package} is not installed")
            continue
        runs.append(Measured(kind(case), case.epochs, every or case.epochs, processor))
        runs[-1].choose_threads()
    for _ in range(rounds):
        for run in runs:
            run.rates.append(run.rate())
    return runs


def ratio(one: list[float], other: list[float]) -> float:
    """The median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(one, other, strict=True))


def verdict(least: float | None, found: float) -> str:
    return "" if least is None else f">= {least:g}: {'met' if found >= least else 'MISSED'}"


def rates(case: Case, rounds: int, processor: bool) -> bool:
    """Print the steady rates of a case. Whether all peers did comparable work."""
    own = [Regx] if case.networks == 1 or processor else [RegxInProcesses, Regx]
    runs = measure(case, [*own, Jax, BatchedTorch, PlainNumPy], case.every, rounds, processor)
    ours, comparable = runs[0], True
    print(f"  {'':26} {'threads':>7} {'net-epochs/s':>13} {'regx is x as fast':>18} {'train loss':>12}  target")
    for run in runs:
        times, kind = ratio(ours.rates, run.rates), type(run.peer)
        note = verdict(AT_LEAST.get((kind, case.name), AT_LEAST.get((kind, ""))), times)
        mine, theirs = ours.losses[: len(run.losses)].mean(), run.losses.mean()
        if not abs(theirs / mine - 1) <= COMPARABLE:
            comparable = False
            note += f" NOT COMPARABLE: regx's loss of the same networks is {mine:.4g}"
        print(
            f"  {run.peer.name:26} {run.threads or 'auto'!s:>7} {statistics.median(run.rates):13,.0f} {times:18.2f}"
            f" {theirs:12.4g}  {note}"
        )
    if case.filters:
        return comparable
    # Longer, so that the evaluations at the beginning and the end weigh little.
    lasting = replace(case, epochs=3 * case.epochs)
    alone, products = measure(lasting, [Regx, Products], None, 2 * rounds + 1, processor)
    times = ratio(products.rates, alone.rates)
    target = f"  <= {AT_MOST_OF_PRODUCTS:g}: {'met' if times <= AT_MOST_OF_PRODUCTS else 'MISSED'}"
    print(f"  time over its products, without evaluation: {times:.2f}{target if case.networks > 1 else ''}")
    return comparable


def commands(case: Case, folder: Path, rounds: int) -> None:
    """Print the wall time of the whole command, and of a script that does the same with JAX and with PyTorch."""
    path = folder / f"{case.name}.pkl"
    path.write_bytes(pickle.dumps(case))
    script = [sys.executable, str(Path(__file__).with_name("peers.py"))]
    typed = {"regx": [sys.executable, "-m", "regx", *case.write(folder)]}
    typed |= {name: [*script, name, str(path)] for name in ("jax", "torch") if importlib.util.find_spec(name)}
    seconds: dict[str, list[float]] = {name: [] for name in typed}
    typed["regx without kernels"], seconds["regx without kernels"] = typed["regx"], []
    for turn in range(rounds + 1):  # the first one warms the caches of files
        for name, command in typed.items():
            shutil.rmtree(folder / "runs", ignore_errors=True)
            began = time.perf_counter()
            without = {"REGX_KERNELS": "off"} if "without" in name else {}
            subprocess.run(command, check=True, capture_output=True, env={**os.environ, **without})
            if turn:
                seconds[name].append(time.perf_counter() - began)
    for name, found in seconds.items():
        times = ratio(found, seconds["regx"])
        print(
            f"  whole command, {case.full_epochs} epochs, {name:22} {statistics.median(found):7.2f} s"
            f" {times:6.2f} times regx's  {verdict(AT_LEAST.get((name, '')), times)}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", help="one, sine, strengths, diabetes, digits, convolution, table")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--processor", action="store_true", help="processor seconds instead of wall time")
    parser.add_argument("--only", choices=("rates", "commands"))
    asked = parser.parse_args()
    from regx.core import compiling, kernels

    if importlib.util.find_spec("numba") and not kernels.load():
        compiling.compile_all()  # once, as after the first long training
        kernels.load()
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, NumPy {np.__version__},"
        f" OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE') or 'unset'}"
    )
    comparable = []
    with tempfile.TemporaryDirectory() as temporary:
        for case in cases(asked.case or [], Path(temporary)):
            print(f"\n{case.name}: {case.networks} networks {'-'.join(map(str, case.widths))}", flush=True)
            if asked.only != "commands":
                os.environ["REGX_KERNELS"] = "on"  # the worker processes of a short timed run too
                comparable.append(rates(case, asked.rounds, asked.processor))
                del os.environ["REGX_KERNELS"]
            if asked.only != "rates":
                commands(case, Path(temporary), asked.rounds)
    return 0 if all(comparable) else 1


if __name__ == "__main__":
    sys.exit(main())
