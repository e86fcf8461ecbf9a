"""Sharpness-aware steps: both gradients on one batch with the same masks, and no trace of the first but the way."""

import numpy as np
import pytest

from regx.data.dataset import Dataset, Split
from regx.engine import state as engine_state
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import L2, ActivityPenalty, BatchNorm, Dropout, Mixup
from tests.engine.populations import assert_same_bits, dataset, population
from tests.engine.settings import PAIRS, name

BINARY = dataset("binary", 3)
IMAGES = dataset("binary", 3, shape=(3, 3, 3))


@pytest.mark.parametrize("pair", PAIRS, ids=name)
def test_a_tiny_radius_is_no_radius(pair):
    """With every regularizer: had the second pass other inputs, targets or masks, its gradient were another."""
    arguments = {
        "seeds": [1, 2], "data": IMAGES if pair[1].for_images else BINARY,
        "architecture": Architecture((6, 6), "tanh", residual=True),
        "batch_size": 7, "epochs": 5,
    }  # fmt: skip
    plain, tiny = (
        train(population(stack=[pair[1]], optimizer=SGD(lr=0.1, sam=sam), **arguments)) for sam in (0, 1e-11)
    )
    for one, other in zip(tiny, plain, strict=True):
        for column, values in one.metrics.items():
            np.testing.assert_allclose(values, other.metrics[column], rtol=1e-6, atol=1e-9, err_msg=column)
        for tensor, values in one.weights.items():
            np.testing.assert_allclose(values, other.weights[tensor], rtol=1e-6, atol=1e-7, err_msg=tensor)


def test_both_passes_see_the_same_masks_and_each_step_those_of_a_run_without(monkeypatch):
    """Also when the radius is large, and after a network has left."""
    stack = [Mixup(alpha=1.0), Dropout(p=0.3, input=0.2)]

    def drawn(sam):
        bits: dict[str, list[np.ndarray]] = {}

        class Recorded(engine_state.Streams):
            def __init__(self, seeds, purpose):
                super().__init__(seeds, purpose)
                self.own = bits.setdefault(purpose, [])

            def bits(self, shape):
                drawn = super().bits(shape)
                self.own.append(np.array(drawn))
                return drawn

        with monkeypatch.context() as patch:
            patch.setattr(engine_state, "Streams", Recorded)
            rates = [SGD(lr=0.1, sam=sam), SGD(lr=1e200, sam=sam), SGD(lr=0.1, sam=sam)]
            networks = train(population([5, 6, 7], stack, rates, data=dataset("regression"), batch_size=8, epochs=6))
        assert [one.status for one in networks] == ["completed", "diverged", "completed"]
        return bits

    without, with_it = drawn(0.0), drawn(0.5)
    assert len(without["mixup"]) == len(with_it["mixup"]) > 0
    # A step of 3: one mask of the inputs, drawn once, and one of each hidden layer, seen by both passes.
    seen, masks = with_it["dropout"], without["dropout"]
    assert len(masks) % 3 == 0
    expected = []
    for step in range(0, len(masks), 3):
        inputs, first, second = masks[step : step + 3]
        expected += [inputs, first, second, first, second]
    assert len(seen) == len(expected)
    # Who diverged may leave an epoch sooner with a radius; the first and the last network stay.
    assert all(np.array_equal(one[[0, -1]], other[[0, -1]]) for one, other in zip(seen, expected, strict=True))


@pytest.mark.parametrize("position", ["before", "after"])
def test_the_second_pass_leaves_no_trace_in_running_statistics(position):
    plain, sharp = (
        train(population([0, 1], [BatchNorm(position=position)], SGD(lr=0.1, sam=sam), epochs=1)) for sam in (0, 0.5)
    )
    for one, other in zip(sharp, plain, strict=True):
        running = [tensor for tensor in one.weights if "final" in tensor and "running" in tensor]
        assert len(running) == 4
        for tensor in running:
            assert np.array_equal(one.weights[tensor], other.weights[tensor])
            assert not np.array_equal(one.weights[tensor], one.weights[tensor.replace("final", "init")])
        assert not np.array_equal(one.weights["final/0/weight"], other.weights["final/0/weight"])


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_the_penalty_of_activations_is_that_of_the_first_pass(norm):
    plain, sharp = (
        train(population([0, 1], [ActivityPenalty(lam=0.1, norm=norm)], SGD(lr=0.1, sam=sam), epochs=2))
        for sam in (0, 0.5)
    )
    for one, other in zip(sharp, plain, strict=True):
        assert one.metrics["penalty"][1] == other.metrics["penalty"][1] > 0
        assert one.metrics["objective"][1] == other.metrics["objective"][1]
        assert one.metrics["penalty"][2] != other.metrics["penalty"][2]


def test_uphill_is_along_the_loss_and_penalties_are_taken_where_the_step_starts():
    """Worked by hand on a linear model with one weight and L2 of lam 2: rho 0.5, lr 0.1."""
    split = Split(np.array([[1.0], [-1.0]]), np.array([[1.0], [-1.0]]))
    data = Dataset("regression", split, split, split, ("x",), "y")
    state = State(population([0], [L2(lam=2.0)], SGD(lr=0.1, sam=0.5), architecture=Architecture(()), data=data))
    state.values[:] = [[3, 0]]
    objective, penalty = state.train_epoch(1, True)
    # Loss (w - 1)² + b² = 4, penalty 2/2·3² = 9; their sum is that of the weights before the step.
    np.testing.assert_allclose((objective[0], penalty[0]), (13, 9))
    # Gradient of the loss (2·(3 - 1), 0) = (4, 0), so uphill is (3.5, 0), with gradient (5, 0). L2 adds 2·3, not 2·3.5.
    np.testing.assert_allclose(state.training_step.gradient[0], [11, 0], atol=1e-15)
    np.testing.assert_allclose(state.values[0], [3 - 0.1 * 11, 0], atol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_gradient_of_zero_has_no_uphill(dtype):
    """Where all is zero the step stays there, beside a network that moves as it does alone."""
    x = dataset("regression").train.x
    zero = Split(x, np.zeros((len(x), 2)))
    flat = Dataset("regression", zero, zero, zero, (), "y")
    arguments = {"optimizer": SGD(lr=0.1, sam=5.0), "dtype": dtype}
    both = State(population([0, 1], data=flat, **arguments))
    alone = State(population([1], data=flat, **arguments))
    both.values[0] = 0
    for epoch in (1, 2, 3):
        for state in (both, alone):
            objective, _ = state.train_epoch(epoch, True)
            assert np.isfinite(objective).all()
        assert not both.values[0].any()
        np.testing.assert_array_equal(both.values[1], alone.values[0])
        assert np.isfinite(alone.values).all()


def test_a_radius_of_0_among_others_is_no_radius():
    """It takes the second gradient too, and at the same place."""
    stack = [Mixup(alpha=1.0), Dropout(p=0.3), BatchNorm(), ActivityPenalty(lam=0.01)]
    arguments = {"data": BINARY, "batch_size": 7, "dtype": "float32", "epochs": 4}
    together = train(population([3, 3, 4], stack, [SGD(lr=0.1, sam=sam) for sam in (0.0, 0.05, 0.5)], **arguments))
    assert_same_bits(together[0], train(population([3], stack, SGD(lr=0.1), **arguments))[0])
