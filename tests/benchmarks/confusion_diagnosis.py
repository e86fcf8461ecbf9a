"""Verdicts of `regx diagnose` on runs whose state is known by construction: the table of labels against verdicts.

    python tests/benchmarks/confusion_diagnosis.py [--seeds 30,31,32,33,34] [--out FOLDER] [--oracle] [--follow]

A label follows from how the data is made and what the network can do with it:

- diverged: steps so long that no loss surface bears them.
- underfitting: a network that cannot hold the function, that a penalty far above the loss keeps from it, or that had a
  handful of steps.
- severe: far more parameters than rows, steps enough to learn them by heart, and a third or more of the target's
  variance, or of the labels, is noise; or a table whose classes overlap, learned by heart.
- mild: the same with less noise, 15 to 19 % of a sine's variance, or a fifth of the labels at most; or very few rows.
- healthy: many rows for each parameter, next to no noise to learn, or a model known to be near the best for its table.

The thresholds were chosen on seeds 0 to 4, so the table is to be read at others. `--oracle` prints what the labels can
be checked with: how far the test loss, which a diagnosis does not see, lies above that of the best of eight remedies,
as a share of the trivial test loss. On seeds 0 to 4 it is at most 0.02 for what is labelled healthy, 0.02 to 0.07 for
mild, 0.15 and more for severe, 0.3 and more for underfitting (0.1 for circle-2000-noise0.1).

Looking at seeds 0 to 4 some settings were changed: by the oracle diabetes-64 was relabelled from mild and
circle-2000-noise0.1 from healthy, three mild sines got more noise, since what they had learned by heart did them little
harm, and circle-1000, circle-2000 and digits-linear got more epochs, since they were still learning. `--follow` trains
every advice and prints how often it lowered the test loss.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

VERDICTS = ("diverged", "underfitting", "healthy", "mild overfitting", "severe overfitting", "cannot tell")


@dataclass(frozen=True)
class Setting:
    """A config in short, and the verdict that it must get. cheap: trained by the tests too."""

    label: str
    why: str
    dataset: dict[str, Any]
    hidden: tuple[int, ...]
    epochs: int
    lr: float
    optimizer: str = "adam"
    stack: tuple[dict[str, Any], ...] = ()
    training: dict[str, Any] = field(default_factory=dict)
    cheap: bool = False

    def config(self, name: str, seeds: Sequence[int]) -> dict[str, Any]:
        every = max(self.epochs // 100, 1)
        return {
            "name": name,
            "dataset": self.dataset,
            "architecture": {"hidden": list(self.hidden)},
            "regularizers": list(self.stack),
            "optimizer": {"name": self.optimizer, "lr": self.lr},
            "training": {"epochs": self.epochs, "eval_every": every, **self.training},
            "seeds": list(seeds),
        }


UNDER, HEALTHY, MILD, SEVERE, DIVERGED = "underfitting", "healthy", "mild overfitting", "severe overfitting", "diverged"
WIDE = (64, 64, 64)


def sine(n: int, noise: float, **more: Any) -> dict[str, Any]:
    return {"name": "sine", "n_train": n, "n_val": 200, "noise": noise, **more}


def circle(n: int, **more: Any) -> dict[str, Any]:
    return {"name": "circle", "n_train": n, "n_val": 200, **more}


CANCER, DIGITS, DIABETES = {"name": "breast_cancer"}, {"name": "digits"}, {"name": "diabetes"}
SMALL_STEPS = {"batch_size": 64}

# The share of noise in a sine's variance is noise²/(0.52 + noise²): 0.02 at 0.1, 0.07 at 0.2, 0.15 at 0.3, 0.32 at 0.5.
SETTINGS = {
    "sine-15-noise0.5": Setting(
        SEVERE, "8,513 parameters, 15 rows, a third noise", sine(15, 0.5), WIDE, 2000, 0.003, cheap=True,
    ),
    "sine-30-noise0.5": Setting(SEVERE, "8,513 parameters, 30 rows, a third noise", sine(30, 0.5), WIDE, 3000, 0.003),
    "sine-40-noise0.8": Setting(SEVERE, "8,513 parameters, 40 rows, half noise", sine(40, 0.8), WIDE, 3000, 0.003),
    "sine-30-random": Setting(
        SEVERE, "every training target replaced", sine(30, 0.1, label_noise=1.0), WIDE, 3000, 0.003,
    ),
    "sine-50-noise0.3": Setting(MILD, "learned by heart, 15 % noise", sine(50, 0.3), WIDE, 4000, 0.003),
    "sine-60-noise0.3": Setting(MILD, "learned by heart, 15 % noise", sine(60, 0.3), (128, 128), 4000, 0.003),
    "sine-80-noise0.35": Setting(MILD, "learned by heart in part, 19 % noise", sine(80, 0.35), WIDE, 3000, 0.003),
    "sine-30-noise0.3": Setting(MILD, "configs/none.yaml", sine(30, 0.3), WIDE, 3000, 0.003, cheap=True),
    "sine-40-noise0.05": Setting(HEALTHY, "learned by heart, but without noise", sine(40, 0.05), WIDE, 1500, 0.003),
    "sine-2000-noise0.3": Setting(HEALTHY, "2,000 rows, 49 parameters", sine(2000, 0.3), (16,), 1500, 0.01, cheap=True),
    "sine-1000-noise0.5": Setting(
        HEALTHY, "1,000 rows, 97 parameters, a third noise", sine(1000, 0.5), (32,), 1000, 0.01,
    ),
    "sine-500": Setting(HEALTHY, "500 rows, 25 parameters", sine(500, 0.3), (8,), 2000, 0.02),
    "sine-linear-100": Setting(UNDER, "a line for a sine", sine(100, 0.3), (), 1000, 0.01, cheap=True),
    "sine-linear-1000": Setting(UNDER, "a line for a sine, half noise", sine(1000, 0.5), (), 500, 0.01),
    "sine-linear-30": Setting(UNDER, "a line for a sine, 30 rows", sine(30, 0.2), (), 2000, 0.01),
    "sine-one-epoch": Setting(UNDER, "one step", sine(30, 0.3), WIDE, 1, 0.003, cheap=True),
    "sine-tiny-lr": Setting(UNDER, "500 steps of 1e-6", sine(100, 0.3), WIDE, 500, 1e-6),
    "sine-huge-l2": Setting(
        UNDER, "penalty far above the loss", sine(100, 0.3), WIDE, 500, 0.003,
        stack=({"l2": {"lam": 3.0}},), cheap=True,
    ),
    "sine-lr-1000": Setting(DIVERGED, "steps of 1,000", sine(30, 0.3), WIDE, 200, 1000.0, cheap=True),
    "sine-sgd-lr-10": Setting(DIVERGED, "steps of 10 times the gradient", sine(100, 0.3), WIDE, 200, 10.0, "sgd"),
    "circle-200-noise0.1": Setting(SEVERE, "configs/circle.yaml", circle(200, label_noise=0.1), (32, 32), 1000, 0.01),
    "circle-100-noise0.6": Setting(
        SEVERE, "60 % of the labels replaced", circle(100, label_noise=0.6), WIDE, 1000, 0.003,
    ),
    "circle-200-random": Setting(SEVERE, "every label replaced", circle(200, label_noise=1.0), (64, 64), 1500, 0.01),
    "circle-400-noise0.2": Setting(
        MILD, "a fifth of the labels replaced", circle(400, label_noise=0.2), (32,), 1000, 0.01,
    ),
    "circle-2000": Setting(HEALTHY, "2,000 rows, 65 parameters", circle(2000), (16,), 3000, 0.01),
    "circle-1000": Setting(HEALTHY, "1,000 rows, 65 parameters", circle(1000), (16,), 2000, 0.02, cheap=True),
    "circle-2000-noise0.1": Setting(
        UNDER, "16 units, where wide layers reach half of the loss", circle(2000, label_noise=0.1), (16,), 2000, 0.02,
    ),
    "circle-linear": Setting(UNDER, "a line for a circle", circle(500), (), 500, 0.01, cheap=True),
    "circle-two-epochs": Setting(UNDER, "two steps", circle(200), (32, 32), 2, 0.003),
    "circle-one-unit": Setting(UNDER, "one hidden unit for a circle", circle(500), (1,), 1000, 0.01),
    "circle-huge-decay": Setting(
        UNDER, "decay of a tenth per step", circle(500), (32, 32), 500, 0.01, stack=({"weight_decay": {"lam": 10.0}},),
    ),
    "circle-lr-1000": Setting(DIVERGED, "steps of 1,000", circle(200), (32, 32), 200, 1000.0),
    "cancer-noise0.5": Setting(
        SEVERE, "half of the labels replaced, learned by heart", {**CANCER, "label_noise": 0.5}, (64, 64), 1000, 0.003,
    ),
    "cancer-noise0.1": Setting(
        MILD, "a tenth of the labels replaced", {**CANCER, "label_noise": 0.1}, (32,), 200, 0.003,
    ),
    "cancer-linear": Setting(
        HEALTHY, "logistic regression with decay, near the best", CANCER, (), 300, 0.01, stack=({"l2": {"lam": 0.01}},),
    ),
    "cancer-l2": Setting(
        HEALTHY, "configs/breast_cancer.yaml", CANCER, (32,), 300, 0.003, stack=({"l2": {"lam": 0.01}},),
    ),
    "cancer-three-epochs": Setting(UNDER, "three short steps", CANCER, (32,), 3, 0.0003),
    "cancer-lr-3000": Setting(DIVERGED, "steps of 3,000", CANCER, (32,), 100, 3000.0),
    "digits-random": Setting(
        SEVERE, "every label replaced, learned by heart", {**DIGITS, "label_noise": 1.0}, (256,), 150, 0.002,
        training=SMALL_STEPS,
    ),
    "digits-noise0.5": Setting(
        SEVERE, "half of the labels replaced", {**DIGITS, "label_noise": 0.5}, (256,), 150, 0.002,
        training=SMALL_STEPS,
    ),
    "digits-noise0.2": Setting(
        MILD, "a fifth of the labels replaced", {**DIGITS, "label_noise": 0.2}, (128,), 60, 0.002, training=SMALL_STEPS,
    ),
    "digits-100": Setting(MILD, "100 rows for ten classes", {**DIGITS, "n_train": 100}, (128,), 300, 0.002),
    "digits-dropout": Setting(
        HEALTHY, "configs/digits.yaml", DIGITS, (128, 128), 60, 0.001,
        stack=({"dropout": {"p": 0.3}},), training=SMALL_STEPS,
    ),
    "digits-linear": Setting(HEALTHY, "softmax regression, 0.96 right", DIGITS, (), 300, 0.003, training=SMALL_STEPS),
    "digits-one-epoch": Setting(UNDER, "17 short steps", DIGITS, (64,), 1, 0.0003, training=SMALL_STEPS),
    "digits-one-unit": Setting(UNDER, "one hidden unit for ten classes", DIGITS, (1,), 60, 0.003, training=SMALL_STEPS),
    "digits-lr-300": Setting(DIVERGED, "steps of 300", DIGITS, (64,), 30, 300.0, training=SMALL_STEPS),
    "diabetes-64": Setting(
        SEVERE, "configs/diabetes.yaml: 641 parameters, 461 rows, 2,000 steps", DIABETES, (64,), 2000, 0.1, "sgd",
    ),
    "diabetes-wide": Setting(SEVERE, "overlapping classes by heart", DIABETES, (64, 64), 1000, 0.003),
    "diabetes-40": Setting(
        SEVERE, "overlapping classes by heart, 40 rows", {**DIABETES, "n_train": 40}, (64, 64), 1000, 0.003,
    ),
    "diabetes-linear": Setting(HEALTHY, "logistic regression, near the best here", DIABETES, (), 500, 0.1, "sgd"),
    "diabetes-small": Setting(HEALTHY, "41 parameters, 461 rows", DIABETES, (4,), 300, 0.1, "sgd"),
    "diabetes-two-epochs": Setting(UNDER, "two short steps", DIABETES, (64,), 2, 0.001),
    "diabetes-lr-10000": Setting(DIVERGED, "steps of 10,000", DIABETES, (64,), 100, 1e4),
}  # fmt: skip


def train(settings: dict[str, Setting], seeds: Sequence[int], out: Path, jobs: int | None = None) -> dict[str, Path]:
    """The run folder of every setting, trained where it is not there yet."""
    import yaml

    from regx.config.load import load_config
    from regx.runner.networks import Options
    from regx.runner.runs import Target, bring_up_to_date

    targets = {}
    for name, setting in settings.items():
        path = out / f"{name}.yaml"
        path.write_text(yaml.safe_dump(setting.config(name, seeds)))
        config = load_config(path)
        targets[name] = Target(config, out / config.folder_name)
    bring_up_to_date(list(targets.values()), Options(jobs))
    return {name: target.folder for name, target in targets.items()}


def table(pairs: Sequence[tuple[str, str]]) -> str:
    """The confusion table of (label, verdict) pairs: a row for each label, a column for each verdict."""
    counts = Counter(pairs)
    shown = [verdict for verdict in VERDICTS if any(verdict in pair for pair in pairs)]
    lines = ["label \\ verdict".ljust(20) + "".join(verdict.rjust(20) for verdict in shown)]
    for label in shown:
        if any(pair[0] == label for pair in pairs):
            lines.append(label.ljust(20) + "".join(str(counts[label, verdict] or ".").rjust(20) for verdict in shown))
    return "\n".join(lines)


def remedies(setting: Setting) -> list[Setting]:
    """The setting and eight others on the same data, which between them come near what is possible there."""
    digits = setting.dataset["name"] == "digits"
    epochs = 60 if digits else 1000
    stop = {"early_stopping": {"patience": 100}}
    wide = replace(
        setting, hidden=(128, 128) if digits else WIDE, epochs=epochs, lr=0.003, optimizer="adam", stack=(stop,)
    )
    members: tuple[dict[str, Any], ...] = (
        {"input_noise": {"sigma": 0.4}}, {"input_noise": {"sigma": 0.8}}, {"l2": {"lam": 0.01}}, {"l2": {"lam": 0.1}},
        {"dropout": {"p": 0.4}},
    )  # fmt: skip
    return [
        setting,
        wide,
        *(replace(wide, stack=(member, stop)) for member in members),
        replace(wide, hidden=(12,), epochs=2 * epochs, lr=0.01),
        replace(wide, hidden=(), lr=0.01, stack=({"l2": {"lam": 0.02}},)),
    ]


def share_of_trivial(folder: Path) -> float:
    """The mean test loss of a run's seeds as a share of the trivial test loss; infinite if one diverged."""
    from regx.evidence.run import read_run

    entries = read_run(folder).summary["seeds"].values()
    if any(entry["status"] != "completed" for entry in entries):
        return math.inf
    return statistics.fmean(e["metrics"]["test_loss"] / e["diagnostics"]["trivial_test_loss"] for e in entries)


def print_oracle(settings: dict[str, Setting], seeds: Sequence[int], out: Path) -> None:
    """The excess of every setting that is not meant to diverge over the best of its remedies."""
    settings = {name: setting for name, setting in settings.items() if setting.label != DIVERGED}
    every = {
        f"{name}--{number}": remedy
        for name, setting in settings.items()
        for number, remedy in enumerate(remedies(setting))
    }
    folders = train(every, seeds, out)
    for name, setting in settings.items():
        shares = [share_of_trivial(folders[key]) for key in every if key.startswith(f"{name}--")]
        own, best = shares[0], min(shares)
        print(f"{name:24}{setting.label:20} test {own:7.3f}  best {best:6.3f}  excess {own - best:7.3f}")


def print_followed(folders: dict[str, Path], out: Path) -> None:
    """For every kind of advice, how often following it lowered the mean test loss, and by what factor in the median."""
    from regx.evidence.run import read_run
    from regx.runner.runs import Target, bring_up_to_date
    from regx.studies.diagnosis.advice import advice, changed
    from regx.studies.diagnosis.question import diagnose

    targets = []
    for name, folder in folders.items():
        run = read_run(folder)
        diagnosis = diagnose(run)
        for item in advice(run, diagnosis):
            if item.overrides:
                config = changed(run, item)
                targets.append((diagnosis.verdict, item.name, name, Target(config, out / config.folder_name)))
    bring_up_to_date([target for *_, target in targets])
    factors: dict[tuple[str, str], list[float]] = {}
    for verdict, kind, name, target in targets:
        before, after = share_of_trivial(folders[name]), share_of_trivial(target.folder)
        factors.setdefault((verdict, kind), []).append(
            after / before if math.isfinite(before) else float(after == before)
        )
    for (verdict, kind), found in sorted(factors.items()):
        lower = sum(factor < 1 for factor in found)
        print(
            f"{verdict:20}{kind:16} lower in {lower:2} of {len(found):2}, median factor {statistics.median(found):.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="30,31,32,33,34")
    parser.add_argument("--out", type=Path, help="keep the runs there")
    parser.add_argument("--oracle", action="store_true", help="and the excess over the best of eight remedies; minutes")
    parser.add_argument("--follow", action="store_true", help="and what following the advice brings; minutes")
    given = parser.parse_args()
    from regx.evidence.run import read_run
    from regx.studies.diagnosis.judgement import verdict_of
    from regx.studies.diagnosis.question import diagnose

    settings = dict(SETTINGS)
    if not os.environ.get("REGX_DATA_DIR"):
        settings = {name: setting for name, setting in settings.items() if setting.dataset["name"] != "diabetes"}
    with tempfile.TemporaryDirectory() as scratch:
        out = given.out or Path(scratch)
        out.mkdir(parents=True, exist_ok=True)
        seeds = [int(seed) for seed in given.seeds.split(",")]
        folders = train(settings, seeds, out)
        runs, networks = [], []
        for name, setting in settings.items():
            diagnosis = diagnose(read_run(folders[name]))
            runs.append((setting.label, diagnosis.verdict))
            networks += [(setting.label, verdict_of(seed)) for seed in diagnosis.seeds]
            wrong = "" if setting.label == diagnosis.verdict else f"   <- {diagnosis.verdict}"
            print(f"{name:24}{setting.label:20}{setting.why}{wrong}")
        if given.oracle:
            print_oracle(settings, seeds, out)
        if given.follow:
            print_followed(folders, out)
    for what, pairs in (("runs", runs), ("single networks", networks)):
        right = sum(label == verdict for label, verdict in pairs)
        print(f"\n{right} of {len(pairs)} {what} get the verdict that their construction says.\n\n{table(pairs)}")


if __name__ == "__main__":
    main()
