"""What is trained in the benchmarks: data, networks, and how."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.data.dataset import Dataset, Split, Task
from regx.engine.population import Population
from regx.nn.architecture import Architecture, Training
from regx.optim import SGD, Adam, Constant
from regx.regularizers import L2, Dropout

F4 = np.dtype(np.float32)


@dataclass(frozen=True)
class Case:
    """Networks of one seed and one shape that differ in the strength of l2, or one network.

    lam: (R,). every: epochs between two evaluations. epochs: in a timed run; `full_epochs`: in the run of a user.
    """

    name: str
    data: Dataset
    hidden: tuple[int, ...]
    optimizer: str
    lr: float
    epochs: int
    full_epochs: int
    every: int
    lam: tuple[float, ...] = (0.0,)
    dropout: float = 0.0
    batch_size: int | None = None

    @property
    def widths(self) -> tuple[int, ...]:
        return (self.data.train.x.shape[1], *self.hidden, self.data.train.y.shape[1])

    def joined(self) -> tuple[Array, Array]:
        """The rows of training, validation and test split, one after the other."""
        splits = (self.data.train, self.data.val, self.data.test)
        x, y = (np.concatenate([getattr(split, name) for split in splits]).astype(F4) for name in "xy")
        return x, y

    def stops(self) -> list[int]:
        """Where each split ends in `joined`."""
        return np.cumsum([len(split.x) for split in (self.data.train, self.data.val, self.data.test)]).tolist()

    def batches(self) -> list[tuple[int, int]]:
        """Where each batch of an epoch begins and ends."""
        n = len(self.data.train.x)
        size = min(self.batch_size or n, n)
        return [(start, min(start + size, n)) for start in range(0, n, size)]

    def initial(self) -> list[tuple[Array, Array]]:
        """Weight (in, out) and bias (out,) of every layer: those with which regx begins."""
        layout = self.of_regx(slice(0, 1), 1, 1).layout()
        named = layout.named(layout.initial([0], F4)[0])
        return [(named[f"{layer}/weight"], named[f"{layer}/bias"]) for layer in range(len(self.hidden) + 1)]

    def of_regx(self, part: slice, epochs: int, every: int) -> Population:
        """The population of some of the networks."""
        lam = self.lam[part]
        kind: Any = {"adam": Adam, "sgd": SGD}[self.optimizer]
        stack = [L2.of_population([L2(lam=one) for one in lam], F4)] if any(self.lam) else []
        stack += [Dropout.of_population([Dropout(p=self.dropout)] * len(lam), F4)] if self.dropout else []
        return Population(
            Architecture(self.hidden), Training(epochs, self.batch_size, "float32", every),
            kind.of_population([kind(lr=self.lr)] * len(lam), F4), Constant(), tuple(stack), (0,) * len(lam),
            (self.data,), (0,) * len(lam),
        )  # fmt: skip


def _dataset(task: Task, x: Array, y: Array, n_train: int, n_val: int) -> Dataset:
    train, val, test = (
        Split(*rows) for rows in zip(*(np.split(a, [n_train, n_train + n_val]) for a in (x, y)), strict=True)
    )
    return Dataset(task, train, val, test, tuple(f"x{i}" for i in range(x.shape[1])), "y")


def sine() -> Dataset:
    """30 noisy points to train on, 30 to validate, 200 of the curve to test."""
    rng = stream(0, "data")
    x = np.concatenate([rng.uniform(-3, 3, 60), np.linspace(-3, 3, 200)])[:, None]
    y = np.sin(x)
    y[:60] += 0.3 * rng.standard_normal((60, 1))
    return _dataset("regression", x, y, 30, 30)


def diabetes() -> Dataset:
    """The Pima table, standardised, or where it is absent a synthetic one of its shape."""
    path = Path(os.environ.get("REGX_DATA_DIR", "")) / "diabetes.csv"
    rng = stream(0, "data")
    if os.environ.get("REGX_DATA_DIR") and path.is_file():
        table = np.loadtxt(path, delimiter=",", skiprows=0 if path.read_text()[0].isdigit() else 1)
        table = table[rng.permutation(len(table))]
        x, y = table[:, :8], table[:, 8:]
    else:
        x = rng.standard_normal((768, 8))
        y = (x @ rng.standard_normal((8, 1)) + 1.5 * rng.standard_normal((768, 1)) > 0).astype(float)
    return _dataset("binary", (x - x.mean(axis=0)) / x.std(axis=0), y, 460, 154)


def digits() -> Dataset:
    """The 8 x 8 digits of scikit-learn, pixels from 0 to 1."""
    from sklearn.datasets import load_digits

    table = load_digits()
    order = stream(0, "data").permutation(len(table.data))
    return _dataset("multiclass", table.data[order] / 16, np.eye(10)[table.target[order]], 1078, 359)


def cases(quick: bool) -> dict[str, Case]:
    """The four cases. quick: fewer epochs in a timed run."""
    part = 4 if quick else 1
    many = tuple(np.logspace(-5, -1, 64).tolist())
    return {
        case.name: case
        for case in (
            Case("sine, one network", sine(), (64, 64, 64), "adam", 0.003, 1200 // part, 3000, 10),
            Case("sine, 64 networks", sine(), (64, 64, 64), "adam", 0.003, 1200 // part, 3000, 10, lam=many),
            Case("diabetes", diabetes(), (64,), "sgd", 0.1, 2000 // part, 2000, 10),
            Case("digits", digits(), (256, 256), "adam", 0.001, 20 // part, 60, 1, dropout=0.2, batch_size=64),
        )
    }
