"""The noises: means and spreads of what they draw, which networks share draws, and dropout worked by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import LEVELS, Streams
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import (
    DropConnect,
    Dropout,
    GaussianDropout,
    GroupDropout,
    InputNoise,
    StochasticDepth,
    WeightNoise,
)
from tests.engine.populations import TASKS, assert_same_bits, dataset, population
from tests.oracles.test_gradients import STANDING_STILL, assert_gradient

UNITS, SAMPLES = 40, 500
FLOAT64 = np.dtype("float64")


def begun(
    settings: Sequence[Regularizer], seeds: Sequence[int] | None = None, depth: int = 1
) -> tuple[Regularizer, Site]:
    """One network for each setting, of the same seed unless told; at the first hidden layer."""
    replicas = len(settings)
    member = type(settings[0]).of_population(settings, FLOAT64)
    site = Site(
        streams=Streams(seeds or [3] * replicas, member.kind), task="regression", epochs=1, depth=depth, weights=(),
        is_weight=np.ones(1), is_trained=np.ones(1), scratch=np.empty((replicas, 1)), lr=np.ones((replicas, 1)),
    )  # fmt: skip
    member.begin(site, np.zeros((replicas, 1)))
    return member, site


def factors(setting: Regularizer, hook: str, seed: int = 0) -> Array:
    """What a multiplicative noise multiplies with, (UNITS, SAMPLES); as does its pullback."""
    member, site = begun([setting], [seed])
    value, pullback = getattr(member, hook)(np.ones((1, UNITS, SAMPLES)), site)
    np.testing.assert_array_equal(pullback(np.full(value.shape, 2.0)), 2 * value)
    return value[0]


def bernoulli_variance(p: float) -> float:
    """Of a mask that is 1/(1 - p) with probability 1 - p, else 0: 1/(1 - p) - 1."""
    return p / (1 - p)


@pytest.mark.parametrize("p", [0.05, 0.3, 0.5, 0.9])
@pytest.mark.parametrize(
    ("kind", "hook", "group"),
    [
        (Dropout, "on_hidden", 1),
        (GroupDropout, "on_hidden", 4),
        (GaussianDropout, "on_hidden", 1),
        (DropConnect, "on_weight", 1),
        (StochasticDepth, "on_branch", UNITS),
    ],
)
def test_multiplicative_noise_has_mean_one_and_the_variance_of_dropout(
    kind: Callable[..., Regularizer], hook: str, group: int, p: float
) -> None:
    drawn = np.concatenate([factors(kind(p=p), hook, seed)[::group].ravel() for seed in range(40)])
    spread = drawn.std() / np.sqrt(drawn.size)
    assert abs(drawn.mean() - 1) < 5 * spread
    fourth = np.mean((drawn - drawn.mean()) ** 4)
    assert abs(drawn.var() - bernoulli_variance(p)) < 5 * np.sqrt((fourth - drawn.var() ** 2) / drawn.size)
    if kind is not GaussianDropout:
        assert set(np.unique(drawn)) == {0.0, LEVELS / (LEVELS - round(p * LEVELS))}


def test_the_expectation_is_exact() -> None:
    """Over all 2^16 values of the random bits the mask has mean 1, whatever p is rounded to."""
    for p in (1e-9, 0.1, 1 / 3, 0.999, 1 - 1e-9):
        _, site = begun([Dropout(p=p)])
        kept = np.arange(LEVELS) >= int(site.state["drop"][0, 0, 0])
        assert (kept * site.state["scale"][0, 0, 0]).mean() == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("kind", [WeightNoise, InputNoise])
def test_additive_noise_has_mean_zero_and_standard_deviation_sigma(kind: Callable[..., Regularizer]) -> None:
    sigmas = (0.0, 0.2, 1.5)
    member, site = begun([kind(sigma=sigma) for sigma in sigmas])
    given = np.random.default_rng(0).standard_normal((3, UNITS, SAMPLES))
    before = given.copy()
    if kind is WeightNoise:
        value, pullback = member.on_weight(given, site)
        np.testing.assert_array_equal(pullback(before), before)
    else:
        targets = np.ones((3, 1, SAMPLES))
        value, y = member.on_batch(given, targets, site)
        assert y is targets
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(value[0], given[0])
    n = UNITS * SAMPLES
    for sigma, noise in zip(sigmas, value - given, strict=True):
        assert abs(noise.mean()) <= 5 * sigma / np.sqrt(n)
        assert abs(noise.std() - sigma) <= 5 * sigma / np.sqrt(2 * n)
    np.testing.assert_allclose((value - given)[2] / 1.5, (value - given)[1] / 0.2, atol=1e-12)  # the same draws


def test_dropout_as_worked_in_lesson_002() -> None:
    # h = [0.8, -0.3, 1.2, 0.5, -0.9], p = 0.4, mask 1 0 1 1 0. What is kept is divided by 1 - p = 0.6:
    # 0.8/0.6 = 1.333, 1.2/0.6 = 2, 0.5/0.6 = 0.833.
    member, site = begun([Dropout(p=0.4)])
    mask = np.array([1, 0, 1, 1, 0])
    drop = round(0.4 * LEVELS)
    site.streams.bits = lambda shape: np.where(mask, drop, drop - 1).astype(np.uint16).reshape(1, *shape)  # type: ignore[method-assign]
    h = np.array([0.8, -0.3, 1.2, 0.5, -0.9]).reshape(1, 5, 1)
    value, pullback = member.on_hidden(h, site)
    assert np.round(value[0, :, 0], 3).tolist() == [1.333, 0, 2, 0.833, 0]
    np.testing.assert_allclose(pullback(np.ones((1, 5, 1)))[0, :, 0], mask / 0.6, rtol=2e-5)


def test_dropout_of_inputs_has_a_rate_of_its_own_and_does_not_write_into_them() -> None:
    member, site = begun([Dropout(p=0.0, input=p) for p in (0.0, 0.2, 0.7)])
    x, y = np.ones((3, UNITS, SAMPLES)), np.ones((3, 1, SAMPLES))
    dropped, targets = member.on_batch(x, y, site)
    assert (x == 1).all()
    assert targets is y
    for p, row in zip((0.0, 0.2, 0.7), dropped, strict=True):
        assert abs((row == 0).mean() - p) <= 5 * np.sqrt(p * (1 - p) / row.size)
        np.testing.assert_allclose(row[row > 0], 1 / (1 - p), rtol=1e-4)


@pytest.mark.parametrize(
    ("p", "rate", "hooks"),
    [(0.0, 0.0, set()), (0.1, 0.0, {"on_hidden"}), (0.0, 0.1, {"on_batch"}), (0.1, 0.1, {"on_batch", "on_hidden"})],
)
def test_dropout_hooks_in_only_where_it_drops(p: float, rate: float, hooks: set[str]) -> None:
    alone = Dropout(p=p, input=rate)
    assert set(alone.hooks()) == hooks
    assert set(Dropout.of_population([alone, Dropout(p=0.0)], FLOAT64).hooks()) == hooks


@pytest.mark.parametrize(("units", "size"), [(12, 4), (10, 4), (3, 8), (5, 1)])
def test_groups_are_dropped_together(units: int, size: int) -> None:
    member, site = begun([GroupDropout(p=0.5, size=size)])
    value, _ = member.on_hidden(np.ones((1, units, 200)), site)
    blocks = [value[0, start : start + size] for start in range(0, units, size)]
    assert blocks[-1].shape[0] == (units % size or size)
    for block in blocks:
        assert (block == block[0]).all()
        assert 0 < (block[0] == 0).mean() < 1
    assert len({(block[0] == 0).tobytes() for block in blocks}) == len(blocks), "blocks are dropped independently"


def test_groups_of_one_are_dropout() -> None:
    """The same bits, so the same masks, if the streams are the same."""
    of_dropout, of_groups = ({"stack": [member]} for member in (Dropout(p=0.3), GroupDropout(p=0.3, size=1)))
    hidden = []
    for arguments in (of_dropout, of_groups):
        state = State(population([1], **arguments))
        (site,) = state._sites.values()
        site.streams = Streams([1], "the same")
        state.train_epoch(1, True)
        hidden.append(state.values)
    np.testing.assert_array_equal(*hidden)


def test_the_rate_of_stochastic_depth_grows_linearly_with_depth() -> None:
    depth, p = 5, (0.0, 0.4, 0.9)
    member, site = begun([StochasticDepth(p=one) for one in p], depth=depth)
    for layer in range(depth):
        site.layer = layer
        value, _ = member.on_branch(np.ones((3, 2, 40_000)), site)
        assert (value[:, 0] == value[:, 1]).all(), "all units of a sample go together"
        for one, row in zip(p, value[:, 0], strict=True):
            expected = one * (layer + 1) / depth
            assert abs((row == 0).mean() - expected) <= 5 * np.sqrt(expected * (1 - expected) / row.size)
            np.testing.assert_allclose(row[row > 0], 1 / (1 - expected), rtol=2e-4)


def test_a_dropped_branch_leaves_its_input() -> None:
    """Where every branch is left out the blocks are the identity, and get no gradient."""
    architecture = Architecture((6, 6, 6), residual=True)
    state = State(population([0], [StochasticDepth(p=0.5)], SGD(lr=0.0), architecture=architecture))
    (site,) = state._sites.values()
    site.state["drop"][:] = LEVELS - 1
    site.streams.bits = lambda shape: np.zeros((1, *shape), np.uint16)  # type: ignore[method-assign]
    state.train_epoch(1, True)
    network = next(iter(state.training_step._networks.values()))
    for hidden in network.hidden[1:]:
        np.testing.assert_array_equal(hidden, network.hidden[0])
    gradient = state.layout.named(state.training_step.gradient[0])
    assert not gradient["1/weight"].any()
    assert not gradient["2/weight"].any()
    assert gradient["0/weight"].any()


def test_the_laws_hold_of_stochastic_depth_in_blocks() -> None:
    """Where it acts: neutral is absent, also beside an active network, and the gradient is that of the objective."""
    architecture = Architecture((4, 4, 4), "tanh", residual=True)
    members = [StochasticDepth(p=p) for p in (0.0, 0.5)]
    without, neutral, active = (
        train(population([2], stack, architecture=architecture, batch_size=7))[0]
        for stack in ([], [members[0]], [members[1]])
    )
    together = train(population([2, 2], [members], architecture=architecture, batch_size=7))
    for one, other in ((neutral, without), (together[0], without), (together[1], active)):
        assert_same_bits(one, other)
    assert not np.array_equal(active.weights["final/1/weight"], without.weights["final/1/weight"])
    seeds = [0, 0, 1]
    assert_gradient(population(seeds, [[*members, members[1]]], STANDING_STILL, architecture=architecture))


def test_stochastic_depth_does_nothing_without_blocks() -> None:
    without, stacked = (
        train(population([0], stack, architecture=Architecture((6, 5, 6), residual=True)))[0]
        for stack in ([], [StochasticDepth(p=0.9)])
    )
    assert_same_bits(stacked, without)


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("member", [DropConnect(p=0.5), WeightNoise(sigma=1.0)], ids=lambda one: one.kind)
def test_noise_on_weights_leaves_weights_and_biases(member: Regularizer, tied: bool) -> None:
    """A step of length 0 changes nothing; the loss of the step is that of other weights, anew in each step."""
    architecture = Architecture((6, 6), tied=tied)
    state = State(population([0], [member], SGD(lr=0.0), architecture=architecture, data=dataset("binary")))
    before = state.values.copy()
    losses = [state.train_epoch(epoch, True)[0][0] for epoch in range(1, 5)]
    np.testing.assert_array_equal(state.values, before)
    plain = state.evaluator.metrics()["train_loss"][0]
    assert len({*losses, plain}) == 5


@pytest.mark.parametrize("p", [0.3, 0.5])
def test_dropconnect_leaves_the_gradient_of_what_it_drops_at_zero(p: float) -> None:
    data = dataset("regression", features=12)
    state = State(
        population([0], [DropConnect(p=p)], SGD(lr=0.0), architecture=Architecture((200,), "tanh"), data=data)
    )
    state.train_epoch(1, True)
    gradient = state.layout.named(state.training_step.gradient[0])["1/weight"]
    assert abs((gradient == 0).mean() - p) < 5 * np.sqrt(p * (1 - p) / gradient.size)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("architecture", [Architecture((6, 5)), Architecture((6,), conv=(4,), kernel=2)])
def test_the_first_form_is_the_inverted_one_with_smaller_weights_behind_dropped_units(task, architecture):
    """h·m·W is (h·m/(1 - p))·((1 - p)·W): the same outputs, and gradients that differ by the factor of the weights."""
    p, q = 0.25, 0.5  # multiples of 2^-16
    data = dataset(task, shape=(2, 4, 3) if architecture.conv else None)
    forms = [Dropout(p=p, input=q, inverted=False), Dropout(p=p, input=q)]
    first, inverted = (
        State(population([0, 1], [form], SGD(lr=0.1), architecture=architecture, data=data)) for form in forms
    )
    weights = [tensor for name, tensor in first.layout.tensors.items() if name.endswith("weight")]
    factors = [1 - q] + [1 - p] * (len(weights) - 1)
    for tensor, factor in zip(weights, factors, strict=True):
        tensor.of(inverted.values)[...] *= factor
    rested, ordinary = first.evaluator.metrics(), inverted.evaluator.metrics()
    for name in ("train_loss", "val_loss", "test_loss"):
        np.testing.assert_allclose(rested[name], ordinary[name], rtol=1e-12)
    np.testing.assert_allclose(first.predict(data.val.x), inverted.predict(data.val.x), rtol=1e-12)
    (one, _), (other, _) = first.train_epoch(1, True), inverted.train_epoch(1, True)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    for tensor, factor in zip(weights, factors, strict=True):
        expected = tensor.of(inverted.training_step.gradient) * factor
        np.testing.assert_allclose(tensor.of(first.training_step.gradient), expected, rtol=1e-9, atol=1e-14)
