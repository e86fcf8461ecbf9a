"""summary.json: what the table needs of a run, so that a comparison reads neither metrics nor weights."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.parameters import MISSING, parameters
from regx.core.regularizer import CROSS_FITTED
from regx.core.trained import Trained
from regx.metrics import REGISTRY as METRICS
from regx.metrics import columns
from regx.metrics.metric import Metric
from regx.optim import REGISTRY as OPTIMIZERS
from regx.regularizers import REGISTRY
from regx.stats.aggregate import UNKNOWN, Interval, mean_interval
from regx.store.files import read_json
from regx.store.opened import damaged


def _said(key: str) -> Any:
    """What the file says under a key, as an attribute."""
    return property(lambda summary: summary.content[key])


@dataclass(frozen=True)
class NetworkSummary:
    """What summary.json says of one finished seed.

    status: `completed` or `diverged`; diverged_at: the epoch at which it stopped being finite. metrics, diagnostics: at
    the reported epoch, None where there is no such number. keeps_snapshots: whether the run has its snapshots.
    """

    status: str
    reported_epoch: int
    reported_because: str
    last_epoch: int
    metrics: Mapping[str, float | None]
    diagnostics: Mapping[str, Any]
    diverged_at: int | None
    keeps_snapshots: bool

    @property
    def completed(self) -> bool:
        return self.status == "completed"

    def judged(self, loss: str) -> float | None:
        """The loss by which the network is chosen among others: of one that stopped early the cross-fitted one."""
        found = self.diagnostics.get(CROSS_FITTED)
        return self.metrics.get(loss) if found is None else float(found)


class Summary(Mapping[str, Any]):
    """summary.json, as the mapping that it is, and by name what others build on.

    content: what `read_summary` read, or what `summary` made. dataset: its kind, such as `sine` or `csv`.
    """

    name: str = _said("name")
    task: str = _said("task")
    stack: str = _said("stack")
    dataset: str = _said("dataset")
    data_fingerprint: str = _said("data_fingerprint")

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content

    def __getitem__(self, key: str) -> Any:
        return self.content[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.content)

    def __len__(self) -> int:
        return len(self.content)

    @property
    def peek(self) -> bool:
        return bool(self.content.get("peek"))

    @property
    def parameters(self) -> int | None:
        """How many each network has; None where no seed is finished."""
        found = self.content.get("parameters")
        return None if found is None else int(found)

    @functools.cached_property
    def networks(self) -> dict[int, NetworkSummary]:
        """The finished seeds."""
        return {int(seed): _network(entry) for seed, entry in self.content["seeds"].items()}

    def over_seeds(self, metric: str) -> Interval:
        """A metric's mean over the completed seeds and its 95 % interval; of None where there is none.

        Inside of what the metric can be: those of version 0.1.0 went beyond.
        """
        found: Interval = self.content["over_seeds"].get(metric) or UNKNOWN
        return METRICS[metric].inside(found) if metric in METRICS else found


def _network(entry: Mapping[str, Any]) -> NetworkSummary:
    diverged = entry["status"] == "diverged"
    return NetworkSummary(
        status=str(entry["status"]),
        reported_epoch=int(entry.get("reported_epoch", entry["last_epoch"])),
        reported_because=str(entry.get("reported_because", "")),
        last_epoch=int(entry["last_epoch"]),
        metrics=entry["metrics"],
        diagnostics=entry.get("diagnostics") or {},
        diverged_at=(entry.get("divergence") or {}).get("epoch", entry["last_epoch"]) if diverged else None,
        keeps_snapshots="snapshots" in entry.get("sha256", {}),
    )


def read_summary(path: Path, config: Mapping[str, Any], sealed: bool = False) -> Summary:
    """summary.json of a run of this config, with what an earlier version did not measure as what is not known.

    Raises InputError naming the file if it is missing or damaged, or is of more epochs than the config.
    """
    summary = read_json(path, sealed)
    for seed, entry in summary["seeds"].items():
        last, most = entry["last_epoch"], config["training"]["epochs"]
        if not entry.get("reported_epoch", last) <= last <= most:
            reported = f"expected of seed {seed} a reported epoch, and behind it a last one of at most {most}"
            raise damaged(path, f"{reported}, found {entry.get('reported_epoch', last)} and {last}")
    for name in columns(summary["task"]):
        if name != "epoch":
            summary["over_seeds"].setdefault(name, UNKNOWN)
            for entry in summary["seeds"].values():
                entry["metrics"].setdefault(name, None)
    return Summary(summary)


def seed_summary(trained: Trained, task: str) -> dict[str, Any]:
    """One network: how it ended, the reported epoch, and every metric there, with the digits of metrics.csv."""
    epochs = trained.metrics["epoch"].tolist()
    reported = {name: trained.reported[name] for name in columns(task) if name != "epoch"}
    for name, value in reported.items():
        if trained.metrics[name].dtype.itemsize == 4:
            reported[name] = float(f"{value:.9g}")
    return {
        "status": trained.status,
        "reported_epoch": int(trained.reported_epoch),
        "reported_because": trained.reported_because,
        "last_epoch": int(epochs[-1]),
        "metrics": reported,
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
        "stack": stack_text(resolved),
        "dataset": resolved["dataset"]["name"],
        "data_fingerprint": about["data_fingerprint"],
        "peek": bool(about.get("peek", False)),
        "parameters": next((seed["parameters"] for seed in seeds.values()), None),
        "seeds": dict(sorted(seeds.items(), key=lambda item: int(item[0]))),
        "diverged": len(seeds) - len(completed),
        "over_seeds": {
            metric.name: over_seeds(metric, [value(metric, seed, resolved) for seed in completed])
            for metric in METRICS.values()
            if about["task"] in metric.tasks and (metric.each_epoch or metric.of_seed or metric.kept)
            if metric.name != "epoch"
        },
    }


def value(metric: Metric, seed: Mapping[str, Any], config: Mapping[str, Any]) -> float | None:
    """What a seed's entry in the summary, and the config, say of a metric; None where they do not say it."""
    return metric.value({"epochs": (config.get("training") or {}).get("epochs"), **seed})


def over_seeds(metric: Metric, values: Sequence[float | None]) -> Interval:
    """The mean of one value per seed, and its 95 % interval inside of what the metric can be, if it has one."""
    return metric.inside(mean_interval(values))


def stack_text(resolved: Mapping[str, Any]) -> str:
    """What regularizes, in short, such as `l2(0.003) + dropout(0.1) + sam(0.05)`, wherever the config says it.

    Of a member its first parameter, and others that are not at their default; then decay and SAM of the optimizer,
    label noise, residual connections and tied weights.
    """
    members = [_member_text(kind, given) for item in resolved["regularizers"] for kind, given in item.items()]
    others = [*in_optimizer(resolved).items(), *in_data_and_shape(resolved).items()]
    members += [name if value is True else f"{name}({value:g})" for name, value in others]
    return " + ".join(members) or "none"


def in_optimizer(resolved: Mapping[str, Any]) -> dict[str, float]:
    """The settings of a config's optimizer that regularize, such as `weight_decay` and `sam`, and their values."""
    given = resolved.get("optimizer") or {}
    kind = OPTIMIZERS.get(given.get("name", ""))
    declared = parameters(kind) if kind is not None else {}
    found = {name: given.get(name, one.neutral) for name, one in declared.items() if one.neutral is not None}
    return {name: value for name, value in found.items() if value != declared[name].neutral}


DATA_AND_SHAPE = {"label_noise": "dataset", "residual": "architecture", "tied": "architecture"}  # name: its section


def in_data_and_shape(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """What else regularizes without being in the stack: label noise, residual connections, tied weights."""
    found = {name: (resolved.get(section) or {}).get(name) for name, section in DATA_AND_SHAPE.items()}
    return {name: value for name, value in found.items() if value}


def _member_text(kind: str, given: Mapping[str, Any]) -> str:
    declared = parameters(REGISTRY[kind]) if kind in REGISTRY else {}
    words: list[str] = []
    for name, value in given.items():
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        if name == next(iter(given)) or value != (declared[name].default if name in declared else MISSING):
            words.append(f"{name}={shown}" if words else shown)
    return f"{kind}({', '.join(words)})" if words else kind
