"""What `regx recommend` is asked, and what it will therefore do."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.load import Seeds, config_of
from regx.core.errors import InputError
from regx.data.table import TableSource
from regx.nn.layout import Layout
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset, estimated_seconds, forget_data
from regx.studies.recommendation.halving import rung_epochs, survivors
from regx.studies.recommendation.inspection import Inspection, inspect
from regx.studies.recommendation.judgement import FEWEST_SPLITS
from regx.studies.recommendation.ladder import (
    ADAPTIVE_RATES,
    LADDER,
    LEARNING_RATES,
    SMALL,
    STRENGTHS,
    LadderLane,
    alone,
)
from regx.studies.recommendation.network import CANDIDATES, LONGER, OPTIMIZERS, CandidateNetwork

SPLITS = 10
FEWEST_ROWS = 40
MINUTES = 5.0
# Steps of the optimizer, enough for the plain network to learn its training rows by heart where it can.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 30, 2000
FULL_BATCH_UP_TO, BATCH, LARGE_TABLE, LARGE_BATCH = 128, 64, 10_000, 256
EVALUATIONS = 50  # of a whole training
SLACK = 2.0  # a first guess at how much longer training takes than estimated, until it is measured


@dataclass(frozen=True)
class TableQuestion:
    """What is asked. Fields are the options of `regx recommend`."""

    table: Path
    target: str
    overrides: tuple[str, ...] = ()
    seeds: Seeds = None
    minutes: float = MINUTES
    options: Options = DEFAULT


@dataclass(frozen=True)
class Plan:
    """What will be done. networks: those that are tried for all lanes to share, their seeds the splits.

    lengthen: whether more epochs may be tried, which the user has not set. seconds: about what it takes.
    """

    networks: tuple[CandidateNetwork, ...]
    lengthen: bool
    inspection: Inspection
    lanes: tuple[LadderLane, ...]
    seconds: float
    notes: tuple[str, ...]

    @property
    def base(self) -> Config:
        return self.networks[0].base

    @property
    def rates(self) -> tuple[float, ...]:
        return self.networks[0].rates


def planned(question: TableQuestion) -> Plan:
    """Look at the table and decide what to train. Raises InputError for a table that cannot be learned from."""
    forget_data()
    _check_overrides(question.overrides)
    dataset_keys = {"name": "csv", "path": str(question.table), "target": question.target}
    # Where the error of a missing file is the user's own word for it, not a key of a config they have not written.
    if not os.path.isfile(question.table):  # noqa: PTH113  # false where a name is too long, or a folder closed
        raise InputError(f"{question.table}: no such table. Expected a CSV file with a header line.")
    mapping = {"dataset": dataset_keys, "seeds": SPLITS}
    of_data = (*_only(question.overrides, "dataset."), *_only(question.overrides, "seeds="))
    first = config_of(mapping, str(question.table), of_data, question.seeds)
    source = first.dataset
    assert isinstance(source, TableSource)
    rows = len(source.table().y)
    if rows < FEWEST_ROWS:
        raise InputError(
            f"{question.table}: {rows} rows are too few to train, to choose and to judge on: expected {FEWEST_ROWS} or "
            "more. With so few a plain model by cross-validation is the better start."
        )
    data = dataset(source, first.seeds[0])
    if not len(data.test.x):
        raise InputError("regx recommend judges by test loss: expected dataset.test_fraction above 0.")
    if not len(data.val.x):
        raise InputError("regx recommend chooses by validation loss: expected dataset.val_fraction above 0.")
    networks = _networks(question, dataset_keys, len(data.train.x), MOST_EPOCHS)
    base, rates = networks[0].base, networks[0].rates
    notes: list[str] = []
    jobs = processes(question)
    seconds = estimate(base, LADDER, rates, len(base.seeds)) * SLACK / jobs
    least = estimate(base, LADDER, rates, min(FEWEST_SPLITS, len(base.seeds))) * SLACK / jobs
    if least > question.minutes * 60 and not _only(question.overrides, "training.epochs"):
        shorter = max(9, math.floor(base.training.epochs * question.minutes * 60 / least))
        if shorter < base.training.epochs:
            notes.append(
                f"{question.minutes:g} minutes are few for this table: networks train {shorter} epochs instead of "
                f"{base.training.epochs}."
            )
            networks = _networks(question, dataset_keys, len(data.train.x), shorter)
            base = networks[0].base
            seconds = estimate(base, LADDER, rates, len(base.seeds)) * SLACK / jobs
    parameters = Layout(data.shape, base.architecture, data.train.y.shape[1]).size
    lengthen = not _only(question.overrides, "training.epochs")
    return Plan(networks, lengthen, inspect(source, data, parameters), LADDER, seconds, tuple(notes))


def longer(question: TableQuestion, base: Config) -> Config:
    """The same network, trained `LONGER` as long, with as many evaluations."""
    epochs = LONGER * base.training.epochs
    training = {**base.resolved["training"], "epochs": epochs, "eval_every": max(1, epochs // EVALUATIONS)}
    return config_of({**base.resolved, "training": training}, str(question.table))


def _check_overrides(overrides: Sequence[str]) -> None:
    for key in ("regularizers", "lanes"):
        if _only(overrides, key):
            raise InputError(
                f"--set {_only(overrides, key)[0]}: `regx recommend` chooses the regularizers itself. Expected another "
                "key, such as architecture.hidden or dataset.task; to train a stack of your own, use `regx run`."
            )
    for key in ("dataset.name", "dataset.path", "dataset.target"):
        if _only(overrides, key):
            raise InputError(
                f"--set {_only(overrides, key)[0]}: expected the table as TABLE and its column to predict as --target."
            )


def _only(overrides: Sequence[str], prefix: str) -> tuple[str, ...]:
    return tuple(text for text in overrides if text.strip().startswith(prefix))


def _networks(
    question: TableQuestion, dataset_keys: Mapping[str, str], rows: int, most_epochs: int
) -> tuple[CandidateNetwork, ...]:
    """The networks that are tried: what the user has set is the same in all of them."""
    found: dict[str, CandidateNetwork] = {}
    for hidden, optimizer, schedule in CANDIDATES:
        base = _base(question, dataset_keys, rows, most_epochs, hidden, {**OPTIMIZERS[optimizer], "schedule": schedule})
        rates: tuple[float, ...] = LEARNING_RATES if base.optimizer.kind == "sgd" else ADAPTIVE_RATES
        if _only(question.overrides, "optimizer.lr="):
            rates = (float(base.resolved["optimizer"]["lr"]),)
        units = "-".join(map(str, base.architecture.hidden)) or "no"
        name = f"{units} hidden units, {base.optimizer.kind}, {base.schedule.kind} schedule"
        found.setdefault(name, CandidateNetwork(name, base, rates))
    return tuple(found.values())


def _base(
    question: TableQuestion, dataset_keys: Mapping[str, str], rows: int, most_epochs: int, hidden: Sequence[int],
    optimizer: Mapping[str, Any],
) -> Config:  # fmt: skip
    """A plain network for a table of so many training rows, with the user's own settings on top."""
    batch: int | str = "full" if rows <= FULL_BATCH_UP_TO else BATCH if rows < LARGE_TABLE else LARGE_BATCH
    steps = 1 if batch == "full" else math.ceil(rows / int(batch))
    epochs = min(max(FEWEST_EPOCHS, STEPS // steps), most_epochs)

    def config(epochs: int) -> Config:
        mapping = {
            "dataset": dict(dataset_keys),
            "architecture": {"hidden": list(hidden)},
            "regularizers": [],
            "optimizer": {} if _only(question.overrides, "optimizer.name") else dict(optimizer),
            "training": {"epochs": epochs, "batch_size": batch, "eval_every": max(1, epochs // EVALUATIONS)},
            "seeds": SPLITS,
        }
        return config_of(mapping, str(question.table), question.overrides, question.seeds)

    found = config(epochs)
    # Epochs of the user's own are evaluated as often as others.
    return found if found.training.epochs == epochs else config(found.training.epochs)


def estimate(base: Config, lanes: Sequence[LadderLane], rates: Sequence[float], splits: int) -> float:
    """About the seconds of one core that tuning these lanes takes, by the engine's own estimate."""
    rungs = rung_epochs(base.training.epochs, base.training.eval_every)
    epochs = 0.0
    for lane in lanes:
        if len(lane.kinds) > 1:
            pool: Mapping[int, float] = dict.fromkeys(range(2 ** sum(kind in STRENGTHS for kind in lane.kinds)), 0.0)
        else:
            pool = dict.fromkeys(range(len(alone(lane, tuple(rates)))), 0.0)
        for rung in rungs if lane.kinds or lane.name == SMALL else rungs[-1:]:
            epochs += len(pool) * rung
            pool = dict.fromkeys(survivors(pool), 0.0)
    return epochs / base.training.epochs * splits * seconds_of(base)


def seconds_of(base: Config) -> float:
    """About the seconds of one core that training one network takes, by the engine's own estimate."""
    return estimated_seconds(base, dataset(base.dataset, base.seeds[0]))


def processes(question: TableQuestion) -> int:
    """How many train: as asked, else one for each processor that this process may use."""
    if isinstance(question.options.jobs, int):
        return question.options.jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
