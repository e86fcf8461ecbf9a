"""Compiled kernels give the bits of NumPy, kernel by kernel and over whole trainings, and never stand in the way."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regx.core import compiling, kernels, loops
from regx.core.arrays import Array, over
from regx.core.streams import BLOCK_BYTES, Streams
from regx.engine.ahead import Ahead
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.nn.chain import Chain, in_one_call
from regx.nn.losses import binary_cross_entropy, loss_calls, softmax_cross_entropy
from regx.nn.stages import Activation, Dense, Weight
from regx.optim import SGD, Adam, AdamW, Optimizer, RMSprop, Step
from regx.regularizers import L2, BatchNorm, Dropout, EarlyStopping
from regx.regularizers.masks import drop, thresholds
from regx.regularizers.proximal import add_slope, shrink
from tests.engine.populations import assert_same_bits, dataset, population
from tests.engine.settings import PAIRS
from tests.engine.test_population import BINARY, RESIDUAL, stacked_populations

pytest.importorskip("numba")
PRECISIONS = [np.dtype(np.float32), np.dtype(np.float64)]
OPTIMIZERS: list[Optimizer] = [
    SGD(lr=0.1), SGD(lr=0.1, momentum=0.9), SGD(lr=0.1, momentum=0.9, nesterov=True), RMSprop(lr=0.01), Adam(lr=0.01),
    AdamW(lr=0.01, weight_decay=0.1),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled once for all processes of the tests, into a cache of their own."""
    cache = tmp_path_factory.getbasetemp().parent / "kernels"
    cache.mkdir(exist_ok=True)
    kernels.cached_at.cache_clear()
    with pytest.MonkeyPatch.context() as patch, (cache / "lock").open("w") as lock:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kernels.cached_at().is_file():
            compiling.compile_all()
        assert kernels.load()  # or an earlier test had, from another cache
        fcntl.flock(lock, fcntl.LOCK_UN)
        yield
    kernels.unload()
    kernels.cached_at.cache_clear()


def both(work: Callable[[], Any]) -> tuple[Any, Any]:
    """What NumPy makes of it, and what the compiled kernels do."""
    kernels.unload()
    with np.errstate(all="ignore"):
        expected = work()
        assert kernels.load()
        found = work()
        kernels.unload()
    return expected, found


def assert_same(expected: Mapping[str, Array], found: Mapping[str, Array]) -> None:
    """Every bit is, but for those of a NaN, which mean nothing."""
    for name, one in expected.items():
        other = found[name]
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(np.isnan(one), np.isnan(other), name)
        np.testing.assert_array_equal(np.signbit(one) & ~np.isnan(one), np.signbit(other) & ~np.isnan(other), name)
        np.testing.assert_array_equal(one, other, name)


def numbers(seed: int, shape: tuple[int, ...], precision: np.dtype[Any]) -> Array:
    """Ordinary numbers among signed zeros, infinities, NaN, subnormal ones and the largest."""
    rng, limits = np.random.default_rng(seed), np.finfo(precision)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, limits.smallest_subnormal, -limits.tiny / 3, limits.max, -1.0, 1.0]
    values = rng.standard_normal(shape) * 10.0 ** rng.integers(-9, 9, shape)
    with np.errstate(over="ignore"):
        return np.where(rng.random(shape) < 0.3, rng.choice(special, shape), values).astype(precision)


of_any_size = given(seed=st.integers(0, 1000), R=st.integers(1, 3), n=st.integers(1, 40), m=st.integers(1, 9))
in_both = pytest.mark.parametrize("precision", PRECISIONS, ids=str)
few = settings(max_examples=40)


@in_both
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda one: f"{one.kind}-{one.slots()}-{one.static_key()[-2]}")
@few
@of_any_size
def test_optimizers(optimizer: Optimizer, precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def steps() -> dict[str, Array]:
        values, gradient = (numbers(seed + k, (R, n), precision) for k in range(2))
        memory = [np.abs(numbers(seed + 2 + k, (R, n), precision)) for k in range(optimizer.slots())]
        of_all = type(optimizer).of_population([optimizer] * R, precision)
        is_weight = (np.arange(n) % 3 > 0).astype(precision)
        update = of_all.update(values, gradient, memory, np.empty_like(values), is_weight)
        for step in range(1, 4):
            update(over(of_all.lr, values), step)
        return {"values": values, **{f"memory {k}": array for k, array in enumerate(memory)}}

    assert_same(*both(steps))


@in_both
@few
@of_any_size
def test_penalties(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        values, gradient, lam = (numbers(seed + k, (R, n), precision) for k in range(3))
        add_slope(gradient, lam, values, np.empty_like(values))
        thresholds = np.where(np.isnan(lam), 0, np.abs(lam))
        shrink(values, thresholds)
        return {"gradient": gradient, "values": values}

    assert_same(*both(work))


@few
@given(seed=st.integers(0, 2**40), draws=st.lists(st.integers(1, 3 * BLOCK_BYTES), min_size=1, max_size=6))
def test_random_bits(seed: int, draws: list[int]) -> None:
    def work() -> dict[str, Array]:
        streams = Streams([seed, seed + 1, seed], "bits")
        found = {f"{number}": streams.bits((size,)).copy() for number, size in enumerate(draws)}
        return found | {"order, which NumPy draws from what is left": streams.permutation(9), **streams.saved()}

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_relu(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        z = numbers(seed, (R, n + 1, m), precision)
        evaluated = z.copy()
        (training,) = in_one_call([Activation("relu", z[:, :-1], True)], R, True)
        (evaluation,) = in_one_call([Activation("relu", evaluated[:, :-1], False)], R, False)
        training.forward(z[:, :-1])
        evaluation.forward(evaluated[:, :-1])
        gradient = training.pullback(numbers(seed + 1, (R, n, m), precision)).copy()
        return {"all of z, what lies between networks too": z, "evaluated": evaluated, "gradient": gradient}

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_dropout(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        h = numbers(seed, (R, n + 1, 20 * m), precision)
        bits = np.random.default_rng(seed).integers(0, 2**16, (R, (n + 2) * 20 * m), np.uint16)
        bits = bits[:, : n * 20 * m].reshape(R, n, 20 * m)
        least, scale = thresholds(np.linspace(0, 0.9, R, dtype=precision), precision)
        return {"mask": drop(h[:, :-1], bits, least, scale), "h": h}

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_one_output(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        arena, gradient = numbers(seed, (R, n + 3), precision), np.zeros((R, n + 3), precision)
        weight = Weight(arena[:, : n + 1, None], gradient[:, : n + 1, None], 1, False, ())
        inputs = np.ones((R, n + 1, m), precision)
        (dense,) = in_one_call(
            [Dense(weight, inputs, inputs[:, :-1], np.empty((R, 1, m), precision), False, True)], R, True
        )
        return {"back": dense.pullback(numbers(seed + 1, (R, 1, m), precision)).copy(), "gradient": gradient}

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_batch_norm(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        arena, gradients = numbers(seed, (R, 4 * n + 2), precision), np.zeros((R, 4 * n), precision)
        names = ("gain", "offset", "running_mean", "running_variance")
        own, back = ({name: a[:, k * n : k * n + n] for k, name in enumerate(names)} for a in (arena, gradients))
        found = {"arena": arena, "gradients": gradients}
        member = BatchNorm.of_population([BatchNorm()] * R, precision)
        for training in (True, False):
            stage: Any = member.stage(own, back if training else None, (R, n, 2, m))
            z = numbers(seed + 1, (R, 2 * n + 1, m), precision)
            stage.enters = z[:, :-1]
            (stage,) = in_one_call([stage], R, training)
            stage.forward(stage.enters)
            found[f"z {training}"] = z
            if training:
                found["gradient"] = stage.pullback(numbers(seed + 2, (R, 2 * n, m), precision)).copy()
        return found

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_cross_entropy(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    def work() -> dict[str, Array]:
        z, y = numbers(seed, (R, 1, n), precision), (numbers(seed + 1, (R, 1, n), precision) > 0).astype(precision)
        loss, gradient = binary_cross_entropy(z, y, True)
        rough, same_gradient = binary_cross_entropy(z, y, True, exact=False)
        assert gradient is not None
        assert same_gradient is not None
        assert_same({"gradient": gradient}, {"gradient": same_gradient})
        np.testing.assert_array_equal(np.isfinite(rough), np.isfinite(loss))
        return {"loss": loss, "gradient": gradient, "rough": rough}

    assert_same(*both(work))


@in_both
@few
@of_any_size
def test_softmax_cross_entropy(precision: Any, seed: int, R: int, n: int, m: int) -> None:
    z, largest = numbers(seed, (R, m + 1, n), precision), n + seed % 3
    y = np.abs(numbers(seed + 1, (R, m + 1, largest), precision))[:, :, :n]
    with np.errstate(all="ignore"):
        loss, gradient = softmax_cross_entropy(z, y, True)
        assert gradient is not None
        assert kernels.load()
        losses, into = np.empty((1, R, n), precision), np.empty_like(z)
        calls = loss_calls("multiclass", z, y, kernels.OfSteps(losses), into, exact=True)
        assert bool(calls) == (n > 1)
        if calls:
            kernels.Program(calls, R)()
            assert_same({"loss": loss, "gradient": gradient}, {"loss": losses[0], "gradient": into})


def test_a_step_with_dropout_is_one_call() -> None:
    for task, k, stack in (
        ("multiclass", 3, [Dropout(p=0.3)]),
        ("binary", 1, [Dropout(p=0.3, input=0.2), L2(lam=0.1)]),
    ):
        spec = population(range(3), stack, Adam(lr=0.01), data=dataset(task, k=k), batch_size=7, epochs=3)
        kernels.load()
        state = State(spec)
        state.train_epoch(1, False)
        assert all(isinstance(network.stages[0], Chain) for network in state.training_step._networks.values())
        if len(stack) == 1:
            assert any(ahead and ahead.calls for ahead in state.training_step._aheads.values())
        expected, found = both(lambda one=spec: train(one))  # type: ignore[misc]
        for one, other in zip(expected, found, strict=True):
            assert_same_bits(one, other)


def test_every_regularizer() -> None:
    for pair in PAIRS:
        first, second = pair[0], pair[0] if "on_data" in pair[0].hooks() else pair[1]
        arguments: dict[str, Any] = {"data": BINARY, "architecture": RESIDUAL, "dtype": "float32", "epochs": 2}
        together = population([0, 1], [[first, second]], Adam(lr=0.01), batch_size=8, **arguments)
        expected, found = both(lambda one=together: train(one))  # type: ignore[misc]
        for one, other in zip(expected, found, strict=True):
            assert_same_bits(one, other)


@given(stacked_populations())
@settings(max_examples=25)
def test_whole_trainings(arguments: dict[str, Any]) -> None:
    expected, found = both(lambda: train(population(**arguments)))
    for one, other in zip(expected, found, strict=True):
        assert_same_bits(one, other)


@in_both
@pytest.mark.parametrize("task", ["regression", "binary"])
def test_several_steps_in_one_call(task: str, precision: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # Some learning rates are too large: a network that diverges within the steps of a call stays as it is then.
    made: list[int] = []
    diverged: set[int] = set()

    def make(ahead: Ahead, steps: int, of: Callable[..., Array] = Ahead.make) -> Array:
        made.append(steps)
        return of(ahead, steps)

    monkeypatch.setattr(Ahead, "make", make)
    data = dataset(task, k=1)
    rates = [0.05, 0.6, 0.01, 1e6, 1.5]
    for kind in OPTIMIZERS:
        optimizers = [replace(kind, lr=lr if lr < 1 else lr * 1e12) for lr in rates]
        for stack in ((), (L2(lam=0.1), EarlyStopping(patience=4))):
            spec = population(
                range(5), stack, optimizers, schedule=Step(every=5), data=data, architecture=Architecture((6, 5)),
                dtype=str(precision), epochs=50, eval_every=7,
            )  # fmt: skip
            expected, found = both(lambda one=spec: train(one))  # type: ignore[misc]
            for one, other in zip(expected, found, strict=True):
                assert_same_bits(one, other)
            assert_same_bits(found[2], both(lambda one=spec: train(one.select(np.arange(5) == 2)))[1][0])  # type: ignore[misc]
            diverged |= {one.divergence.epoch % 7 for one in found if one.divergence}
    assert diverged & set(range(2, 6)), "within a call, neither in its first step nor in its last"
    assert set(made) == {1, 6}


def test_training_may_go_on_with_kernels() -> None:
    # Those of the second population alone are compiled: what has begun stays as it is.
    kernels.unload()
    expected = train(population(seeds=[0, 1], epochs=5))
    assert kernels.load()
    for one, other in zip(expected, train(population(seeds=[0, 1], epochs=5)), strict=True):
        assert_same_bits(one, other)
    kernels.unload()


def test_a_process_loads_what_is_compiled_once_enough_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_use() -> bool:
        return kernels.kernel_of_size(loops.nothing, PRECISIONS[0], 1, 1) is not None

    kernels.unload()
    kernels.use(kernels.WORTH_LOADING / 2)
    assert not in_use()
    monkeypatch.setenv("REGX_KERNELS", "off")
    kernels.use(kernels.WORTH_LOADING)
    assert not in_use()
    monkeypatch.delenv("REGX_KERNELS")
    kernels.use(0.0)
    assert in_use()
    kernels.unload()


def test_what_is_not_compiled_or_broken_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = kernels.cached_at()
    monkeypatch.setattr(kernels._Process, "functions", {})
    monkeypatch.setattr(kernels, "cached_at", lambda: tmp_path / "kernels.o")
    assert not kernels.load()
    (tmp_path / "kernels.o").write_bytes(whole.read_bytes()[:-1])
    assert not kernels.load()
