"""What comes of the first, the second and the third advice of `regx diagnose`, on settings that overfit.

    python tests/benchmarks/trials_advice.py [--seeds 100,101,102,103,104] [--settings 24] [--shrinkage 10,30]

Each setting is trained, diagnosed, and trained again with each advice applied to it alone. The gap has closed where the
validation loss less the training loss, as shares of the trivial loss, came down by a third or more; and the test loss,
which a diagnosis does not see, has not risen where its mean over the seeds is not greater. The strengths were chosen on
the seeds 0 to 4, so the table is to be read at others. `--shrinkage` tries decay of other strengths: mild, severe.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import regx
from regx.studies.diagnosis import advice as module
from regx.studies.diagnosis.advice import changed
from regx.studies.diagnosis.judgement import gap_of, mean_of
from regx.studies.diagnosis.result import Diagnosed

CLOSED = 2 / 3  # of the gap that was there, at most so much is left
ADVICES = 3


@dataclass(frozen=True)
class Trial:
    """One advice on one setting: the gap as a share of the trivial loss, and the test loss, before and after."""

    setting: str
    advice: str
    overrides: tuple[str, ...]
    gap: tuple[float, float]
    test: tuple[float, float]

    @property
    def closed(self) -> bool:
        return self.gap[1] <= CLOSED * self.gap[0]

    @property
    def helped(self) -> bool:
        """Whether the gap closed without the test loss rising."""
        return self.closed and self.test[1] <= self.test[0]


ADAM, FAST_ADAM = {"name": "adam", "lr": 0.003}, {"name": "adam", "lr": 0.01}
ADAMW = {"name": "adamw", "lr": 0.003}  # which decays by 0.01 of its own, so that is what advice must raise
SGD = {"name": "sgd", "lr": 0.03, "momentum": 0.9}
FAST_SGD = {"name": "sgd", "lr": 0.1, "momentum": 0.9}


def settings() -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and configs: sines and circles of few noisy rows, and small parts of tables, under three optimizers."""
    for (n, noise), (optimizer, label) in itertools.product(
        ((15, 0.5), (30, 0.5), (30, 0.3), (60, 0.8)), ((ADAM, "adam"), (ADAMW, "adamw"))
    ):
        data = {"name": "sine", "n_train": n, "n_val": 100, "noise": noise}
        yield f"sine-{n}-{noise:g}-{label}", _config(data, (64, 64), optimizer, 2000)
    for (n, noise), (optimizer, label) in itertools.product(
        ((60, 0.1), (100, 0.2), (200, 0.3)), ((FAST_ADAM, "adam"), (FAST_SGD, "sgd"))
    ):
        data = {"name": "circle", "n_train": n, "n_val": 200, "label_noise": noise}
        yield f"circle-{n}-{noise:g}-{label}", _config(data, (32, 32), optimizer, 1500)
    for (optimizer, label), (kind, n, noise) in itertools.product(
        ((ADAM, "adam"), (SGD, "sgd")),
        (("breast_cancer", 60, 0.1), ("breast_cancer", 150, 0.2), ("diabetes", 200, 0.0), ("diabetes", 400, 0.0),
         ("digits", 150, 0.2)),
    ):  # fmt: skip
        data = {"name": kind, "n_train": n, "label_noise": noise}
        yield f"{kind}-{n}-{noise:g}-{label}", _config(data, (32,), optimizer, 600)


def _config(dataset: dict[str, Any], hidden: tuple[int, ...], optimizer: dict[str, Any], epochs: int) -> dict[str, Any]:
    return {
        "name": "setting", "dataset": dataset, "architecture": {"hidden": list(hidden)}, "optimizer": optimizer,
        "training": {"epochs": epochs, "eval_every": 20},
    }  # fmt: skip


def trials(name: str, config: dict[str, Any], seeds: Sequence[int], out: Path) -> list[Trial]:
    """The first advice on a setting, each applied alone; none where it does not overfit."""
    before = regx.run({**config, "name": name.replace(".", "_")}, list(seeds), out=out)
    (found,) = regx.diagnose(before)
    if "overfitting" not in found.diagnosis.verdict:
        return []
    made = []
    usable = [one for one in found.advice if one.overrides][:ADVICES]
    for one in usable:
        after = regx.run(changed(before, one).resolved, list(seeds), out=out)
        (then,) = regx.diagnose(after)
        tests = tuple(run.summary.over_seeds("test_loss")["mean"] or float("inf") for run in (before, after))
        made.append(Trial(name, one.name, one.overrides, (_gap(found), _gap(then)), (tests[0], tests[1])))
    return made


def _gap(found: Diagnosed) -> float:
    return gap_of(mean_of([seed for seed in found.diagnosis.seeds if seed.diverged is None])) or 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="100,101,102,103,104")
    parser.add_argument("--settings", type=int, default=100, help="so many of them at most")
    parser.add_argument("--shrinkage", help="mild, severe")
    given = parser.parse_args()
    if given.shrinkage:
        for strengths in (module.SHRINKAGE, module.ADAPTIVE_SHRINKAGE):
            strengths.update(zip(("mild", "severe"), map(float, given.shrinkage.split(",")), strict=True))
    seeds = [int(seed) for seed in given.seeds.split(",")]
    by_place: dict[int, list[Trial]] = {}
    healthy = []
    with tempfile.TemporaryDirectory() as out:
        for name, config in itertools.islice(settings(), given.settings):
            made = trials(name, config, seeds, Path(out))
            if not made:
                healthy.append(name)
            for place, trial in enumerate(made, start=1):
                by_place.setdefault(place, []).append(trial)
                print(
                    f"{name}\t{place}\t{' '.join(trial.overrides)}\tgap {trial.gap[0]:.3f} -> {trial.gap[1]:.3f}\ttest "
                    f"{trial.test[0]:.4g} -> {trial.test[1]:.4g}\t{'helped' if trial.helped else '-'}",
                    flush=True,
                )
    print(f"Settings that do not overfit at these seeds, and count nowhere: {', '.join(healthy) or 'none'}.")
    for place, made in sorted(by_place.items()):
        kinds = ", ".join(dict.fromkeys(trial.advice for trial in made))
        print(
            f"advice {place} ({kinds}): of {len(made)} settings the gap closed in {sum(one.closed for one in made)}, "
            f"without the test loss rising in {sum(one.helped for one in made)}"
        )


if __name__ == "__main__":
    main()
