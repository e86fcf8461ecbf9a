"""What is trained in the benchmarks of speed: data, networks, and how. Plain arrays, for scripts that know no regx."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = Any
F4 = np.dtype(np.float32)


@dataclass(frozen=True)
class Case:
    """R networks of one shape, as `regx run` or `regx sweep` would train them.

    config: what the user types. x: (S, n, D) and y: (S, n, K) of S datasets, training, validation and test rows one
    after the other, which end at `stops`; S is R or 1. initial: weight (R, in, out) and bias (R, out) of each layer, as
    regx has them. lam: (R,), of l2. epochs: of a timed run, `full_epochs` of a user's. every: epochs between
    evaluations.
    """

    name: str
    config: dict[str, Any]
    sweep: tuple[str, ...]
    task: str
    x: Array
    y: Array
    stops: tuple[int, ...]
    initial: list[tuple[Array, Array]]
    lam: tuple[float, ...]
    epochs: int

    @property
    def networks(self) -> int:
        return len(self.lam)

    @property
    def hidden(self) -> tuple[int, ...]:
        return tuple(self.config["architecture"]["hidden"])

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.x.shape[2], *self.hidden, self.y.shape[2])

    @property
    def filters(self) -> int:
        """Of the one convolution, 3 x 3 over an image of one channel, with relu and pooling by 2; 0 of none."""
        return sum(self.config["architecture"].get("conv", ()))

    @property
    def side(self) -> int:
        """Pixels on a side of the image."""
        return int(self.x.shape[2] ** 0.5)

    @property
    def optimizer(self) -> str:
        return self.config["optimizer"]["name"]

    @property
    def lr(self) -> float:
        return self.config["optimizer"]["lr"]

    @property
    def full_epochs(self) -> int:
        return self.config["training"]["epochs"]

    @property
    def every(self) -> int:
        return self.config["training"]["eval_every"]

    @property
    def batch_size(self) -> int | None:
        return self.config["training"].get("batch_size")

    @property
    def dropout(self) -> float:
        return self._member("dropout").get("p", 0.0)

    @property
    def batch_norm(self) -> bool:
        return any("batch_norm" in member for member in self.config["regularizers"])

    def _member(self, kind: str) -> dict[str, float]:
        return next((member[kind] for member in self.config["regularizers"] if kind in member), {})

    def batches(self) -> list[tuple[int, int]]:
        """Where each batch of an epoch begins and ends."""
        n = self.stops[0]
        size = min(self.batch_size or n, n)
        return [(start, min(start + size, n)) for start in range(0, n, size)]

    def write(self, folder: Path) -> list[str]:
        """What to type for it after `regx`, its config and table in `folder`."""
        path = folder / "case.yaml"
        path.write_text(json.dumps(self.config))  # which is YAML
        return ["sweep" if self.sweep else "run", str(path), *self.sweep, "--out", str(folder / "runs"), "--quiet"]


def of_config(name: str, config: dict[str, Any], epochs: int, lam: tuple[float, ...] = ()) -> Case:
    """A case of what one types: one network for each seed of the config, or for its one seed and each of `lam`."""
    from regx.config.load import load_config
    from regx.runner.plan import dataset

    loaded = load_config(config)
    seeds = [*loaded.seeds] * (len(lam) or 1)
    each = [dataset(loaded.dataset, seed) for seed in loaded.seeds]
    first = each[0]
    splits = [(data.train, data.val, data.test) for data in each]
    x, y = (
        np.stack([np.concatenate([getattr(one, what) for one in parts]) for parts in splits]).astype(F4)
        for what in "xy"
    )
    stops = np.cumsum([len(split.x) for split in splits[0]]).tolist()
    from regx.nn.layout import Layout

    layout = Layout(first.shape, loaded.architecture, y.shape[2], loaded.stack)
    values = layout.initial(seeds, F4)
    layers = [(tensor.of(values)[:, :-1].copy(), tensor.of(values)[:, -1].copy()) for tensor in layout.dense]
    sweep = ("--lam", ",".join(f"{one:.6g}" for one in lam)) if lam else ()
    return Case(name, config, sweep, first.task, x, y, tuple(stops), layers, lam or (0.0,) * len(seeds), epochs)


def sine(seeds: int, stack: list[Any], epochs: int) -> dict[str, Any]:
    return {
        "dataset": {"name": "sine"}, "architecture": {"hidden": [64, 64, 64]}, "regularizers": stack,
        "optimizer": {"name": "adam", "lr": 0.003}, "training": {"epochs": epochs, "eval_every": 10}, "seeds": seeds,
    }  # fmt: skip


def wide_table(folder: Path) -> Path:
    """10,000 rows to train on (of 16,667) and 50 columns, of which ten say something of the class."""
    path = folder / "wide.csv"
    if not path.exists():
        rng = np.random.default_rng(0)
        x = rng.standard_normal((16_667, 50))
        y = (x[:, :10].sum(axis=1) + 3 * rng.standard_normal(len(x)) > 0).astype(int)
        with path.open("w") as file:
            writer = csv.writer(file)
            writer.writerow([*(f"x{k}" for k in range(50)), "target"])
            writer.writerows([*(f"{v:.4f}" for v in row), label] for row, label in zip(x, y, strict=True))
    return path


def cases(names: list[str], folder: Path) -> list[Case]:
    """The cases of these names; all if there are none. folder: where tables are written."""
    makers = {
        "one": lambda: of_config("one", sine(1, [], 3000), 3000),
        "sine": lambda: of_config("sine", sine(20, [], 3000), 1000),
        "strengths": lambda: of_config(
            "strengths", sine(1, [{"l2": {"lam": 0.003}}], 3000), 600, tuple(np.logspace(-5, -1, 64).tolist())
        ),
        "diabetes": lambda: of_config(
            "diabetes",
            {
                "dataset": {"name": "diabetes"}, "architecture": {"hidden": [64]}, "regularizers": [],
                "optimizer": {"name": "sgd", "lr": 0.1}, "training": {"epochs": 3000, "eval_every": 10}, "seeds": 20,
            },
            1000,
        ),
        "digits": lambda: of_config(
            "digits",
            {
                "dataset": {"name": "digits"}, "architecture": {"hidden": [256, 256]},
                "regularizers": [{"dropout": {"p": 0.2}}], "optimizer": {"name": "adam", "lr": 0.001},
                "training": {"epochs": 60, "batch_size": 64, "eval_every": 1}, "seeds": 5,
            },
            15,
        ),
        "convolution": lambda: of_config(
            "convolution",
            {
                "dataset": {"name": "digits"}, "architecture": {"conv": [8], "kernel": 3, "pool": 2, "hidden": [64]},
                "regularizers": [], "optimizer": {"name": "adam", "lr": 0.001},
                "training": {"epochs": 60, "batch_size": 64, "eval_every": 1}, "seeds": 5,
            },
            8,
        ),
        "table": lambda: of_config(
            "table",
            {
                "dataset": {"name": "csv", "path": str(wide_table(folder)), "target": "target"},
                "architecture": {"hidden": [64, 64]}, "regularizers": [{"batch_norm": {}}],
                "optimizer": {"name": "adam", "lr": 0.001},
                "training": {"epochs": 20, "batch_size": 256, "eval_every": 1}, "seeds": 20,
            },
            8,
        ),
    }  # fmt: skip
    return [makers[name]() for name in names or makers]
