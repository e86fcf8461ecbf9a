"""Runs made of random numbers, so that tests of storing and comparing need no training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.trained import Divergence, Trained
from regx.metrics import REGISTRY, columns
from regx.report.row import Row
from regx.store.writer import RunWriter

ABOUT = {
    "task": "regression",
    "data_fingerprint": "ab" * 32,
    "digest": "1a2b3c4d",
    "peek": False,
    "command": ["regx", "run", "none.yaml"],
    "git_commit": None,
    "versions": {"regx": "0", "numpy": "0", "python": "0"},
}


def config(
    name: str = "none", stack: Sequence[dict[str, Any]] = (), seeds: Sequence[int] = (0, 1), **changes: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "dataset": {"name": "sine", "n_train": 30, "noise": 0.3},
        "architecture": {"hidden": [64, 64], "activation": "relu"},
        "regularizers": list(stack),
        "optimizer": {"name": "adam", "lr": 0.003},
        "training": {"epochs": 4, "batch_size": "full"},
        **changes,
        "seeds": list(seeds),
    }


def trained(
    seed: int,
    loss: float = 0.1,
    task: str = "regression",
    dtype: str = "float32",
    epochs: int = 4,
    diverged: bool = False,
) -> Trained:
    """A network whose test loss at its reported epoch, the last but one, is `loss`."""
    rng = np.random.default_rng(seed)
    names = columns(task)
    metrics = {name: rng.random(epochs + 1).astype(dtype) for name in names}
    metrics["epoch"] = np.arange(epochs + 1)
    metrics["objective"][0] = np.nan
    metrics["test_loss"][epochs - 1] = loss
    layers = {
        "0/weight": (2, 64), "0/bias": (64,), "1/weight": (64, 64), "1/bias": (64,),
        "2/weight": (64, 1), "2/bias": (1,),
    }  # fmt: skip
    weights = {
        f"{when}/{name}": rng.standard_normal(shape).astype(dtype)
        for when in ("init", "reported", "final")
        for name, shape in layers.items()
    }
    return Trained(
        seed=seed,
        status="diverged" if diverged else "completed",
        metrics=metrics,
        reported_epoch=epochs - 1,
        reported_because="least val_loss",
        reported={name: float(column[epochs - 1]) for name, column in metrics.items() if name != "epoch"},
        diagnostics={"dead_units": 0.25},
        weights=weights,
        seconds=0.5,
        divergence=Divergence(epochs, "0/weight") if diverged else None,
    )


def write_run(
    folder: Path,
    resolved: dict[str, Any],
    networks: Sequence[Trained],
    about: dict[str, Any],
    keep_finished: bool = True,
) -> None:
    """Add trained seeds to a folder that nobody writes into; see `RunWriter`."""
    with RunWriter(folder, resolved, about, keep_finished) as writer:
        writer.add(networks)


def store(
    folder: Path,
    losses: Sequence[float] = (0.1, 0.2),
    task: str = "regression",
    about: dict[str, Any] | None = None,
    **changes: Any,
) -> Path:
    """A finished run with these test losses at seeds 0, 1, ..."""
    networks = [trained(seed, loss, task) for seed, loss in enumerate(losses)]
    resolved = config(seeds=range(len(losses)), **{"name": folder.name, **changes})
    write_run(folder, resolved, networks, {**ABOUT, "task": task, **(about or {})})
    return folder


def row(name: str = "none", **changes: Any) -> Row:
    """A row of a comparison; a metric is an interval under its name."""
    measured = {key: item for key, item in changes.items() if key in REGISTRY}
    facts: dict[str, Any] = {
        "run": f"runs/{name}-1a2b3c4d", "name": name, "stack": "none", "group": "sine", "dataset": "sine",
        "task": "regression", "status": "completed", "seeds": 20, "diverged": 0, "missing_seeds": [], "peek": False,
    }  # fmt: skip
    return Row(**{**facts, "metrics": measured, **{key: changes[key] for key in changes.keys() - measured.keys()}})
