"""A typed config: everything that one training needs, and the plain mapping that repeats it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer
from regx.data import REGISTRY as DATASETS
from regx.data.dataset import Source
from regx.nn.architecture import Architecture, Training
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.optim.optimizer import Optimizer
from regx.optim.schedules import Schedule
from regx.regularizers import REGISTRY as REGULARIZERS


@dataclass(frozen=True)
class Config:
    """One config.

    resolved: the plain mapping with every default written out, in the long form; reading it gives this config again.
    """

    name: str
    dataset: Source
    architecture: Architecture
    stack: tuple[Regularizer, ...]
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    seeds: tuple[int, ...]
    resolved: dict[str, Any]

    def digest(self) -> str:
        """8 hex digits of the resolved config without its seeds: what the run folder is named by."""
        return digest({key: value for key, value in self.resolved.items() if key != "seeds"})

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.digest()}"


def digest(data: Any) -> str:
    """8 hex digits of the SHA-256 of plain data as canonical JSON."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def typed(model: BaseModel) -> Config:
    """The config of a validated model.  Raises InputError where a class refuses what its bounds permit."""
    data: Any = model
    dataset: Source = _instance(DATASETS[data.dataset.name], data.dataset)
    optimizer: Optimizer = _instance(OPTIMIZERS[data.optimizer.name], data.optimizer)
    schedule: Schedule = _instance(SCHEDULES[data.optimizer.schedule.name], data.optimizer.schedule)
    stack: list[Regularizer] = []
    for item in data.regularizers:
        ((kind, settings),) = item
        stack.append(_instance(REGULARIZERS[kind], settings))
    architecture: Architecture = _instance(Architecture, data.architecture)
    training: Training = _instance(Training, data.training)
    seeds = tuple(range(data.seeds)) if isinstance(data.seeds, int) else tuple(data.seeds)
    resolved = {
        "name": data.name,
        "dataset": {"name": dataset.kind, **settings_of(dataset)},
        "architecture": settings_of(architecture),
        "regularizers": [{regularizer.kind: settings_of(regularizer)} for regularizer in stack],
        "optimizer": {
            "name": optimizer.kind,
            **settings_of(optimizer),
            "schedule": {"name": schedule.kind, **settings_of(schedule)},
        },
        "training": settings_of(training),
        "seeds": list(seeds),
    }
    return Config(data.name, dataset, architecture, tuple(stack), optimizer, schedule, training, seeds, resolved)


def settings_of(component: Any) -> dict[str, Any]:
    """The values of a component's parameters, as a config has them."""
    declared = parameters(type(component))
    return {name: parameter.written(getattr(component, name)) for name, parameter in declared.items()}


def _instance(cls: type, settings: BaseModel) -> Any:
    def given(name: str) -> Any:
        value = getattr(settings, name)
        return value.model_dump() if isinstance(value, BaseModel) else value

    return cls(**{name: parameter.held(given(name)) for name, parameter in parameters(cls).items()})
