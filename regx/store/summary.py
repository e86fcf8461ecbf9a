"""summary.json: what the table needs of a run, so that a comparison reads neither metrics nor weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from regx.core.parameters import MISSING, parameters
from regx.core.trained import Trained
from regx.regularizers import REGISTRY
from regx.stats.aggregate import mean_interval
from regx.store.metrics import columns

if TYPE_CHECKING:
    import numpy as np


def seed_summary(trained: Trained, task: str) -> dict[str, Any]:
    """One network: how it ended, the reported epoch, and every metric there, with the digits of metrics.csv."""
    epochs = trained.metrics["epoch"].tolist()
    names = [name for name in columns(task) if name != "epoch"]
    return {
        "status": trained.status,
        "reported_epoch": int(trained.reported_epoch),
        "reported_because": trained.reported_because,
        "last_epoch": int(epochs[-1]),
        "metrics": {name: _number(trained.reported[name], trained.metrics[name].dtype) for name in names},
        "diagnostics": trained.diagnostics,
        "seconds": float(trained.seconds),
        "divergence": trained.divergence
        and {"epoch": int(trained.divergence.epoch), "tensor": trained.divergence.tensor},
        "parameters": sum(array.size for name, array in trained.weights.items() if name.startswith("reported/")),
    }


def summary(resolved: Mapping[str, Any], about: Mapping[str, Any], seeds: Mapping[str, Any]) -> dict[str, Any]:
    """The whole file from the resolved config, run.json's facts, and `seed_summary` of every finished seed."""
    completed = [seed for seed in seeds.values() if seed["status"] == "completed"]
    return {
        "name": resolved["name"],
        "task": about["task"],
        "stack": stack_text(resolved["regularizers"]),
        "dataset": resolved["dataset"]["name"],
        "data_fingerprint": about["data_fingerprint"],
        "peek": bool(about.get("peek", False)),
        "parameters": next((seed["parameters"] for seed in seeds.values()), None),
        "seeds": dict(sorted(seeds.items(), key=lambda item: int(item[0]))),
        "diverged": len(seeds) - len(completed),
        "over_seeds": {
            name: mean_interval([values(seed)[name] for seed in completed]) for name in aggregated(about["task"])
        },
    }


def aggregated(task: str) -> list[str]:
    """What is averaged over seeds: every metric at the reported epoch, the gap, that epoch, and the time."""
    return [*(name for name in columns(task) if name != "epoch"), "gap", "best_epoch", "seconds"]


def values(seed: Mapping[str, Any]) -> dict[str, float | None]:
    """One seed's values of all in `aggregated`. The gap is val_loss - train_loss: the test split is not looked at."""
    metrics = seed["metrics"]
    train, val = metrics["train_loss"], metrics["val_loss"]
    gap = None if train is None or val is None else val - train
    return {**metrics, "gap": gap, "best_epoch": seed["reported_epoch"], "seconds": seed["seconds"]}


def stack_text(regularizers: list[Mapping[str, Mapping[str, Any]]]) -> str:
    """The stack in short, such as `l2(0.003) + dropout(0.1)`: the first parameter, and others not at their default."""
    return " + ".join(_member_text(kind, given) for item in regularizers for kind, given in item.items()) or "none"


def _member_text(kind: str, given: Mapping[str, Any]) -> str:
    declared = parameters(REGISTRY[kind]) if kind in REGISTRY else {}
    words = []
    for position, (name, value) in enumerate(given.items()):
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        if position == 0:
            words.append(shown)
        elif value != (declared[name].default if name in declared else MISSING):
            words.append(f"{name}={shown}")
    return f"{kind}({', '.join(words)})" if words else kind


def _number(value: float, dtype: np.dtype[Any]) -> float:
    """A number with the digits that metrics.csv shows of a column of this type."""
    return float(f"{value:.9g}") if dtype.itemsize == 4 else value
