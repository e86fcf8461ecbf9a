"""How much a race that chooses by validation loss flatters its winner, and how much of that is printed.

    python tests/benchmarks/simulate_optimism.py --races 60

Each race has seeds of its own. The winner's loss on new rows is its loss on a clean curve of a thousand points and the
variance of the noise, since validation rows have noise. What it lies above the validation loss that chose the winner is
what choosing flattered; beside it stands what `regx race` says about that (`stats/optimism.py`). By the least loss over
the epochs, early stopping and the choice both look at the same rows; cross-fitted, each half of the rows judges the
epoch that the other half chooses.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regx.config.load import load_lanes
from regx.core.listener import Keeper, Wanted
from regx.core.regularizer import CROSS_FITTED
from regx.core.trained import Trained
from regx.runner.networks import Options, train_networks
from regx.runner.plan import Trainee
from regx.stats.optimism import optimism_of_choice

NOISE = 0.3
SEEDS = 5
RACES = {
    "early stopping in every lane": {
        "stop": [{"early_stopping": {"patience": 200}}],
        "stop_noise": [{"early_stopping": {"patience": 200}}, {"input_noise": {"sigma": 0.1}}],
        "stop_dropout": [{"early_stopping": {"patience": 200}}, {"dropout": {"p": 0.1}}],
        "stop_decay": [{"early_stopping": {"patience": 200}}, {"weight_decay": {"lam": 0.3}}],
    },
    "early stopping in one lane": {
        "none": [],
        "stop": [{"early_stopping": {"patience": 200}}],
        "noise": [{"input_noise": {"sigma": 0.2}}],
        "decay": [{"weight_decay": {"lam": 1.0}}],
    },
}


@dataclass(frozen=True)
class Flattery:
    """Over races: what choosing flattered the winner by, what was printed, and how often a stopped lane won."""

    actual: float
    printed: float
    stopped: float


def flattery(lanes: Mapping[str, object], races: int, rows: int = 30) -> tuple[Flattery, Flattery]:
    """By the least validation loss over the epochs, and cross-fitted."""
    config = {
        "name": "race", "dataset": {"name": "sine", "n_train": 30, "n_val": rows, "n_test": 1000, "noise": NOISE},
        "architecture": {"hidden": [32]}, "training": {"epochs": 800, "eval_every": 4},
        "optimizer": {"name": "adam", "lr": 0.01}, "lanes": lanes, "seeds": SEEDS * races,
    }  # fmt: skip
    configs = [cell.config for cell in load_lanes(config).cells]
    found: dict[tuple[int, int], Trained] = {}

    class Found(Keeper):
        wanted = Wanted(slim=True)

        def on_trained(self, members: Sequence[Trainee], trained: Sequence[Trained]) -> None:
            found.update({(member.config, member.seed): one for member, one in zip(members, trained, strict=True)})

    members = [Trainee(number, seed) for number in range(len(configs)) for seed in range(SEEDS * races)]
    train_networks(configs, members, Found(), Options(1))

    def table(name: str, cross_fitted: bool) -> np.ndarray:
        """(lanes, seeds)."""
        return np.array([
            [
                one.diagnostics.get(CROSS_FITTED, one.reported[name]) if cross_fitted else one.reported[name]
                for one in (found[number, seed] for seed in range(SEEDS * races))
            ]
            for number in range(len(configs))
        ])  # fmt: skip

    truth = table("test_loss", False) + NOISE**2
    stops = [any(member.kind == "early_stopping" for member in config.stack) for config in configs]
    return _over_races(table("val_loss", False), truth, stops), _over_races(table("val_loss", True), truth, stops)


def _over_races(losses: np.ndarray, truth: np.ndarray, stops: Sequence[bool]) -> Flattery:
    actual, printed, stopped = [], [], []
    for start in range(0, losses.shape[1], SEEDS):
        own, true = losses[:, start : start + SEEDS], truth[:, start : start + SEEDS]
        winner = int(own.mean(axis=1).argmin())
        actual.append(true[winner].mean() - own[winner].mean())
        printed.append(optimism_of_choice(own).mean)
        stopped.append(stops[winner])
    return Flattery(float(np.mean(actual)), float(np.mean(printed)), float(np.mean(stopped)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--races", type=int, default=60)
    races = parser.parse_args().races
    for title, lanes in RACES.items():
        print(f"{title}, {races} races of {SEEDS} seeds and 30 validation rows:")
        for name, one in zip(("least loss over the epochs", "cross-fitted"), flattery(lanes, races), strict=True):
            print(
                f"  {name}: flattered by {one.actual:.4f}, printed {one.printed:.4f}; a stopped lane wins "
                f"{one.stopped:.0%}"
            )


if __name__ == "__main__":
    main()
