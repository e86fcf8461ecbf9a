"""What `regx recommend` is asked, and what it will therefore do."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.config.load import Seeds, config_of
from regx.core.errors import InputError
from regx.core.listener import Keeper
from regx.data.batching import steps_per_epoch
from regx.data.cells import read_cells
from regx.data.dataset import Dataset
from regx.data.table import TableSource
from regx.nn.layout import Layout
from regx.runner.networks import DEFAULT, Options, cores, train_networks
from regx.runner.plan import Trainee, dataset, estimated_seconds, forget_data
from regx.studies.recommendation.criteria import LOSS, Criterion, criterion
from regx.studies.recommendation.halving import rung_epochs, survivors
from regx.studies.recommendation.inspection import Inspection, inspect
from regx.studies.recommendation.judgement import FEWEST_SPLITS
from regx.studies.recommendation.ladder import (
    ADAPTIVE_RATES,
    COCKTAILS,
    LEARNING_RATES,
    LadderLane,
    candidates,
    is_uneven,
    ladder,
)
from regx.studies.recommendation.network import CANDIDATES, LONGER, OPTIMIZERS, SHARE, CandidateNetwork, of_images
from regx.studies.recommendation.network import SPLITS as TRIED_ON
from regx.studies.recommendation.words import NOTES

SPLITS = 20  # where seconds allow; from `ENOUGH_SPLITS` on time is rather spent on more lanes
# A gain of a third or more was found on 5 of 12 tables by 5 splits, on 8 by 10, on 10 by 15 and on 11 by 20.
ENOUGH_SPLITS = 15
FEWEST_ROWS = 40
MOST_ROWS = 10_000  # that are asked; of larger tables as many, drawn at random
MINUTES = 5.0
# Steps of the optimizer, enough for the plain network to learn its training rows by heart where it can.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 30, 2000
STEPS_OF_IMAGES = 1000  # whose networks take longer
FULL_BATCH_UP_TO, BATCH = 128, 64
EVALUATIONS = 50  # of a whole training
SECONDS_TO_MEASURE, TOGETHER = 0.02, 4  # of estimated work of each, and networks, by which the pace is measured
SKEWED = 6.0  # standard deviations from the mean that some number lies: then robust scaling is tried
OTHERS = 1.5  # times the candidates of each split alone: those that all splits together go on with are partly others


@dataclass(frozen=True)
class TableQuestion:
    """What is asked. Fields are the options of `regx recommend`. target: none of images, whose classes are known."""

    table: Path
    target: str | None
    overrides: tuple[str, ...] = ()
    seeds: Seeds = None
    minutes: float = MINUTES
    options: Options = DEFAULT
    metric: str = "loss"
    fit: bool = False


@dataclass(frozen=True)
class Plan:
    """What will be done. networks: those that are tried for all lanes to share, their seeds the splits.

    lengthen: whether more epochs may be tried, which the user has not set. pace: seconds for one that is estimated, by
    as many processes as will train. seconds: about what it takes.
    """

    networks: tuple[CandidateNetwork, ...]
    lengthen: bool
    inspection: Inspection
    lanes: tuple[LadderLane, ...]
    pace: float
    seconds: float
    notes: tuple[str, ...]
    criterion: Criterion = LOSS

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
    keys = _dataset_keys(question)
    notes: list[str] = []
    of_data = (*_only(question.overrides, "dataset."), *_only(question.overrides, "seeds="))
    first = config_of({"dataset": keys, "seeds": SPLITS}, str(question.table), of_data, question.seeds)
    source = first.dataset
    assert isinstance(source, TableSource)
    rows = len(source.table().y)
    if rows < FEWEST_ROWS:
        raise InputError(
            f"{question.table}: {rows} rows are too few to train, to choose and to judge on: expected {FEWEST_ROWS} or "
            "more. With so few a plain model by cross-validation is the better start."
        )
    if rows > MOST_ROWS and keys["name"] == "csv" and not _only(question.overrides, "dataset.rows="):
        notes.append(NOTES["some rows"].format(asked=MOST_ROWS, rows=rows))
        keys["rows"] = MOST_ROWS
        source = config_of({"dataset": keys}, str(question.table), of_data).dataset
        assert isinstance(source, TableSource)
    data = dataset(source, first.seeds[0])
    if not len(data.test.x):
        raise InputError("regx recommend judges by test loss: expected dataset.test_fraction above 0.")
    if not len(data.val.x):
        raise InputError("regx recommend chooses by validation loss: expected dataset.val_fraction above 0.")
    judged_by = criterion(question.metric, data.task)
    networks = _networks(question, keys, data, MOST_EPOCHS)
    lanes = ladder(data.task, is_uneven(source.table()), source.is_images)
    pace = _pace(networks[0].base) / processes(question)
    fewest = min(FEWEST_SPLITS, len(first.seeds))
    lengthen = not _only(question.overrides, "training.epochs")
    least = work(networks[0].base, lanes[:2], networks[0].rates, fewest) * pace
    if lengthen and least > 0.5 * question.minutes * 60:
        shorter = max(9, math.floor(0.5 * networks[0].base.training.epochs * question.minutes * 60 / least))
        if shorter < networks[0].base.training.epochs:
            epochs = networks[0].base.training.epochs
            notes.append(NOTES["fewer epochs"].format(minutes=question.minutes, shorter=shorter, epochs=epochs))
            networks = _networks(question, keys, data, shorter)
    parameters = Layout(data.shape, networks[0].base.architecture, data.train.y.shape[1]).size
    # Which network will be chosen is not known: the one in the middle.
    likely = networks[len(networks) // 2]
    seconds = sum(work(one.base, lanes[:1], one.rates, min(TRIED_ON, len(first.seeds))) for one in networks)
    seconds = min(seconds, SHARE * 60 * question.minutes / pace)  # larger ones are not tried then
    seconds += work(likely.base, lanes, likely.rates, len(first.seeds))
    return Plan(
        networks, lengthen, inspect(source, data, parameters), lanes, pace, min(seconds * pace, 60 * question.minutes),
        tuple(notes), judged_by,
    )  # fmt: skip


def longer(question: TableQuestion, network: CandidateNetwork) -> CandidateNetwork:
    """The same network, trained `LONGER` as long, with as many evaluations."""
    epochs = LONGER * network.base.training.epochs
    training = {**network.base.resolved["training"], "epochs": epochs, "eval_every": max(1, epochs // EVALUATIONS)}
    base = config_of({**network.base.resolved, "training": training}, str(question.table))
    return CandidateNetwork(network.name, base, network.rates)


def _dataset_keys(question: TableQuestion) -> dict[str, Any]:
    """The dataset of a config for the table, or for images. Raises InputError where it is neither, or has no target."""
    path, target = question.table, question.target
    if os.path.isdir(path) or path.suffix == ".npz":  # noqa: PTH112  # false where a name is too long, or a folder closed
        if target is not None:
            raise InputError(
                f"{path}: --target {target} is a column of a table, and the classes of images are the names of their "
                "folders, or y in an .npz file. Expected a CSV file, or images without --target."
            )
        return {"name": "images", "path": str(path)}
    # Where the error of a missing file is the user's own word for it, not a key of a config they have not written.
    if not os.path.isfile(path):  # noqa: PTH113
        raise InputError(
            f"{path}: no such table. Expected a CSV file with a header line, or images: a folder with a folder for "
            "each class, or an .npz file."
        )
    if target is None:
        columns = ", ".join(read_cells(path, fewest=0).names)
        raise InputError(f"--target: expected the column to predict, found none. Columns of {path}: {columns}.")
    return {"name": "csv", "path": str(path), "target": target}


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
    question: TableQuestion, keys: Mapping[str, Any], data: Dataset, most_epochs: int
) -> tuple[CandidateNetwork, ...]:
    """The networks that are tried: what the user has set is the same in all of them."""
    found: dict[str, CandidateNetwork] = {}
    for architecture, optimizer, schedule, scaling in CANDIDATES if data.images is None else of_images(data.shape):
        # Where no number lies much farther from the others than standard scaling leaves room for.
        if scaling == "robust" and not (np.abs(data.train.x) > SKEWED).any():
            continue
        own = {**keys, "scaling": scaling}
        base = _base(question, own, data, most_epochs, architecture, {**OPTIMIZERS[optimizer], "schedule": schedule})
        rates: tuple[float, ...] = ADAPTIVE_RATES if base.optimizer.adaptive else LEARNING_RATES
        if _only(question.overrides, "optimizer.lr="):
            rates = (float(base.resolved["optimizer"]["lr"]),)
        units = "-".join(map(str, base.architecture.hidden)) or "no"
        scaled = ", robust scaling" if getattr(base.dataset, "scaling", "") == "robust" else ""
        filters = "-".join(map(str, base.architecture.conv))
        convolution = f"convolutions of {filters} filters, " if filters else ""
        name = f"{convolution}{units} hidden units, {base.optimizer.kind}, {base.schedule.kind} schedule{scaled}"
        found.setdefault(name, CandidateNetwork(name, base, rates))
    return tuple(found.values())


def _base(
    question: TableQuestion, keys: Mapping[str, Any], data: Dataset, most_epochs: int, architecture: Mapping[str, Any],
    optimizer: Mapping[str, Any],
) -> Config:  # fmt: skip
    """A plain network for so many training rows, with the user's own settings on top."""
    rows = len(data.train.x)
    batch: int | str = "full" if rows <= FULL_BATCH_UP_TO else BATCH
    steps = steps_per_epoch(rows, batch)
    epochs = min(max(FEWEST_EPOCHS, (STEPS_OF_IMAGES if data.images else STEPS) // steps), most_epochs)

    def config(epochs: int) -> Config:
        mapping = {
            "dataset": dict(keys),
            "architecture": dict(architecture),
            "regularizers": [],
            "optimizer": {} if _only(question.overrides, "optimizer.name") else dict(optimizer),
            "training": {"epochs": epochs, "batch_size": batch, "eval_every": max(1, epochs // EVALUATIONS)},
            "seeds": SPLITS,
        }
        return config_of(mapping, str(question.table), question.overrides, question.seeds)

    found = config(epochs)
    # Epochs of the user's own are evaluated as often as others.
    return found if found.training.epochs == epochs else config(found.training.epochs)


def work(base: Config, lanes: Sequence[LadderLane], rates: Sequence[float], splits: int) -> float:
    """About the seconds of one core that tuning these lanes takes, by the engine's own estimate."""
    return sum(trainings(base, lane, rates) for lane in lanes) * splits * seconds_of(base)


def trainings(base: Config, lane: LadderLane, rates: Sequence[float]) -> float:
    """How many whole trainings the halving of a lane on one split comes to."""
    rungs, whole = rung_epochs(base.training.epochs, base.training.eval_every), base.training.epochs
    if not lane.parts:
        return len(rates) * sum(rungs) / whole
    if lane.is_alone:
        size = len(candidates(lane, rates))
    else:
        size = COCKTAILS if lane.is_cocktail else 2 ** sum(bool(part.strengths) for part in lane.known)
    total = 0.0
    for number, epochs in enumerate(rungs):
        # After the first rung other candidates go on for all splits together than for each.
        total += epochs / whole * size * (OTHERS if number else 1)
        size = len(survivors(dict.fromkeys(range(size), 0.0), last=number == len(rungs) - 2))
    return total


def seconds_of(base: Config) -> float:
    """About the seconds of one core that training one network takes, by the engine's own estimate."""
    return estimated_seconds(base, dataset(base.dataset, base.seeds[0]))


def _pace(base: Config) -> float:
    """The seconds that one which is estimated takes here and now, by training a few networks a little."""
    epochs = 1 + math.ceil(base.training.epochs * SECONDS_TO_MEASURE / seconds_of(base))
    took = []
    for each in (1, epochs, 1):  # the first time imports, and fills caches; what one epoch takes is mostly the frame
        training = {**base.resolved["training"], "epochs": each, "eval_every": min(base.training.eval_every, each)}
        short = config_of({**base.resolved, "training": training, "seeds": list(base.seeds)[:TOGETHER]}, "the table")
        begun = time.perf_counter()
        train_networks([short], [Trainee(0, seed) for seed in short.seeds], Keeper(), Options(1))
        took.append(time.perf_counter() - begun)
    estimated = len(short.seeds) * seconds_of(base) * (epochs - 1) / base.training.epochs
    return max(took[1] - took[2], 0.1 * took[1]) / estimated


def processes(question: TableQuestion) -> int:
    """How many train: as asked, else one for each processor that this process may use."""
    if isinstance(question.options.jobs, int):
        return question.options.jobs
    return cores()
