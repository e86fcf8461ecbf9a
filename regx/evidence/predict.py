"""What the networks of a run predict for new inputs."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.evidence.data import kept_private
from regx.evidence.run_folder import RunFolder
from regx.nn.layout import Layout
from regx.nn.losses import probabilities
from regx.nn.network import for_evaluation
from regx.store.files import CONFIG


def predict(run: RunFolder, x: Any, seed: int | None = None, masks: int = 0) -> Array:
    """The prediction of the reported weights for x, features as the network sees them (`regx data` writes them).

    x: (n, D). Returns (n, K): the number, the probability of class 1, or the probability of each class; the mean over
    the run's completed seeds, or that of one seed. masks: how many answers with the noise of training on each network
    gives, of which the mean is taken (Monte Carlo dropout); 0 for one answer at rest. Raises InputError for a seed that
    is not there, or other features.
    """
    seeds = chosen(run, seed)
    each = [_over_masks(run, x, one, masks) for one in seeds] if masks else predict_seeds(run, x, seeds)
    return np.asarray(np.mean(each, axis=0))


def _over_masks(run: RunFolder, x: Any, seed: int, masks: int) -> Array:
    """The mean over masks of one network, (n, K)."""
    from regx.data.dataset import Dataset, Split
    from regx.evidence.measured import asked

    config, network = run.typed, run.reported(seed)
    rows = _rows(run, x, network).astype(float)
    split = Split(rows, np.zeros((len(rows), len(network[f"{config.architecture.depth}/bias"]))))
    with kept_private(config):
        images = config.dataset.load(seed).images if config.architecture.conv else None
    task: Any = run.summary.task
    data = Dataset(task, split, split.rows(np.arange(0)), split, (), "", images=images)
    unweighted = dataclasses.replace(config, training=dataclasses.replace(config.training, class_weight=None))
    return np.asarray(asked(unweighted, seed, data, network).mean_over_masks("test", masks)[0].T)


def predict_seeds(run: RunFolder, x: Any, seeds: list[int]) -> Array:
    """The same for each of some completed seeds: (seeds, n, K)."""
    return _outputs(run, x, [run.reported(one) for one in seeds])


def predict_snapshots(run: RunFolder, x: Any) -> dict[int, Array]:
    """What the first seed predicted for x, (n, D), at each epoch that left a snapshot: (n, K) by epoch."""
    snapshots = run.snapshots
    return dict(zip(snapshots, _outputs(run, x, list(snapshots.values())), strict=True)) if snapshots else {}


def _outputs(run: RunFolder, x: Any, networks: list[dict[str, Array]]) -> Array:
    """(networks, n, K) from each network's parameters by `<layer>/<tensor>`."""
    if any(one[name].shape != array.shape for one in networks for name, array in networks[0].items()):
        raise InputError(
            f"{run.folder}: the seeds saw different features, so predict one at a time, with seed=..., or give "
            "raw rows as a DataFrame."
        )
    return outputs(run.typed, run.summary.task, networks, _rows(run, x, networks[0]))


def _rows(run: RunFolder, x: Any, network: Mapping[str, Array]) -> Array:
    """The inputs as an array (n, D) of what a network sees. Raises InputError for other features."""
    features, dtype = math.prod(input_shape(run.typed, network)), network["0/weight"].dtype
    try:
        rows = np.atleast_2d(np.asarray(x, dtype=dtype))
    except (TypeError, ValueError):
        raise InputError(f"x: expected numbers, (n, {features}), found {x!r}") from None
    if rows.ndim != 2 or rows.shape[1] != features:
        raise InputError(
            f"x: expected shape (n, {features}), a column for each feature the network sees, found {np.shape(x)}. "
            f"`regx data {run.folder / CONFIG} --seed {run.seeds[0]} --out DIR` writes them."
        )
    return rows


def outputs(config: Config, task: str, networks: Sequence[Mapping[str, Array]], x: Array) -> Array:
    """What networks of one config predict for x, (n, D): (networks, n, K).

    networks: of each, its parameters by `<layer>/<tensor>`.
    """
    from threadpoolctl import threadpool_limits

    architecture, first = config.architecture, networks[0]
    shape, dtype = input_shape(config, first), first["0/weight"].dtype
    features = math.prod(shape)
    stack = tuple(type(one).of_population([one] * len(networks), dtype) for one in config.stack)
    layout = Layout(shape, architecture, len(first[f"{architecture.depth}/bias"]), stack)
    values = np.stack([layout.flat(dict(named)) for named in networks])
    inputs = np.ones((len(networks), features + 1, len(x)), dtype)
    inputs[:, :features] = x.T
    network = for_evaluation(layout, values, inputs, stack, task)
    # As in training: on several threads small products are slower, and other in their last bit.
    with threadpool_limits(1):
        return np.asarray(probabilities(network.forward(network.into), task).swapaxes(1, 2))


def input_shape(config: Config, named: Mapping[str, Array]) -> tuple[int, ...]:
    """The shape of what a network of these parameters sees: (D,), or an image's (channels, height, width)."""
    if not config.architecture.conv:
        return (named["0/weight"].shape[0],)
    with kept_private(config):
        return config.dataset.load(config.seeds[0]).shape


def members(named: Mapping[str, Array]) -> list[dict[str, Array]]:
    """The networks over which a network's prediction is the mean: its snapshots that count, or itself alone."""
    weights = named.get("0/snapshots", np.empty(0))
    found = []
    for number in np.flatnonzero(weights) + 1:
        mark = f"/snapshot{number}_"
        found.append({name.replace(mark, "/"): array for name, array in named.items() if mark in name})
    return found or [{name: array for name, array in named.items() if "/snapshot" not in name}]


def chosen(run: RunFolder, seed: int | None) -> list[int]:
    """The completed seeds, or the one that is asked for. Raises InputError where there is none such."""
    completed = run.completed_seeds
    if seed is None and completed:
        return completed
    if seed in completed:
        return [seed]
    known = ", ".join(map(str, completed)) or "none"
    wanted = "a completed seed" if seed is None else f"seed {seed}"
    raise InputError(f"{run.folder}: expected {wanted}, found these completed: {known}")
