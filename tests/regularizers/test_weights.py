"""The regularizers of the weights: against scikit-learn, AdamW, the mathematics that defines them, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet as SklearnElasticNet
from sklearn.linear_model import MultiTaskLasso

from regx.core.arrays import Array
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import stream
from regx.core.trained import Trained
from regx.data.dataset import Dataset, Split
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD, Adam, AdamW
from regx.regularizers import L1, L2, ElasticNet, GroupLasso, MaxNorm, Orthogonal, WeightDecay
from tests.engine.populations import dataset, population

N, FEATURES, EPOCHS = 60, 6, 4000
EVERY_SHAPE = Architecture((2, 5, 5))  # from 3 inputs to 3 outputs: narrower, wider, square, narrower
SEEDS = (0, 3)


def regression(outputs: int) -> Dataset:
    """Correlated features, half of which the targets do not depend on, and intercepts far from 0."""
    rng = stream(0, "test data")
    x = rng.standard_normal((N, FEATURES)) + 0.5 * rng.standard_normal((N, 1))
    effect = np.zeros((FEATURES, outputs))
    effect[::2] = rng.standard_normal((FEATURES // 2, outputs)) + 1
    y = x @ effect + 5 + 0.5 * rng.standard_normal((N, outputs))
    split = Split(x, y)
    return Dataset("regression", split, split, split, tuple("abcdef"), "y")


def linear(data: Dataset, members: list[Regularizer]) -> list[Trained]:
    """Linear networks, each with one of the members, trained to convergence together."""
    outputs = data.train.y.shape[1]
    return train(
        population(
            range(len(members)), [members], SGD(lr=0.1 * outputs), architecture=Architecture(()), data=data,
            epochs=EPOCHS, eval_every=EPOCHS,
        )
    )  # fmt: skip


def acting(*members: Regularizer, scale: float = 1.0, lr: float = 0.1) -> tuple[State, Regularizer, Site]:
    """Networks in training, one for each of the members, of one kind; the member that acts on them, and its site."""
    state = State(population(SEEDS[: len(members)], [list(members)], SGD(lr=lr), architecture=EVERY_SHAPE))
    state.step = 1
    rng = stream(1, "test weights")
    state.values[:] = scale * rng.standard_normal(state.values.shape)
    member = state.population.stack[0]
    return state, member, state._sites[member.kind]


def matrices(state: State, values: Array) -> list[Array]:
    return [tensor.of(values) for tensor in state.layout.weights]


def others(state: State, values: Array) -> Array:
    """What is no weight of a weight matrix."""
    return values[:, state.evaluator.is_weight == 0]


# Elastic net


def test_elastic_net_is_that_of_scikit_learn() -> None:
    """ElasticNet minimises half the error plus alpha·(...): lam = 2·alpha; the same weights are exactly 0."""
    data = regression(1)
    settings = [(alpha, ratio) for alpha in (0.003, 0.1, 0.5) for ratio in (0.05, 0.5, 1.0)]
    zeros = set()
    networks = linear(data, [ElasticNet(lam=2 * alpha, l1_ratio=ratio) for alpha, ratio in settings])
    for (alpha, ratio), network in zip(settings, networks, strict=True):
        oracle = SklearnElasticNet(alpha, l1_ratio=ratio, tol=1e-12, max_iter=100_000)
        oracle.fit(data.train.x, data.train.y[:, 0])
        weight = network.weights["final/0/weight"][:, 0]
        assert np.array_equal(weight == 0, oracle.coef_ == 0)
        np.testing.assert_allclose(weight, oracle.coef_, rtol=1e-6, atol=1e-7)
        zeros.add(int((weight == 0).sum()))
    assert min(zeros) == 0
    assert max(zeros) > 1


def test_elastic_net_is_l1_and_l2() -> None:
    lam, ratio = 0.2, 0.3
    arguments = {"seeds": SEEDS, "optimizer": Adam(lr=0.02), "batch_size": 7}
    one = train(population(stack=[ElasticNet(lam=lam, l1_ratio=ratio)], **arguments))
    two = train(population(stack=[L1(lam=lam * ratio), L2(lam=lam * (1 - ratio))], **arguments))
    for net, parts in zip(one, two, strict=True):
        for column in ("objective", "penalty", "train_loss", "zero_fraction"):
            np.testing.assert_allclose(net.metrics[column], parts.metrics[column], rtol=1e-9, err_msg=column)
    assert one[0].metrics["zero_fraction"][-1] > 0


# Group lasso


def test_group_lasso_is_that_of_scikit_learn() -> None:
    """MultiTaskLasso minimises the error summed over K outputs, over 2n, plus alpha·Σ‖row‖: lam = 2·alpha/K^1.5."""
    outputs = 3
    data = regression(outputs)
    alphas = (0.01, 0.2, 0.6, 2.0)
    zeros = []
    networks = linear(data, [GroupLasso(lam=2 * alpha / outputs**1.5) for alpha in alphas])
    for alpha, network in zip(alphas, networks, strict=True):
        oracle = MultiTaskLasso(alpha, tol=1e-12, max_iter=100_000).fit(data.train.x, data.train.y)
        weight = network.weights["final/0/weight"]
        assert np.array_equal(weight == 0, oracle.coef_.T == 0)
        np.testing.assert_allclose(weight, oracle.coef_.T, rtol=1e-6, atol=1e-7)
        dropped = (weight == 0).all(axis=1)
        assert np.array_equal(dropped, (weight == 0).any(axis=1)), "a group is dropped as a whole or not at all"
        zeros.append(int(dropped.sum()))
    assert zeros[0] == 0
    assert 0 < zeros[1] < zeros[-1]


@given(st.floats(0.001, 3), st.floats(0.001, 3))
def test_group_lasso_steps_to_the_minimum(lam: float, scale: float) -> None:
    """A step minimises ‖v - w‖²/2 + lr·lam·√size·‖v‖: v + t·v/‖v‖ = w where ‖w‖ > t, and v = 0 elsewhere."""
    state, member, site = acting(GroupLasso(lam=lam), GroupLasso(lam=2 * lam), scale=scale)
    before = state.values.copy()
    member.on_step(state.values, site)
    for strength, old_network, new_network in zip((lam, 2 * lam), before[:, None], state.values[:, None], strict=True):
        for old, new in zip(matrices(state, old_network), matrices(state, new_network), strict=True):
            threshold = 0.1 * strength * np.sqrt(old.shape[2])
            for w, v in zip(old[0], new[0], strict=True):
                if np.linalg.norm(w) <= threshold:
                    assert not v.any()
                else:
                    np.testing.assert_allclose(v + threshold * v / np.linalg.norm(v), w, rtol=1e-9)
    assert np.array_equal(others(state, state.values), others(state, before))


def test_the_penalty_of_group_lasso() -> None:
    lam = np.array([0.3, 2.0])
    state, member, site = acting(*(GroupLasso(lam=float(one)) for one in lam))
    rows = [row for matrix in matrices(state, state.values) for row in matrix.swapaxes(0, 1)]
    expected = lam * sum(np.sqrt(row.shape[1]) * np.linalg.norm(row, axis=1) for row in rows)
    np.testing.assert_allclose(member.penalty(state.values, site), expected, rtol=1e-12)


# Weight decay


@pytest.mark.parametrize("batch_size", [None, 7])
def test_weight_decay_is_adamw_with_adam(batch_size: int | None) -> None:
    decays = (0.01, 0.5)
    arguments = {"seeds": SEEDS, "batch_size": batch_size, "dtype": "float32", "epochs": 30}
    decayed = train(population(stack=[[WeightDecay(lam=lam) for lam in decays]], optimizer=Adam(lr=0.02), **arguments))
    adamw = train(population(optimizer=[AdamW(lr=0.02, weight_decay=lam) for lam in decays], **arguments))
    coupled = train(population(stack=[[L2(lam=lam) for lam in decays]], optimizer=Adam(lr=0.02), **arguments))
    for one, other, l2 in zip(decayed, adamw, coupled, strict=True):
        for name, weight in other.weights.items():
            assert np.array_equal(one.weights[name], weight), name
        assert abs(l2.metrics["weight_norm"][-1] / one.metrics["weight_norm"][-1] - 1) > 0.005, "Adam rescales l2"


def test_weight_decay_is_l2_with_sgd() -> None:
    arguments = {"seeds": SEEDS, "batch_size": 7, "epochs": 30}
    strengths = (0.01, 0.5)
    for momentum, same in ((0.0, True), (0.9, False)):
        optimizer = SGD(lr=0.05, momentum=momentum)
        decayed, l2 = (
            train(population(stack=[[kind(lam=lam) for lam in strengths]], optimizer=optimizer, **arguments))
            for kind in (WeightDecay, L2)
        )
        for one, other in zip(decayed, l2, strict=True):
            pairs = [(one.weights[name], other.weights[name]) for name in one.weights]
            assert all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in pairs) == same
            assert one.metrics["penalty"][-1] == 0 < other.metrics["penalty"][-1]


# Max-norm


@given(st.floats(0.05, 8), st.floats(0.01, 4))
def test_max_norm_projects_incoming_weights(c: float, scale: float) -> None:
    """A column longer than c is scaled to c; all others, the biases and the output layer keep every bit."""
    state, member, site = acting(MaxNorm(c=c), MaxNorm(c=2 * c), scale=scale)
    before = state.values.copy()
    member.on_step(state.values, site)
    *hidden, output = zip(matrices(state, before), matrices(state, state.values), strict=True)
    for old, new in hidden:
        for bound, old_network, new_network in zip((c, 2 * c), old, new, strict=True):
            norms = np.linalg.norm(old_network, axis=0)
            within = norms <= bound
            assert np.array_equal(new_network[:, within], old_network[:, within])
            outside = ~within
            expected = old_network[:, outside] * (bound / norms[outside])
            np.testing.assert_allclose(new_network[:, outside], expected, rtol=1e-12)
    assert np.array_equal(*output)
    assert np.array_equal(others(state, state.values), others(state, before))


def test_max_norm_holds_while_training() -> None:
    """The bound is reached, and never exceeded, where without it units grow beyond."""
    c = 1.0
    arguments = {"seeds": SEEDS, "optimizer": Adam(lr=0.05), "epochs": 40, "dtype": "float32"}
    free, bound = (train(population(stack=stack, **arguments)) for stack in ([], [MaxNorm(c=c)]))
    for one, other in zip(free, bound, strict=True):
        largest, largest_bound = (
            [np.linalg.norm(network.weights[f"final/{layer}/weight"], axis=0).max() for layer in range(2)]
            for network in (one, other)
        )
        assert min(largest) > 1.1 * c
        assert abs(max(largest_bound) / c - 1) < 1e-6


# Orthogonality


def distances(weight: Array) -> float:
    """‖WᵀW - I‖², of the smaller of the two products."""
    if weight.shape[0] < weight.shape[1]:
        weight = weight.T
    return float(np.linalg.norm(weight.T @ weight - np.eye(weight.shape[1])) ** 2)


def test_orthogonality_is_penalised_with_its_gradient() -> None:
    lam = np.array([0.3, 2.0])
    state, member, site = acting(*(Orthogonal(lam=float(one)) for one in lam))
    penalty = member.penalty(state.values, site)
    expected = [sum(distances(matrix[row]) for matrix in matrices(state, state.values)) for row in range(len(lam))]
    np.testing.assert_allclose(penalty, lam * expected, rtol=1e-12)
    gradient = np.zeros_like(state.values)
    member.add_gradient(state.values, gradient, site)
    np.testing.assert_allclose(gradient, differences(member, site, state.values), rtol=1e-6, atol=1e-7)


def test_the_l2_part_of_elastic_net_is_taken_by_gradient() -> None:
    state, member, site = acting(ElasticNet(lam=0.3, l1_ratio=0.0), ElasticNet(lam=2.0, l1_ratio=0.0))
    gradient = np.zeros_like(state.values)
    member.add_gradient(state.values, gradient, site)
    np.testing.assert_allclose(gradient, differences(member, site, state.values), rtol=1e-6, atol=1e-8)


def differences(member: Regularizer, site: Site, values: Array, step: float = 1e-5) -> Array:
    """The gradient of the penalty by central differences, (R, P)."""
    moves = step * np.eye(values.shape[1])
    both = [(member.penalty(values + move, site) - member.penalty(values - move, site)) for move in moves]
    return np.stack(both, axis=1) / (2 * step)


def test_an_orthogonal_matrix_is_left_alone() -> None:
    state, member, site = acting(Orthogonal(lam=1.0))
    for matrix in matrices(state, state.values):
        q = np.linalg.qr(matrix[0] if matrix.shape[1] >= matrix.shape[2] else matrix[0].T)[0]
        matrix[0] = q if q.shape == matrix[0].shape else q.T
    gradient = np.zeros_like(state.values)
    member.add_gradient(state.values, gradient, site)
    assert np.abs(gradient).max() < 1e-14
    assert member.penalty(state.values, site)[0] < 1e-28


# Worked out by hand

ONE_ROW = Split(np.array([[1.0, 2.0]]), np.array([[10.0, 4.0]]))
FITTED = Dataset("regression", ONE_ROW, ONE_ROW, ONE_ROW, ("x0", "x1"), "y")
# x = (1, 2), W = [[3, 4], [0.6, 0.8]], b = (5.8, -1.6): 3 + 1.2 + 5.8 = 10 and 4 + 1.6 - 1.6 = 4. The loss is 0 and so
# is its gradient: only the regularizer moves the network. Rows have norms 5 and 1.
WEIGHTS = [3, 4, 0.6, 0.8]
BIASES = [5.8, -1.6]
BY_HAND = {
    # 0.5·(0.4·8.4 + 0.6/2·(9 + 16 + 0.36 + 0.64)) = 0.5·(3.36 + 7.8) = 5.58. The L2 part shrinks by 1 - 0.1·0.5·0.6 =
    # 0.97, to 2.91, 3.88, 0.582, 0.776; then the threshold is 0.1·0.5·0.4 = 0.02.
    ElasticNet(lam=0.5, l1_ratio=0.4): (5.58, [2.89, 3.86, 0.562, 0.756]),
    # 10/√2·√2·(5 + 1) = 60. The threshold is 0.1·10/√2·√2 = 1: the first row shrinks by 1 - 1/5, the second to 0.
    GroupLasso(lam=10 / 2**0.5): (60, [2.4, 3.2, 0, 0]),
    # 1 - 0.1·2 = 0.8
    WeightDecay(lam=2.0): (0, [2.4, 3.2, 0.48, 0.64]),
    # WᵀW = [[9.36, 12.48], [12.48, 16.64]], less I: [[8.36, 12.48], [12.48, 15.64]]. The sum of squares is 69.8896 +
    # 2·155.7504 + 244.6096 = 626. W·that = [[75, 100], [15, 20]], and the step is 0.1·4·0.01 = 0.004 of it.
    Orthogonal(lam=0.01): (6.26, [2.7, 3.6, 0.54, 0.72]),
    MaxNorm(c=0.1): (0, WEIGHTS),  # a linear model has no hidden unit
}  # fmt: skip


@pytest.mark.parametrize("member", BY_HAND, ids=lambda member: member.kind)
def test_a_step_worked_by_hand(member: Regularizer) -> None:
    penalty, weights = BY_HAND[member]
    spec = population([0], [member], SGD(lr=0.1), architecture=Architecture(()), data=FITTED)
    state = State(spec)
    state.values[:] = [WEIGHTS + BIASES]
    recorded = state.train_epoch(1, True)
    np.testing.assert_allclose([recorded[0][0], recorded[1][0]], [penalty, penalty], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(state.values[0], weights + BIASES, rtol=1e-12)
    assert np.array_equal(state.values[0] == 0, np.array(weights + BIASES) == 0), "exactly"


def test_max_norm_worked_by_hand() -> None:
    """One hidden unit with incoming weights (3, 4), norm 5: c = 1 leaves (0.6, 0.8); bias and output weight stay."""
    data = dataset("regression", features=2, k=1)
    state = State(population([0], [MaxNorm(c=1.0)], architecture=Architecture((1,)), data=data))
    state.values[:] = [[3, 4, 7, 8, 9]]
    member = state.population.stack[0]
    member.on_step(state.values, state._sites["max_norm"])
    np.testing.assert_allclose(state.values, [[0.6, 0.8, 7, 8, 9]], rtol=1e-15)
