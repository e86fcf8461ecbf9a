"""The gradient that training descends, against central differences of the objective that it records, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer
from regx.engine.population import Population
from regx.engine.state import State
from regx.nn.activations import ACTIVATIONS
from regx.nn.architecture import Architecture
from regx.optim import SGD
from tests.engine.populations import TASKS, dataset, population
from tests.engine.settings import PAIRS, is_layer, name

SEEDS = (0, 1, 4)
STEP = 1e-5

# Those whose gradient is that of what they record. The others change the gradient afterwards (clipping, noise), or act
# by a gradient and by a step both (elastic net).
DESCENDED = [
    pair
    for pair in PAIRS
    # What makes other rows makes others of every dataset, and has no gradient of its own.
    if pair[0].kind != "shake_drop"  # whose backward pass is another one on purpose
    and not {"on_gradient", "on_data"} & set(pair[0].hooks())
    and not {"add_gradient", "on_step"} <= set(pair[0].hooks())
]
STANDING_STILL = SGD(lr=0.0)  # a step leaves the parameters where they are


def objective_and_gradient(trained: Population, values: Array) -> tuple[Array, Array]:
    """What is minimised at these parameters, (R,), and its gradient as the optimizer gets it, (R, P).

    A new state each time: its streams begin anew, so every call sees the same masks. A penalty whose effect is a step
    of its own (proximal) is no part of the gradient and is taken off the objective.
    """
    state = State(trained)
    state.values[:] = values
    objective, penalty = state.train_epoch(1, True)
    if any("penalty" in member.hooks() and "add_gradient" not in member.hooks() for member in trained.stack):
        objective = objective - penalty
    return objective, state.training_step.gradient.copy()


def assert_gradient(trained: Population) -> None:
    """Every entry of the gradient of every network, at random parameters, biases included."""
    start = State(trained).values
    values = start + 0.3 * np.random.default_rng(0).standard_normal(start.shape)
    _, gradient = objective_and_gradient(trained, values)
    expected = np.empty_like(gradient)
    for parameter in range(values.shape[1]):
        step = np.zeros_like(values)
        step[:, parameter] = STEP
        after, _ = objective_and_gradient(trained, values + step)
        before, _ = objective_and_gradient(trained, values - step)
        expected[:, parameter] = (after - before) / (2 * STEP)
    assert (np.abs(expected).max(axis=1) > 1e-2).all(), "there is something to compare"
    np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("depth", range(4))
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_networks(activation: str, depth: int, task: str) -> None:
    """Three networks of different seeds and data at once."""
    assert_gradient(
        population(
            SEEDS, architecture=Architecture((3, 4, 3)[:depth], activation), data=[dataset(task, s) for s in SEEDS],
            optimizer=STANDING_STILL,
        )
    )  # fmt: skip


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("pair", DESCENDED, ids=name)
def test_regularizers(pair: tuple[Regularizer, Regularizer], task: str) -> None:
    """Every such regularizer, three networks of different strengths at once."""
    if pair[0].unusable(task, 8):
        task = "binary"
    settings = [pair[0], pair[1], pair[0]]
    shape = (3, 2, 2) if pair[0].for_images else None
    data = [dataset(task, seed, shape=shape) for seed in SEEDS]
    assert_gradient(population(SEEDS, [settings], STANDING_STILL, architecture=Architecture((4, 4), "tanh"), data=data))


def test_a_stack() -> None:
    """All regularizers whose gradient is of what is recorded, together, with one layer at most."""
    stack = {
        "layer" if is_layer(pair[0]) else pair[0].kind: list(pair)
        for pair in DESCENDED
        if "on_step" not in pair[0].hooks()
    }
    assert {"l1", "l2", "dropout"} <= set(stack)
    images = dataset("binary", shape=(3, 2, 2))  # and widths that the groups of a norm divide
    of = {"architecture": Architecture((6, 4)), "data": images}
    assert_gradient(population((0, 4), list(stack.values()), STANDING_STILL, **of))
