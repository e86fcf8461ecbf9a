"""How often two ridges that are equally good over tables are called better or worse, by each of the two tests.

Every table is drawn anew, split anew for each seed as `regx` splits tables, and fitted by ridge regression of two
strengths that are equally good over tables: the second is found beforehand, on tables of its own, such that the mean
test losses agree. What differs on one table is then the luck of that table, and not of its splits.

    python tests/benchmarks/simulate_verdicts.py --tables 400
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.data.split import split_rows
from regx.stats.paired import compare_to_baseline

ROWS, FEATURES, NOISE = 80, 10, 2.0
TEST, VAL = 0.25, 0.15
WEAK = 0.3  # the one ridge; the other is stronger, and as good
SEEDS = (5, 10, 20)


@dataclass(frozen=True)
class Rates:
    """The shares of tables on which one of two equally good ridges is called better or worse."""

    seeds: int
    independent: float
    corrected: float


def table(number: int) -> tuple[Array, Array]:
    """x, (ROWS, FEATURES), and y, (ROWS,), of a linear truth with much noise."""
    rng = stream(number, "simulated table")
    x = rng.standard_normal((ROWS, FEATURES))
    return x, x @ rng.standard_normal(FEATURES) / np.sqrt(FEATURES) + NOISE * rng.standard_normal(ROWS)


def losses(x: Array, y: Array, seeds: Sequence[int], strengths: Sequence[float]) -> Array:
    """Test losses of ridge regression over splits of a table, (strengths, seeds)."""
    found = np.empty((len(strengths), len(seeds)))
    for column, seed in enumerate(seeds):
        train, _, test = split_rows(len(y), seed, TEST, VAL)
        gram, moment = x[train].T @ x[train], x[train].T @ y[train]
        for row, strength in enumerate(strengths):
            weights = np.linalg.solve(gram + strength * len(train) * np.eye(FEATURES), moment)
            found[row, column] = np.mean((x[test] @ weights - y[test]) ** 2)
    return found


def equally_good(tables: int) -> float:
    """The strength beyond the best one at which ridge is as good as at `WEAK`, over tables of its own."""
    grid = np.geomspace(WEAK, 100 * WEAK, 40)
    mean = np.mean([losses(*table(10**6 + number), [0], grid)[:, 0] for number in range(tables)], axis=0)
    worse = np.flatnonzero((mean >= mean[0]) & (np.arange(len(grid)) > mean.argmin()))
    upper = int(worse[0])
    share = (mean[0] - mean[upper - 1]) / (mean[upper] - mean[upper - 1])
    return float(grid[upper - 1] * (grid[upper] / grid[upper - 1]) ** share)


def rates(tables: int, seeds: int, strong: float) -> Rates:
    """What the two tests say over so many tables."""
    held_out = round(ROWS * TEST) / (ROWS - round(ROWS * TEST) - round(ROWS * VAL))
    wrong = np.zeros(2)
    for number in range(tables):
        one, other = losses(*table(number), range(seeds), (WEAK, strong))
        run, baseline = dict(enumerate(other.tolist())), dict(enumerate(one.tolist()))
        for place, ratio in enumerate((None, held_out)):
            (found,) = compare_to_baseline([run], baseline, held_out=ratio)
            wrong[place] += found.verdict in ("better", "worse")
    independent, corrected = wrong / tables
    return Rates(seeds, float(independent), float(corrected))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=400)
    tables = parser.parse_args().tables
    strong = equally_good(tables=2000)
    print(f"Two equally good ridges, lam {WEAK} and {strong:.3g}, on {tables} tables of {ROWS} rows:")
    print("seeds\tas if independent\tcorrected resampled t-test")
    for seeds in SEEDS:
        found = rates(tables, seeds, strong)
        print(f"{seeds}\t{found.independent:.3f}\t{found.corrected:.3f}")


if __name__ == "__main__":
    main()
