"""Configs to populations: networks that share one compute graph are trained together."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

import numpy as np

from regx.config.config import Config
from regx.core.errors import InputError
from regx.core.memory import shortage
from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.data.batching import steps_per_epoch
from regx.data.dataset import Dataset, Source, Split
from regx.data.weights import row_weights
from regx.engine.checkpoint import Checkpoint
from regx.engine.population import Population
from regx.metrics import columns
from regx.nn.layout import Layout

# Parameters, gradient, optimizer state and activations of a population should stay near the second-level cache: larger
# populations gain little from sharing calls, and lose more to memory.
WORKING_SET_BYTES = 4 << 20
MOST_NETWORKS = 16

# What one core does with small matrix products, and what a step and a call cost besides; for estimates only.
FLOPS = 4e10
SECONDS_PER_STEP = 2e-5
# Networks that one job has, up to which it matters that another job has one more; and seconds of a step, from which
# networks take as long alone as together.
FEW_NETWORKS, SECONDS_ALONE = 4, 1e-4

Pictured = Literal["run", "race", None]
# What is kept of a training for its pictures: snapshots of one network.
PICTURES, PICTURES_BYTES = 40, 4 << 20
MOST_FEATURES_PICTURED = 2


@dataclass(frozen=True)
class Trainee:
    """One network to be trained: the number of its config, and its seed."""

    config: int
    seed: int


@dataclass(frozen=True)
class Work:
    """One population and whose networks it holds, in their order."""

    trainees: tuple[Trainee, ...]
    population: Population
    begun: Checkpoint | None = None  # from where it goes on
    until: int | None = None  # the epoch after which another process goes on with it


Resumed = Mapping[tuple[Trainee, ...], Checkpoint]  # of populations that go on, by their trainees, in their order


def plan(
    configs: Sequence[Config], trainees: Sequence[Trainee], jobs: int, peek: bool = False,
    resumed: Resumed | None = None, in_halves: bool = False,
) -> Iterator[Work]:  # fmt: skip
    """Cut the networks into populations, config by config, so that a config is finished before the next is begun.

    Lazily, since the data of a population is loaded when its turn comes. Every job has as many populations as the
    others, of about as many networks. peek: the test split takes the place of the validation split.
    resumed: populations that are not cut anew; they come first.
    in_halves: networks that are left over where each job has as many as the others may be trained in two halves, the
    first before all else and the second, which is whoever's that has time, behind it: five on two cores take the time
    of two and a half.
    """
    for number in dict.fromkeys(trainee.config for trainee in trainees):
        check_memory(configs[number], dataset(configs[number].dataset, configs[number].seeds[0]))
    going_on: set[Trainee] = set()
    for part, checkpoint in (resumed or {}).items():
        going_on |= set(part)
        yield Work(part, _population(configs, part, peek), checkpoint)
    groups: dict[tuple[Any, ...], list[Trainee]] = {}
    for trainee in trainees:
        if trainee not in going_on:
            groups.setdefault(_graph(configs[trainee.config], trainee.seed, peek), []).append(trainee)
    for group in groups.values():
        first = configs[group[0].config]
        data = dataset(first.dataset, group[0].seed)
        size = networks_per_population(first, data)
        half = first.training.epochs // 2 // first.training.eval_every * first.training.eval_every
        left_over = _left_over(first, data, len(group), jobs) if in_halves and half and len(groups) == 1 else 0
        for trainee in group[:left_over]:
            yield Work((trainee,), _population(configs, (trainee,), peek), until=half)
        group = group[left_over:]
        populations = -(-len(group) // size)
        size = -(-len(group) // (populations + -populations % jobs))
        for start in range(0, len(group), size):
            part = tuple(group[start : start + size])
            yield Work(part, _population(configs, part, peek))


def _left_over(config: Config, data: Dataset, networks: int, jobs: int) -> int:
    """How many of the networks are to be trained in halves, since it is worth it."""
    steps = config.training.epochs * steps_per_epoch(len(data.train.x), config.training.batch_size)
    is_alone = estimated_seconds(config, data) / steps > SECONDS_ALONE
    few = jobs < networks <= FEW_NETWORKS * jobs and 2 * (networks % jobs) <= jobs
    return networks % jobs if is_alone and few else 0


@lru_cache(maxsize=64)
def dataset(source: Source, seed: int) -> Dataset:
    """The dataset of a source and seed, kept for the populations that follow.  Raises InputError if it is too large."""
    try:
        return source.load(seed)
    except (MemoryError, OverflowError) as error:
        raise InputError(f"dataset: expected data that fits in memory, found a {source.kind} that does not") from error


@cache
def fingerprint(source: Source) -> str:
    """The fingerprint of a source's data, read once for all cells of a sweep."""
    return source.fingerprint()


def forget_data() -> None:
    """Read data anew from here on: between two calls from Python a table may have changed."""
    for remembered in (dataset, fitted, fingerprint, _facts):
        remembered.cache_clear()


def check_memory(config: Config, data: Dataset) -> None:
    """Raises InputError if training one network of a config would need more memory than the machine has."""
    network = 2 * _bytes_per_network(config, data)  # twice: evaluation and what is saved take as much again
    metrics = 8 * len(columns(data.task)) * (config.training.epochs // config.training.eval_every + 2)
    if short := shortage(network + metrics):
        what, remedy = "metrics that fit", "Make training.epochs smaller, or training.eval_every larger"
        if network > metrics:
            conv = "architecture.conv or training.batch_size" if config.architecture.conv else ""
            what, remedy = "a network that fits", f"Make {conv or 'architecture.hidden or the table'} smaller"
        raise InputError(f"{config.name}: expected {what} in memory, found {short}. {remedy}.")


def clipped(config: Config) -> list[str]:
    """That the config's batches are larger than its training split, if they are."""
    if (size := config.training.batch_size) is None:
        return []
    data = _data(config, config.seeds[0])
    n = len((data.fitted or data.train).x)
    if size <= n:
        return []
    return [f"training.batch_size is {size}, and there are {n} training rows: every step takes all of them, as `full`."]


def _bytes_per_network(config: Config, data: Dataset) -> int:
    """What the inner loop of one network reads and writes."""
    layout = Layout(data.shape, config.architecture, data.train.y.shape[1], config.stack)
    batch = min(config.training.batch_size or len(data.train.x), len(data.train.x))
    arrays = 3 + config.optimizer.slots()  # parameters, gradient, scratch, and what the optimizer remembers
    numbers = arrays * layout.size + batch * layout.values_per_sample
    return int(numbers * np.dtype(config.training.dtype).itemsize)


@lru_cache(maxsize=64)
def fitted(source: Source, stack: tuple[Regularizer, ...], seed: int) -> Dataset:
    """The dataset with the rows that a stack's `on_data` members make of the training split, if it has any."""
    data = dataset(source, seed)
    x, y = data.train.x, data.train.y
    if stack and data.train.weight is not None:
        raise InputError(
            f"regularizers.{stack[0].kind}: the rows that it makes have no weight in the column that dataset.weight "
            f"names: set regularizers.{stack[0].kind}=off, or dataset.weight=null"
        )
    for member in stack:
        x, y = member.on_data(x, y, data.task, stream(seed, member.kind))
    return dataclasses.replace(data, fitted=Split(x, y)) if stack else data


def _data(config: Config, seed: int) -> Dataset:
    return fitted(config.dataset, tuple(member for member in config.stack if "on_data" in member.hooks()), seed)


@cache
def _facts(source: Source, seed: int) -> tuple[str, tuple[tuple[int, ...], ...]]:
    """The task, and the shapes of x and y of each split. The columns of a table may differ by split, so by seed."""
    data = dataset(source, seed)
    return data.task, tuple(array.shape for split in (data.train, data.val, data.test) for array in (split.x, split.y))


def _graph(config: Config, seed: int, peek: bool) -> tuple[Any, ...]:
    """What networks must share to be trained in one population."""
    task, shapes = _facts(config.dataset, seed)
    n_val = shapes[4 if peek else 2][0]
    if (reason := config.schedule.unusable(n_val)) is not None:
        raise InputError(f"{config.name}: optimizer.schedule: {reason}")
    for regularizer in config.stack:
        if (reason := regularizer.unusable(task, n_val)) is not None:
            raise InputError(f"{config.name}: regularizers.{regularizer.kind}: {reason}")
        batch = min(config.training.batch_size or shapes[0][0], shapes[0][0])
        if batch < regularizer.least_batch:
            raise InputError(
                f"{config.name}: regularizers.{regularizer.kind}: it needs batches of {regularizer.least_batch} rows "
                f"or more, found {batch}: set training.batch_size to 32, or to full if there are few rows; with "
                f"one training row set regularizers.{regularizer.kind}=off"
            )
    data = _data(config, seed)
    row_weights(data, config.training.class_weight)  # raises what is wrong with it
    changed = data.fitted
    return (
        config.architecture,
        config.training,
        config.optimizer.static_key(),
        config.schedule,
        tuple(member.static_key() for member in config.stack),
        task,
        shapes,
        changed and changed.x.shape,
    )


def _population(configs: Sequence[Config], part: Sequence[Trainee], peek: bool) -> Population:
    own = [configs[trainee.config] for trainee in part]
    first = own[0]
    each = [_data(config, trainee.seed) for config, trainee in zip(own, part, strict=True)]
    unique = list({id(data): data for data in each}.values())
    numbers = {id(data): number for number, data in enumerate(unique)}
    dtype = np.dtype(first.training.dtype)
    return Population(
        architecture=first.architecture,
        training=first.training,
        optimizer=type(first.optimizer).of_population([config.optimizer for config in own], dtype),
        schedule=first.schedule,
        stack=tuple(
            type(member).of_population([config.stack[index] for config in own], dtype)
            for index, member in enumerate(first.stack)
        ),
        seeds=tuple(trainee.seed for trainee in part),
        datasets=tuple(unique),
        which=tuple(numbers[id(data)] for data in each),
        pictured=tuple(is_pictured(config, trainee.seed) for config, trainee in zip(own, part, strict=True)),
        peek=peek,
    )


def with_snapshots(config: Config, pictured: Pictured) -> Config:
    """The config with a number of snapshots, where it has none: as many as fit in a few megabytes, or 0.

    pictured: of a race there are pictures whatever the data are, of a run where they have one or two features.
    """
    if config.training.snapshots is not None:
        return config
    number = 0
    if pictured is not None:
        data = dataset(config.dataset, config.seeds[0])
        layout = Layout(data.shape, config.architecture, data.train.y.shape[1], config.stack)
        each = layout.size * np.dtype(config.training.dtype).itemsize
        if pictured == "race" or data.train.x.shape[1] <= MOST_FEATURES_PICTURED:
            number = min(PICTURES, PICTURES_BYTES // each)
    return dataclasses.replace(config, training=dataclasses.replace(config.training, snapshots=int(number)))


def is_pictured(config: Config, seed: int) -> bool:
    """Whether snapshots are taken of this network."""
    return bool(config.training.snapshots) and seed == config.seeds[0]


def networks_per_population(config: Config, data: Dataset) -> int:
    """How many networks of a config are trained at once so that their working set stays near the cache."""
    return max(1, min(MOST_NETWORKS, WORKING_SET_BYTES // _bytes_per_network(config, data)))


def estimated_seconds(config: Config, data: Dataset) -> float:
    """About how long one core trains one network of a config. For choosing, never for promising."""
    layout = Layout(data.shape, config.architecture, data.train.y.shape[1])
    n, training = len(data.train.x), config.training
    steps = training.epochs * steps_per_epoch(n, training.batch_size)
    evaluated = (n + len(data.val.x) + len(data.test.x)) * training.epochs / training.eval_every
    return (2 * layout.products * (3 * n * training.epochs + evaluated)) / FLOPS + steps * SECONDS_PER_STEP
