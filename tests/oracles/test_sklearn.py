"""Linear networks, trained to convergence in float64, against scikit-learn's exact solvers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.utils import compute_class_weight

from regx.core.regularizer import Regularizer
from regx.core.streams import stream
from regx.core.trained import Trained
from regx.data.dataset import Dataset, Split
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import L1, L2
from tests.engine.populations import dataset, population

N, FEATURES, EPOCHS = 60, 8, 4000
ALPHAS = (0.001, 0.05, 0.3, 2.0)
TOLERANCE = {"rtol": 1e-8, "atol": 1e-9}


def regression() -> Dataset:
    """Correlated features, half of which the target does not depend on, and an intercept far from 0."""
    rng = stream(0, "test data")
    x = rng.standard_normal((N, FEATURES)) + 0.5 * rng.standard_normal((N, 1))
    y = x @ np.array([3, -2, 0, 0, 1, 0, 0, 0.3]) + 5 + 0.5 * rng.standard_normal(N)
    split = Split(x, y[:, None])
    return Dataset("regression", split, split, split, tuple("abcdefgh"), "y")


def linear(data: Dataset, stacks: list[list[Regularizer]], momentum: float) -> list[Trained]:
    """The linear networks of several stacks, trained together."""
    by_kind = [list(members) for members in zip(*stacks, strict=True)]
    return train(
        population(
            range(len(stacks)), by_kind, SGD(lr=0.1, momentum=momentum),
            architecture=Architecture(()), data=data, epochs=EPOCHS, eval_every=EPOCHS,
        )
    )  # fmt: skip


def test_l2_is_ridge() -> None:
    """Ridge minimises ‖y - Xw - b‖² + alpha‖w‖²: lam = 2·alpha/n, the intercept free."""
    data = regression()
    alphas = [alpha * N for alpha in ALPHAS]
    networks = linear(data, [[L2(lam=2 * alpha / N)] for alpha in alphas], 0.9)
    for alpha, network in zip(alphas, networks, strict=True):
        oracle = Ridge(alpha).fit(data.train.x, data.train.y)
        np.testing.assert_allclose(network.weights["final/0/weight"].T, oracle.coef_.reshape(1, -1), **TOLERANCE)
        np.testing.assert_allclose(network.weights["final/0/bias"], oracle.intercept_, **TOLERANCE)


def test_proximal_l1_is_lasso() -> None:
    """Lasso minimises ‖y - Xw - b‖²/2n + alpha·Σ|w|: lam = 2·alpha; the same weights are exactly 0."""
    data = regression()
    zeros = []
    for alpha, network in zip(ALPHAS, linear(data, [[L1(lam=2 * alpha)] for alpha in ALPHAS], 0.0), strict=True):
        oracle = Lasso(alpha, tol=1e-12, max_iter=100_000).fit(data.train.x, data.train.y[:, 0])
        weight = network.weights["final/0/weight"][:, 0]
        assert np.array_equal(weight == 0, oracle.coef_ == 0)
        np.testing.assert_allclose(weight, oracle.coef_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(network.weights["final/0/bias"], oracle.intercept_, rtol=1e-6)
        assert network.metrics["zero_fraction"][-1] == (oracle.coef_ == 0).mean()
        zeros.append(int((weight == 0).sum()))
    assert zeros[0] == 0
    assert 0 < zeros[1] < zeros[-1] < FEATURES


def test_l1_and_l2_are_elastic_net() -> None:
    """ElasticNet adds alpha·(share·Σ|w| + (1 - share)/2·‖w‖²) to half the error: both lam are twice theirs."""
    data, alpha, share = regression(), 0.3, 0.6
    (network,) = linear(data, [[L1(lam=2 * alpha * share), L2(lam=2 * alpha * (1 - share))]], 0.0)
    oracle = ElasticNet(alpha, l1_ratio=share, tol=1e-12, max_iter=100_000).fit(data.train.x, data.train.y[:, 0])
    weight = network.weights["final/0/weight"][:, 0]
    assert np.array_equal(weight == 0, oracle.coef_ == 0)
    assert (weight == 0).any()
    np.testing.assert_allclose(weight, oracle.coef_, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_l2_is_logistic_regression(task: str) -> None:
    """LogisticRegression minimises C·Σ loss + ‖w‖²/2: lam = 1/(C·n)."""
    data = dataset(task, n=(N, 10, 10), features=4)
    labels = data.train.y[:, 0] if task == "binary" else data.train.y.argmax(axis=1)
    strengths = (0.03, 0.2, 1.0)
    networks = linear(data, [[L2(lam=1 / (c * N))] for c in strengths], 0.9)
    for c, network in zip(strengths, networks, strict=True):
        oracle = LogisticRegression(C=c, solver="newton-cg", tol=1e-10, max_iter=1000).fit(data.train.x, labels)
        intercept, bias = oracle.intercept_, network.weights["final/0/bias"]
        if task == "multiclass":  # a number added to every logit changes nothing
            intercept, bias = intercept - intercept.mean(), bias - bias.mean()
        np.testing.assert_allclose(network.weights["final/0/weight"].T, oracle.coef_, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(bias, intercept, rtol=1e-6, atol=1e-7)
        probability = oracle.predict_proba(data.train.x)
        expected = -np.log(probability[np.arange(N), labels.astype(int)]).mean()
        np.testing.assert_allclose(network.metrics["train_loss"][-1], expected, rtol=1e-9)
        assert network.metrics["train_accuracy"][-1] == oracle.score(data.train.x, labels)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 5.0, 1: 0.5}], ids=str)
def test_weights_are_those_of_logistic_regression(task: str, class_weight: str | dict[int, float] | None) -> None:
    """Both multiply a row's loss by its weight and its class's; ours have a mean of 1, so lam = 1/(C·sum)."""
    data = dataset(task, n=(N, 10, 10), features=4)
    data = replace(data, classes=("0", "1", "2")[: max(data.train.y.shape[1], 2)])
    labels = (data.train.y[:, 0] if task == "binary" else data.train.y.argmax(axis=1)).astype(int)
    rows = np.arange(N) % 3 + 0.5
    own = compute_class_weight(class_weight, classes=np.unique(labels), y=labels, sample_weight=rows)[labels] * rows
    oracle = LogisticRegression(C=0.5, class_weight=class_weight, solver="newton-cg", tol=1e-10, max_iter=1000)
    oracle.fit(data.train.x, labels, sample_weight=rows)
    written = (
        class_weight if not isinstance(class_weight, dict) else tuple((str(k), v) for k, v in class_weight.items())
    )
    given = population(
        [0], [L2(lam=1 / (0.5 * own.sum()))], SGD(lr=0.1, momentum=0.9), architecture=Architecture(()),
        data=replace(data, train=replace(data.train, weight=rows)), epochs=EPOCHS, eval_every=EPOCHS,
        class_weight=written,
    )  # fmt: skip
    (network,) = train(given)
    weight = network.weights["final/0/weight"].T
    np.testing.assert_allclose(weight, oracle.coef_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(np.diff(network.weights["final/0/bias"]), np.diff(oracle.intercept_), rtol=1e-3)


def test_weights_are_those_of_ridge() -> None:
    data, rows = regression(), np.arange(N) % 3 + 0.5
    alpha = 3.0
    (network,) = train(
        population(
            [0], [L2(lam=2 * alpha / rows.sum())], SGD(lr=0.1, momentum=0.9), architecture=Architecture(()),
            data=replace(data, train=replace(data.train, weight=rows)), epochs=EPOCHS, eval_every=EPOCHS,
        )
    )  # fmt: skip
    oracle = Ridge(alpha).fit(data.train.x, data.train.y, rows)
    np.testing.assert_allclose(network.weights["final/0/weight"].T, oracle.coef_.reshape(1, -1), rtol=1e-6)
