"""Small populations and datasets, for the tests of the engine and for its oracles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from regx.core.images import Images
from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.core.trained import Trained
from regx.data.dataset import Dataset, Split
from regx.engine.population import Population
from regx.nn.architecture import Architecture, Training
from regx.optim import SGD, Constant, Optimizer, Schedule

TASKS = ("regression", "binary", "multiclass")


def dataset(
    task: str, draw: int = 0, n: tuple[int, int, int] = (20, 8, 9), features: int = 3, k: int = 3,
    shape: tuple[int, int, int] | None = None,
) -> Dataset:  # fmt: skip
    """A noisy draw with something to learn. n: rows of the three splits; k: outputs of a regression, or classes.

    shape: of images, whose pixels are standardised by other numbers in every draw; in place of `features`.
    """
    features = math.prod(shape) if shape else features
    rng = stream(draw, "test data")
    x = rng.standard_normal((sum(n), features))
    scores = np.sin(x @ rng.standard_normal((features, k))) + 0.3 * rng.standard_normal((sum(n), k))
    y = {
        "regression": scores,
        "binary": (scores[:, :1] > 0).astype(float),
        "multiclass": np.eye(k)[scores.argmax(axis=1)],
    }[task]
    train, val, test = (Split(*rows) for rows in zip(*(np.split(a, np.cumsum(n)[:-1]) for a in (x, y)), strict=True))
    images = None
    if shape:
        mean = tuple(0.4 + 0.1 * draw / (draw + 1) + 0.05 * channel for channel in range(shape[0]))
        images = Images(shape, mean, tuple(0.2 + each / 10 for each in mean))
    return Dataset(task, train, val, test, tuple(f"x{i}" for i in range(features)), "y", images=images)


def fitted(data: Dataset, members: Sequence[Regularizer], seed: int) -> Dataset:
    """The dataset with the rows that `on_data` members make of its training split, as the runner prepares it."""
    x, y = data.train.x, data.train.y
    for member in members:
        x, y = member.on_data(x, y, data.task, stream(seed, member.kind))
    return replace(data, fitted=Split(x, y))


def population(
    seeds: Sequence[int] = (0,), stack: Sequence[Regularizer | Sequence[Regularizer]] = (),
    optimizer: Optimizer | Sequence[Optimizer] = SGD(lr=0.1), schedule: Schedule = Constant(),  # noqa: B008 - frozen
    architecture: Architecture = Architecture((6, 5)), data: Dataset | Sequence[Dataset] | None = None,  # noqa: B008
    dtype: str = "float64", **training: Any,
) -> Population:  # fmt: skip
    """Networks of these seeds. optimizer, data and each member of the stack: one for all networks, or one for each.

    What a stack makes of the training rows must have one shape, as in every population.
    """

    def each(one_or_all: Any) -> list[Any]:
        return list(one_or_all) if isinstance(one_or_all, Sequence) else [one_or_all] * len(seeds)

    def together(members: list[Any]) -> Any:
        return type(members[0]).of_population(members, np.dtype(dtype))

    datasets = each(dataset("regression") if data is None else data)
    makers = [each(member) for member in stack if "on_data" in each(member)[0].hooks()]
    if makers:
        own = zip(datasets, seeds, zip(*makers, strict=True), strict=True)
        datasets = [fitted(one, members, seed) for one, seed, members in own]
    used = list({id(one): one for one in datasets}.values())
    which = tuple([one is other for other in used].index(True) for one in datasets)
    return Population(
        architecture, Training(**{"epochs": 10, "dtype": dtype, **training}), together(each(optimizer)), schedule,
        tuple(together(each(member)) for member in stack), tuple(seeds), tuple(used), which,
    )  # fmt: skip


def assert_same_bits(one: Trained, other: Trained, weights: tuple[str, ...] = ("init", "reported", "final")) -> None:
    """The two networks are equal in every number, and ended in the same way."""
    assert (one.seed, one.status, one.divergence) == (other.seed, other.status, other.divergence)
    differing = [
        name
        for name in one.weights
        if name.startswith(weights) and not np.array_equal(one.weights[name], other.weights[name], equal_nan=True)
    ]
    differing += [
        name for name in one.metrics if not np.array_equal(one.metrics[name], other.metrics[name], equal_nan=True)
    ]
    assert not differing
    if "reported" in weights:
        for mine, others in ((one.reported, other.reported), (one.diagnostics, other.diagnostics)):
            timeless = [key for key in mine if not key.startswith("seconds")]
            assert mine.keys() == others.keys()
            assert np.array_equal([mine[key] for key in timeless], [others[key] for key in timeless], equal_nan=True)
        assert (one.reported_epoch, one.reported_because) == (other.reported_epoch, other.reported_because)
