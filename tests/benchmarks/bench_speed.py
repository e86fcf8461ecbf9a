"""How fast regx trains, against plain NumPy, PyTorch, JAX, and the matrix products alone.

    python tests/benchmarks/bench_speed.py [--quick]

Where regx is not installed, PYTHONPATH=. before it. Everything in one process, in turns (A B C A B C ...), so that what
else the machine does meets all alike: the medians of the ratios within each round mean something, the rates of
different runs do not. Ends with 1 when a peer did not reach regx's training loss, since it then did other work.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import time
from dataclasses import dataclass, field

import numpy as np
from cases import Case, cases
from peers import (
    BatchedTorch,
    Jax,
    JaxWithCompile,
    Peer,
    PlainNumPy,
    Products,
    ProductsOnOneThread,
    Regx,
    RegxInProcesses,
    Torch,
)

from regx.core.arrays import Array

SOLO, MANY, DIABETES, DIGITS = "sine, one network", "sine, 64 networks", "diabetes", "digits"
PEERS: dict[str, tuple[type[Peer], ...]] = {
    SOLO: (Regx, PlainNumPy, Torch, Jax, JaxWithCompile),
    MANY: (RegxInProcesses, Regx, PlainNumPy, Torch, BatchedTorch, Jax, JaxWithCompile),
    DIABETES: (Regx, PlainNumPy, Torch, Jax, JaxWithCompile),
    DIGITS: (Regx, PlainNumPy, Torch, Jax, JaxWithCompile),
}
# regx is to be at least so many times as fast.
AT_LEAST = {(SOLO, Torch): 8.0, (SOLO, JaxWithCompile): 2.0, (MANY, BatchedTorch): 3.0, (MANY, Jax): 1.0}
# Without evaluation regx is to take at most so many times the time of its products.
AT_MOST_OF_PRODUCTS = 2.0
# Losses of equal work: the same up to rounding, which Adam makes larger, and with batches and masks of one's own.
COMPARABLE = {SOLO: 0.25, MANY: 0.25, DIABETES: 0.01, DIGITS: 0.5}
NEEDS = {Torch: "torch", BatchedTorch: "torch", Jax: "jax", JaxWithCompile: "jax"}


@dataclass
class Measured:
    """One peer's rounds. rates: network-epochs per second."""

    peer: Peer
    epochs: int
    every: int
    threads: int = 0
    rates: list[float] = field(default_factory=list)
    losses: Array = field(default_factory=lambda: np.zeros(0))

    def rate(self) -> float:
        """Train once."""
        self.peer.use_threads(self.threads)
        began = time.perf_counter()
        self.losses = self.peer.train(self.epochs, self.every)
        seconds = time.perf_counter() - began
        if isinstance(self.peer, RegxInProcesses):
            seconds = self.peer.steady
        return self.peer.networks * self.epochs / seconds

    def choose_threads(self) -> None:
        """The best number of threads, and everything is warm."""
        found = {}
        for threads in self.peer.threads:
            self.threads = threads
            if not isinstance(self.peer, JaxWithCompile):  # which must not be warm
                self.rate()
            found[threads] = self.rate()
        self.threads = max(found, key=lambda threads: found[threads])


def measure(case: Case, kinds: tuple[type[Peer], ...], every: int | None, rounds: int) -> list[Measured]:
    """All peers that are installed, in turns. every: None for no evaluation but the last."""
    runs = []
    for kind in kinds:
        package = NEEDS.get(kind)
        if package and importlib.util.find_spec(package) is None:
            print(f"  {kind.name}: skipped, {package} is not installed")
            continue
        epochs = case.full_epochs if kind is JaxWithCompile else case.epochs
        runs.append(Measured(kind(case), epochs, every or epochs))
        runs[-1].choose_threads()
    for _ in range(rounds):
        for run in runs:
            run.rates.append(run.rate())
    return runs


def ratio(one: Measured, other: Measured) -> float:
    """How many times as fast one is: the median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(one.rates, other.rates, strict=True))


def verdict(met: bool) -> str:
    return "met" if met else "MISSED"


def against_peers(case: Case, rounds: int) -> bool:
    """Print the table of a case. Whether all peers did comparable work."""
    print(f"\n{case.name}: {case.epochs} epochs, losses of three splits every {case.every}")
    runs = measure(case, PEERS[case.name], case.every, rounds)
    ours, comparable = runs[0], True
    print(f"  {'':24} {'threads':>7} {'net-epochs/s':>13} {'regx is x as fast':>18} {'train loss':>12}  target")
    for run in runs:
        target = AT_LEAST.get((case.name, type(run.peer)))
        times = ratio(ours, run)
        note = f">= {target:g}: {verdict(times >= target)}" if target else ""
        if run.epochs == ours.epochs:
            # Of the networks that both trained.
            own, theirs = ours.losses[: len(run.losses)].mean(), run.losses.mean()
            if not abs(theirs / own - 1) <= COMPARABLE[case.name]:
                comparable = False
                note += f" NOT COMPARABLE: regx's loss of the same networks is {own:.4g}"
        else:
            note += f" ({run.epochs} epochs)"
        threads = run.threads or "auto"
        print(
            f"  {run.peer.name:24} {threads!s:>7} {statistics.median(run.rates):13,.0f} {times:18.2f}"
            f" {run.losses.mean():12.4g}  {note}"
        )
    if isinstance(ours.peer, RegxInProcesses):
        print(f"  (start-up of the processes, not in the rate: {ours.peer.startup:.2f} s)")
    return comparable


def against_products(case: Case, rounds: int) -> None:
    """Print how many times the time of its matrix products regx takes, in one process and without evaluation.

    The target is against their best number of threads. regx computes on one, since a product's bits depend on them.
    """
    ours, best, one_thread = measure(case, (Regx, Products, ProductsOnOneThread), None, rounds)
    times = ratio(best, ours)
    print(
        f"  {case.name:24} {statistics.median(ours.rates):13,.0f} {statistics.median(best.rates):13,.0f}"
        f" {best.threads:>7} {times:8.2f} {ratio(one_thread, ours):13.2f}"
        f"  <= {AT_MOST_OF_PRODUCTS:g}: {verdict(times <= AT_MOST_OF_PRODUCTS)}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer epochs and rounds")
    quick = parser.parse_args().quick
    rounds, all_cases = 3 if quick else 5, cases(quick)
    comparable = [against_peers(case, rounds) for case in all_cases.values()]
    print("\nwithout evaluation, one process:")
    print(f"  {'':24} {'regx':>13} {'products':>13} {'threads':>7} {'time x':>8} {'x of 1 thread':>13}  target")
    for case in all_cases.values():
        against_products(case, 2 * rounds + 1)
    return 0 if all(comparable) else 1


if __name__ == "__main__":
    sys.exit(main())
