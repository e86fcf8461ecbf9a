"""The regularizers that control training itself: clipping, gradient noise and weight averaging."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import stream
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD, Adam
from regx.regularizers import (
    L1,
    L2,
    BatchNorm,
    ClipNorm,
    ClipValue,
    EarlyStopping,
    GradientNoise,
    WeightAverage,
    WeightDecay,
)
from tests.engine.populations import dataset, population

EXPONENTS = st.floats(-6, 6)  # of 10, for the size of a gradient and of a bound


def acting(
    *members: Regularizer, beside: tuple[Regularizer, ...] = (), dtype: str = "float64"
) -> tuple[State, Regularizer, Site]:
    """Networks in training, one for each of the members, of one kind; the member that acts on them, and its site."""
    state = State(population(range(len(members)), [list(members), *beside], SGD(lr=0.1), dtype=dtype))
    member = state.population.stack[0]
    return state, member, state._sites[member.kind]


def gradients(state: State, sizes: list[float]) -> Array:
    """Random gradients of these sizes, (R, P)."""
    return np.array(sizes)[:, None] * stream(0, "test gradients").standard_normal(state.values.shape)


# Clipping


@given(EXPONENTS, EXPONENTS)
def test_clip_norm_is_that_of_torch(torch: ModuleType, size: float, bound: float) -> None:
    """Every network by itself: of one the gradient is as long as the bound allows, of the other twice that."""
    bounds = [10**bound, 1e3 * 10**bound]
    state, member, site = acting(*(ClipNorm(max_norm=one) for one in bounds))
    gradient = gradients(state, [10**size, 2 * 10**bound])
    expected = []
    for row, largest in zip(gradient, bounds, strict=True):
        # In parts, as the parameters of a module are: the norm is over all of them.
        parameters = [torch.nn.Parameter(torch.zeros(len(part), dtype=torch.float64)) for part in np.split(row, [5, 9])]
        for parameter, part in zip(parameters, np.split(row, [5, 9]), strict=True):
            parameter.grad = torch.tensor(part)
        torch.nn.utils.clip_grad_norm_(parameters, largest)
        expected.append(np.concatenate([parameter.grad.numpy() for parameter in parameters]))
    values = state.values.copy()
    member.on_gradient(state.values, gradient, site)
    np.testing.assert_allclose(gradient, expected, rtol=1e-12)
    assert np.array_equal(values, state.values)


@given(EXPONENTS, EXPONENTS)
def test_clip_value_is_that_of_torch(torch: ModuleType, size: float, bound: float) -> None:
    bounds = [10**bound, 2 * 10**size]
    state, member, site = acting(*(ClipValue(clip_value=one) for one in bounds))
    gradient = gradients(state, [10**size, 10**size])
    expected = []
    for row, largest in zip(gradient, bounds, strict=True):
        parameter = torch.nn.Parameter(torch.zeros(len(row), dtype=torch.float64))
        parameter.grad = torch.tensor(row)
        torch.nn.utils.clip_grad_value_([parameter], largest)
        expected.append(parameter.grad.numpy())
    member.on_gradient(state.values, gradient, site)
    assert np.array_equal(gradient, expected)


def test_clipping_worked_by_hand() -> None:
    """The gradient (3, -4, 0, ...) has norm 5."""
    for member, expected, tolerance in (
        (ClipNorm(max_norm=1.0), (0.6, -0.8), 1e-6),  # PyTorch's 1e-6 makes it a little shorter
        (ClipNorm(max_norm=5.1), (3, -4), 0),
        (ClipValue(clip_value=3.5), (3, -3.5), 0),
        (ClipValue(clip_value=4.0), (3, -4), 0),
    ):
        state, member_there, site = acting(member)
        gradient = np.zeros_like(state.values)
        gradient[0, :2] = 3, -4
        member_there.on_gradient(state.values, gradient, site)
        np.testing.assert_allclose(gradient[0, :2], expected, rtol=tolerance)
        assert not gradient[0, 2:].any()


def test_what_is_clipped_is_the_gradient_of_loss_and_penalties() -> None:
    """With lr 0.1 and a gradient that is far too long, a step of SGD has length 0.1·max_norm."""
    state = State(population([0, 1], [L2(lam=100.0), ClipNorm(max_norm=0.5)], SGD(lr=0.1)))
    before = state.values.copy()
    state.train_epoch(1, True)
    np.testing.assert_allclose(np.linalg.norm(state.values - before, axis=1), 0.05, rtol=1e-5)


# Gradient noise


def test_gradient_noise_has_the_stated_variance() -> None:
    """σ² = eta/(1 + t)^gamma at t = 0, 1, 2, ..., in standard errors of a normal sample's mean and variance."""
    members = (GradientNoise(eta=0.3, gamma=0.55), GradientNoise(eta=4.0, gamma=1.0))
    state = State(population([0, 1], [list(members)], architecture=Architecture((200, 200))))
    member, site = state.population.stack[0], state._sites["gradient_noise"]
    draws = []
    for step in (1, 2, 100):
        site.step = step
        noise = np.zeros_like(state.values)
        member.on_gradient(state.values, noise, site)
        for row, one in zip(noise, members, strict=True):
            variance = one.eta / step**one.gamma
            assert abs(row.mean()) < 5 * np.sqrt(variance / row.size)
            assert abs(row.var() / variance - 1) < 5 * np.sqrt(2 / row.size)
        draws += list(noise)
    correlations = np.corrcoef(draws) - np.eye(len(draws))
    assert np.abs(correlations).max() < 5 / np.sqrt(state.values.shape[1]), "every step and seed has its own"


def test_gradient_noise_is_added_to_weights_and_biases_alone() -> None:
    state, member, site = acting(GradientNoise(eta=1.0), beside=(BatchNorm(),))
    site.step = 1
    gradient = np.ones_like(state.values)
    member.on_gradient(state.values, gradient, site)
    changed = {name: (array != 1).all() for name, array in state.layout.named(gradient[0]).items()}
    untouched = {name: (array == 1).all() for name, array in state.layout.named(gradient[0]).items()}
    for name in changed:
        dense = name.endswith(("/weight", "/bias"))
        assert changed[name] == dense, name
        assert untouched[name] != dense, name


# Weight averaging

EPOCHS, BATCHES = 8, 3


def trained(*members: WeightAverage) -> tuple[State, list[tuple[int, Array]]]:
    """Networks after training, and the epoch and their parameters after every step."""
    state = State(
        population(
            range(len(members)), [L1(lam=0.05), list(members)], Adam(lr=0.05), data=dataset("binary", n=(20, 8, 9)),
            epochs=EPOCHS, batch_size=8,
        )
    )  # fmt: skip
    steps: list[tuple[int, Array]] = []
    update = state.training_step._update

    def recorded(lr: Array, step: int) -> None:
        if step > 1:
            steps.append((epoch if state.step > (epoch - 1) * BATCHES + 1 else epoch - 1, state.values.copy()))
        update(lr, step)

    state.training_step._update = recorded
    for epoch in range(1, EPOCHS + 1):
        state.train_epoch(epoch, False)
    return state, [*steps, (EPOCHS, state.values.copy())]


def test_ema_is_the_weighted_mean_of_all_steps(torch: ModuleType) -> None:
    """Weights decay^age, scaled to a sum of 1: torch's average without the share of its first copy.

    The proximal step that stands before it in the stack has been made.
    """
    decays = (0.5, 0.99)
    state, steps = trained(*(WeightAverage(decay=decay) for decay in decays))
    assert len(steps) == EPOCHS * BATCHES
    reported, epochs, because = state.reported(EPOCHS)
    for row, decay in enumerate(decays):
        model = torch.nn.Linear(state.values.shape[1], 1, bias=False, dtype=torch.float64)
        average = torch.optim.swa_utils.AveragedModel(
            model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
        )
        for _, values in steps:
            model.weight.data[:] = torch.tensor(values[row])
            average.update_parameters(model)
        left = decay ** (len(steps) - 1)
        biased = average.module.weight.data.numpy()[0] - left * decay * steps[0][1][row]
        np.testing.assert_allclose(reported[row], biased / (1 - left * decay), rtol=1e-9, atol=1e-12)
    assert epochs.tolist() == [EPOCHS, EPOCHS]
    assert because == WeightAverage.reports


def test_ema_worked_by_hand() -> None:
    """After the steps w = 1, 2, 4 with decay 0.5: (1/8 + 2/4 + 4/2)/(1 - 1/8) = 2.625·8/7 = 3."""
    state, member, site = acting(WeightAverage(decay=0.5), WeightAverage(decay=0.0))
    for step, w in enumerate((1, 2, 4), start=1):
        site.epoch = site.step = step
        state.values[:] = w
        member.on_step(state.values, site)
    state.values[:] = 7
    assert member.on_finish(state.values, site) is None
    assert np.allclose(state.values[0], 3, rtol=1e-14)
    assert (state.values[1] == 4).all(), "with decay 0 the average is the last weights"


def test_swa_is_the_mean_of_the_last_steps() -> None:
    # Of 8 epochs: all; from epoch 5 on; from epoch 8 on (0.83·8 = 6.64); none, so the last weights.
    starts = {0.0: 1, 0.5: 5, 0.83: 8}
    state, steps = trained(*(WeightAverage(method="swa", start=start) for start in starts))
    reported, _, because = state.reported(EPOCHS)
    for row, first in enumerate(starts.values()):
        averaged = [values[row] for epoch, values in steps if epoch >= first]
        assert len(averaged) == (EPOCHS - first + 1) * BATCHES
        np.testing.assert_allclose(reported[row], np.mean(averaged, axis=0), rtol=1e-10, atol=1e-12)
    assert because == WeightAverage.reports


def test_the_average_is_what_is_reported() -> None:
    """Metrics of each epoch are those of training without it; the summary is that of the average."""
    arguments = {"seeds": [0, 1], "optimizer": SGD(lr=0.2), "batch_size": 6, "epochs": 12, "data": dataset("binary")}
    plain = train(population(**arguments))
    averaged = train(population(stack=[WeightAverage(method="swa", start=0.5)], **arguments))
    for one, other in zip(averaged, plain, strict=True):
        for column in one.metrics:
            assert np.array_equal(one.metrics[column], other.metrics[column], equal_nan=True)
        assert all(np.array_equal(one.weights[name], other.weights[name]) for name in one.weights if "final" in name)
        assert not np.array_equal(one.weights["reported/0/weight"], one.weights["final/0/weight"])
        assert one.reported["train_loss"] != other.reported["train_loss"]
        assert (one.reported_epoch, one.reported_because) == (12, WeightAverage.reports)


def test_a_network_that_stops_before_the_start_reports_its_last_weights() -> None:
    stack = [EarlyStopping(patience=1, min_delta=1e9), WeightAverage(method="swa", start=0.5)]
    (network,) = train(population([0], stack, SGD(lr=0.2), epochs=10))
    assert network.metrics["epoch"][-1] == network.reported_epoch == 1
    for name in ("0/weight", "1/bias"):
        assert np.array_equal(network.weights[f"reported/{name}"], network.weights[f"final/{name}"])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_hooks_keep_the_dtype(dtype: str) -> None:
    for member in (ClipNorm(), ClipValue(), GradientNoise(), WeightAverage(), WeightAverage(method="swa", start=0.0)):
        state, _, site = acting(member, dtype=dtype)
        state.train_epoch(1, True)
        arrays = [state.values, state.training_step.gradient, *site.state.values()]
        assert {array.dtype.name for array in arrays if array.ndim == 2} == {dtype}


@pytest.mark.parametrize("batch_size", [None, 7])
def test_statistics_of_an_average_are_measured_anew(batch_size: int | None) -> None:
    """Of all rows in one batch: mean and unbiased variance of what the first layer gives with the averaged weights."""
    data = dataset("binary", n=(22, 8, 9))
    stack = [BatchNorm(), WeightAverage(decay=0.9)]
    (network,) = train(population([0], stack, SGD(lr=0.5), data=data, batch_size=batch_size, epochs=20))
    z = data.train.x @ network.weights["reported/0/weight"] + network.weights["reported/0/bias"]
    tolerance = 1e-10 if batch_size is None else 0.3
    variance = z.var(axis=0, ddof=1)
    np.testing.assert_allclose(network.weights["reported/0/running_mean"], z.mean(axis=0), atol=tolerance)
    np.testing.assert_allclose(network.weights["reported/0/running_variance"] / variance, 1, atol=tolerance)
    assert not np.allclose(network.weights["final/0/running_variance"] / variance, 1, atol=1e-6)


def test_decay_that_spares_the_learning_rate() -> None:
    """(1 - lam)·w before the update, at any rate."""
    state, member, site = acting(WeightDecay(lam=0.1, scaled_by_lr=False), WeightDecay(lam=0.5, scaled_by_lr=False))
    before = state.values.copy()
    member.on_gradient(state.values, state.training_step.gradient, site)
    weights = state.evaluator.is_weight == 1
    np.testing.assert_allclose(state.values[:, weights], before[:, weights] * np.array([[0.9], [0.5]]), rtol=1e-12)
    assert np.array_equal(state.values[:, ~weights], before[:, ~weights])


def test_patience_is_counted_from_the_start_epoch() -> None:
    """A network that never improves stops after the start epoch and its patience."""
    stopping = [EarlyStopping(patience=2, min_delta=1e9, start_epoch=start) for start in (0, 5)]
    networks = train(population([0, 0], [stopping], SGD(lr=0.1), epochs=20))
    assert [network.metrics["epoch"][-1] for network in networks] == [2, 7]
