"""Every penalty under every optimizer: linear networks end where scikit-learn's exact solvers do, others where the
gradients of loss and penalty cancel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import Lasso, MultiTaskLasso, Ridge

from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.core.trained import Trained
from regx.data.dataset import Dataset, Split
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SGD, Adam, AdamW, Constant, Cosine, Optimizer, RMSprop, Schedule
from regx.regularizers import L1, L2, REGISTRY, ClipNorm, ElasticNet, GroupLasso, WeightDecay
from regx.regularizers.proximal import shrink_groups
from tests.engine.populations import assert_same_bits, dataset, population

N, FEATURES = 80, 6
OPTIMIZER = {
    "sgd": SGD(lr=0.1),
    "momentum": SGD(lr=0.02, momentum=0.9),
    "much momentum": SGD(lr=0.003, momentum=0.99),
    "nesterov": SGD(lr=0.02, momentum=0.9, nesterov=True),
    "rmsprop": RMSprop(lr=0.01),
    "adam": Adam(lr=0.005),
    "adamw": AdamW(lr=0.005, weight_decay=0.0),
}
ADAPTIVE = ("rmsprop", "adam", "adamw")

# By kind: the member, from an alpha of scikit-learn's, and the oracle, for K outputs. Ours is the mean over the outputs
# where theirs, but for MultiTaskLasso, takes each by itself.
PENALTIES: dict[str, tuple[Callable[[float, int], Regularizer], Callable[[float, int], Any]]] = {
    "l1": (lambda alpha, k: L1(lam=2 * alpha / k), lambda alpha, k: Lasso(alpha, tol=1e-12, max_iter=10**6)),
    "elastic_net": (
        lambda alpha, k: ElasticNet(lam=2 * alpha / k, l1_ratio=0.7),
        lambda alpha, k: SklearnElasticNet(alpha, l1_ratio=0.7, tol=1e-12, max_iter=10**6),
    ),
    "group_lasso": (
        lambda alpha, k: GroupLasso(lam=2 * alpha / k**1.5),
        lambda alpha, k: MultiTaskLasso(alpha, tol=1e-12, max_iter=10**6),
    ),
    "l2": (lambda alpha, k: L2(lam=2 * alpha / k), lambda alpha, k: Ridge(alpha * N)),
}


def test_every_penalty_of_the_weights_and_every_optimizer_is_compared() -> None:
    kinds = {kind for kind, cls in REGISTRY.items() if cls.penalty is not Regularizer.penalty}
    assert kinds == {*PENALTIES, "orthogonal"}  # whose problem is not convex: see `test_gradients`
    assert {one.kind for one in OPTIMIZER.values()} == set(OPTIMIZERS)


def regression(outputs: int) -> Dataset:
    """Correlated features, half of which the targets do not depend on, and an intercept."""
    rng = stream(3, "test data")
    x = rng.standard_normal((N, FEATURES)) + 0.3 * rng.standard_normal((N, 1))
    effect = np.zeros((FEATURES, outputs))
    effect[::2] = [[2.0], [-1.0], [0.6]] + 0.2 * rng.standard_normal((FEATURES // 2, outputs))
    split = Split(x, x @ effect + 0.5 + 0.5 * rng.standard_normal((N, outputs)))
    return Dataset("regression", split, split, split, tuple("abcdef"), "y")


def linear(
    data: Dataset, members: list[Regularizer], optimizer: Optimizer, clip: float | None = None, **more: Any
) -> list[Trained]:
    outputs = data.train.y.shape[1]
    if optimizer.kind == "sgd":  # the gradient is that of the mean over the outputs
        optimizer = replace(optimizer, lr=optimizer.lr * outputs)
    arguments = {"architecture": Architecture(()), "data": data, "epochs": 3000, "eval_every": 100, **more}
    stack: list[Any] = [members] if clip is None else [members, ClipNorm(max_norm=clip)]
    return train(population(range(len(members)), stack, optimizer, schedule(optimizer), **arguments))


def schedule(optimizer: Optimizer) -> Schedule:
    """RMSprop steps to and fro about a minimum at a constant rate."""
    return Cosine() if optimizer.kind == "rmsprop" else Constant()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("kind", PENALTIES)
@pytest.mark.parametrize("name", OPTIMIZER)
def test_linear_networks_end_where_the_exact_solvers_do(name: str, kind: str, outputs: int) -> None:
    """To 1e-3, with the same weights at exactly 0; and the objective has fallen to the least it can be."""
    member, solver = PENALTIES[kind]
    data, alphas = regression(outputs), (0.01, 0.2, 0.8)
    networks = linear(data, [member(alpha, outputs) for alpha in alphas], OPTIMIZER[name])
    for alpha, network in zip(alphas, networks, strict=True):
        y = data.train.y[:, 0] if outputs == 1 and kind != "group_lasso" else data.train.y
        oracle = solver(alpha, outputs).fit(data.train.x, y)
        weight, expected = network.weights["final/0/weight"].T, np.atleast_2d(oracle.coef_)
        np.testing.assert_allclose(weight, expected, atol=1e-3)
        assert np.array_equal(weight == 0, np.abs(expected) < 1e-12)
        assert kind == "l2" or alpha < 0.1 or (expected == 0).any()
        objective = network.metrics["objective"][1:]
        assert objective[-1] <= objective.min() * (1 + 1e-6) < network.metrics["train_loss"][0]


@pytest.mark.parametrize("layers", [(0,), (-1,)])
@pytest.mark.parametrize("kind", PENALTIES)
def test_the_only_layer_named_is_the_same_problem(kind: str, layers: tuple[int, ...]) -> None:
    member = PENALTIES[kind][0](0.2, 1)
    data, adam = regression(1), OPTIMIZER["adam"]
    (named,), (unnamed,) = (linear(data, [one], adam, epochs=50) for one in (replace(member, layers=layers), member))
    assert_same_bits(named, unnamed)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIMIZER)
def test_also_in_float32_in_batches_and_by_sam(name: str, dtype: str) -> None:
    """In batches the steps are noisy until the rate has fallen; what the exact solver drops is dropped all the same."""
    data, alpha = regression(1), 0.3
    oracle = Lasso(alpha, tol=1e-12, max_iter=10**6).fit(data.train.x, data.train.y[:, 0])
    for more in ({"batch_size": 20, "epochs": 2000}, {}):
        (network,) = linear(data, [L1(lam=2 * alpha)], OPTIMIZER[name], dtype=dtype, **more)
        weight = network.weights["final/0/weight"][:, 0]
        assert np.array_equal(weight == 0, oracle.coef_ == 0)
        np.testing.assert_allclose(weight, oracle.coef_, atol=0.02 if more else 1e-3)


@pytest.mark.parametrize("kind", ["l1", "elastic_net", "group_lasso"])
@pytest.mark.parametrize(("name", "tied"), [*((name, False) for name in OPTIMIZER), ("adam", True), ("nesterov", True)])
def test_deep_networks_end_where_the_gradients_cancel(name: str, kind: str, tied: bool) -> None:
    """The loss's gradient is minus the penalty's slope at what is not 0, and no greater than it can be at what is."""
    member = {
        "l1": L1(lam=0.02),
        "elastic_net": ElasticNet(lam=0.02, l1_ratio=0.5),
        "group_lasso": GroupLasso(lam=0.01),
    }[kind]
    data = dataset("regression", 2, n=(40, 9, 9))
    optimizer = OPTIMIZER[name]
    spec = population(
        [0, 1], [member], optimizer, schedule(optimizer), data=data,
        architecture=Architecture((5, 5, 4) if tied else (5, 4), "tanh", tied=tied), epochs=6000, eval_every=6000,
    )  # fmt: skip
    networks = train(spec)
    still = State(population([0, 1], (), SGD(lr=0.0), data=data, architecture=spec.architecture))
    for row, network in enumerate(networks):
        still.values[row] = still.layout.flat(
            {key.removeprefix("final/"): value for key, value in network.weights.items() if key.startswith("final/")}
        )
    still.train_epoch(1, False)
    for tensor in still.layout.weights:
        weights, gradients = tensor.of(still.values), tensor.of(still.training_step.gradient)
        if kind == "group_lasso":
            strength = 0.01 * tensor.shape[1] ** 0.5
            size = np.linalg.norm(weights, axis=2, keepdims=True)
            slope = strength * np.divide(weights, size, out=np.zeros_like(weights), where=size > 0)
            zero = np.broadcast_to(size == 0, weights.shape)
            gradients = np.where(zero, np.linalg.norm(gradients, axis=2, keepdims=True), gradients)
        else:
            strength = 0.01 if kind == "elastic_net" else 0.02
            slope = strength * np.sign(weights) + (0.01 * weights if kind == "elastic_net" else 0)
            zero = weights == 0
        assert (np.abs(gradients[zero]) <= strength * 1.02).all()
        np.testing.assert_allclose(gradients[~zero], -slope[~zero], atol=1e-3)
    assert 0 < network.metrics["zero_fraction"][-1] < 1


@pytest.mark.parametrize("kind", PENALTIES)
@pytest.mark.parametrize("name", OPTIMIZER)
def test_sam_and_clipping_that_ends_lead_to_the_same_weights(name: str, kind: str) -> None:
    """Uphill by rho the gradient is another by about rho, and so are the weights; a limit that is not reached at the
    end has no say in where that is, however often it was before.
    """
    data, alpha, optimizer = regression(1), 0.2, OPTIMIZER[name]
    member, solver = PENALTIES[kind]
    oracle = solver(alpha, 1).fit(data.train.x, data.train.y if kind == "group_lasso" else data.train.y[:, 0])
    expected = np.atleast_2d(oracle.coef_).T
    outputs = len(data.train.y[0])
    start = State(population([0], data=data, architecture=Architecture(())))
    start.train_epoch(1, True)
    first = float(np.linalg.norm(start.training_step.gradient))
    (near,) = linear(data, [member(alpha, outputs)], replace(optimizer, sam=1e-4))
    (clipped,) = linear(data, [member(alpha, outputs)], optimizer, clip=first / 2, epochs=4000)
    for network in (near, clipped):
        weight = network.weights["final/0/weight"]
        np.testing.assert_allclose(weight, expected, atol=2e-3)
        assert np.array_equal(weight == 0, np.abs(expected) < 1e-12)


# Weight decay has a fixed point of its own


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("nesterov", [False, True])
def test_weight_decay_with_sgd_is_ridge(momentum: float, nesterov: bool) -> None:
    """lr·lam·w is lost where lr·gradient/(1 - momentum) is gained: ridge with lam·(1 - momentum)."""
    data, alpha = regression(3), 0.5
    optimizer = SGD(lr=0.01, momentum=momentum, nesterov=nesterov)
    (network,) = linear(data, [WeightDecay(lam=2 * alpha / 3 / (1 - momentum))], optimizer, epochs=8000)
    oracle = Ridge(alpha * N).fit(data.train.x, data.train.y)
    # To the first order in lr: momentum pushes on while a weight decays.
    np.testing.assert_allclose(network.weights["final/0/weight"].T, oracle.coef_, atol=1e-3)


# The step itself


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("size", [1, 2, 5, 64])
def test_a_group_is_shrunk_to_the_minimum_in_any_metric(size: int, scale: float) -> None:
    """Σ (w - u)²/2d + lam·‖w‖ over rates d that differ a thousandfold: along u·s/(s + d·lam), by a scalar search."""
    rng = np.random.default_rng(size)
    u = scale * rng.standard_normal((2, 30, size)) * 10 ** rng.uniform(-2, 2, (2, 30, size))
    thresholds = scale * 10 ** (rng.uniform(-3, 1, (2, 30, size)) + 4 * rng.integers(2, size=(2, 30, 1)))
    w = u.copy()
    shrink_groups(w, thresholds)
    for old, d, new in zip(u.reshape(-1, size), thresholds.reshape(-1, size), w.reshape(-1, size), strict=True):

        def objective(s: float, old: Any = old, d: Any = d) -> float:
            at = old * s / (s + d) if s > 0 else 0 * old
            return float(((at - old) ** 2 / (2 * d)).sum() + np.linalg.norm(at))

        best = minimize_scalar(objective, bounds=(0, np.linalg.norm(old)), method="bounded", options={"xatol": 1e-12})
        assert objective(float(np.linalg.norm(new))) <= min(best.fun, objective(0.0)) * (1 + 1e-9)
        assert (not new.any()) == (np.linalg.norm(old / d) <= 1)
    assert 0 < (w == 0).mean() < 1
    equal = np.full((2, 1, 1), scale)
    one, other = u.copy(), u.copy()
    shrink_groups(one, equal)
    shrink_groups(other, np.broadcast_to(equal, u.shape).copy())
    np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12 * scale)


@pytest.mark.parametrize("name", OPTIMIZER)
def test_the_rate_is_what_a_lasting_gradient_is_multiplied_by(name: str) -> None:
    """After many steps along one gradient a step is rate·gradient long."""
    state = State(population([0, 1], [L1(lam=0.0)], OPTIMIZER[name], epochs=10))
    gradient = stream(0, "test gradient").standard_normal(state.values.shape) * 0.1
    for state.step in range(1, 4000):
        before = state.values.copy()
        state.training_step.gradient[:] = gradient
        state.training_step._update(state._update_lr, state.step)
        if state.step == 1:
            np.testing.assert_allclose(before - state.values, state._sites["l1"].rate() * gradient, rtol=1e-6)
    np.testing.assert_allclose(before - state.values, state._sites["l1"].rate() * gradient, rtol=1e-6)
