"""Early stopping of a linear model acts like L2 with lam in proportion to 1/t."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import Ridge

from regx.core.regularizer import Scores
from regx.data.dataset import Dataset, Split
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import EarlyStopping
from tests.engine.populations import population

N, FEATURES, LR = 60, 8, 0.05


def linear_data(seed: int) -> Dataset:
    """Centred, uncorrelated features of unit variance, and a noisy linear truth."""
    rng = np.random.default_rng(seed)
    x = np.linalg.qr(rng.standard_normal((N, FEATURES)) - rng.standard_normal((1, FEATURES)))[0]
    x -= x.mean(axis=0)
    x = np.linalg.qr(x)[0] * np.sqrt(N)
    truth = rng.standard_normal((FEATURES, 1))

    def draw(rows: np.ndarray) -> Split:
        return Split(rows, rows @ truth + 2 * rng.standard_normal((len(rows), 1)))

    return Dataset("regression", draw(x), draw(rng.standard_normal((40, FEATURES))), draw(x[:5]), (), "y")


def stopped_after(epochs: int, data: Dataset, lr: float = LR) -> np.ndarray:
    """The coefficients of gradient descent from 0."""
    spec = population(
        data=data, architecture=Architecture((), init=1e-12), optimizer=SGD(lr=lr), epochs=epochs, eval_every=epochs
    )
    return train(spec)[0].weights["final/0/weight"][:, 0]


@pytest.mark.parametrize("metric", ["val_loss", "val_accuracy"])
def test_small_improvements_are_restored_but_do_not_count_for_the_patience(metric: str) -> None:
    """The last one by more than 0.1 is at epoch 2; the best of all at epoch 4."""
    losses = [1.0, 0.95, 0.85, 0.8, 0.79, 0.84]
    member = EarlyStopping(patience=np.array([3]), min_delta=np.array([0.1]), metric=metric)
    site, values = SimpleNamespace(state={}), np.zeros((1, 1))
    member.begin(site, values)
    going_on = []
    for epoch, loss in enumerate(losses):
        values[:] = epoch
        score = np.array([loss])
        halves, nothing = np.stack([score, score], axis=1), np.zeros((1, 2))
        scores = Scores(epoch, score, None, halves, None)
        if metric == "val_accuracy":
            scores = Scores(epoch, np.array([0.0]), 1 - score, nothing, 1 - halves)
        going_on += member.on_epoch(values, scores, site).tolist()
    assert going_on == [True, True, True, True, True, False]
    assert member.on_finish(values, site).tolist() == [4]
    assert values.tolist() == [[4]]


@pytest.mark.parametrize("seed", range(3))
def test_stopping_at_t_is_ridge_with_strength_one_over_t(seed: int) -> None:
    data = linear_data(seed)
    least_squares = Ridge(alpha=0).fit(data.train.x, data.train.y[:, 0]).coef_
    for epochs in (1, 2, 5, 10, 30):
        # Where features are uncorrelated each coefficient is c_t = (1 - (1 - 2·lr)^t)·c, with 2·lr the curvature of the
        # mean squared error times the rate, and ridge has c/(1 + lam/2).
        shrunk = 1 - (1 - 2 * LR) ** epochs
        lam = 2 * (1 / shrunk - 1)
        ridge = Ridge(alpha=lam * N / 2).fit(data.train.x, data.train.y[:, 0]).coef_
        np.testing.assert_allclose(stopped_after(epochs, data), ridge, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(ridge, shrunk * least_squares, rtol=1e-6)


def correlated_data(seed: int) -> Dataset:
    """Centred features that are mixtures of directions whose variances go from 1 down to 0.001."""
    rng = np.random.default_rng(seed)
    mixing, _ = np.linalg.qr(rng.standard_normal((FEATURES, FEATURES)))
    x = linear_data(seed).train.x * np.sqrt(np.geomspace(1e-3, 1, FEATURES)) @ mixing
    assert np.abs(np.corrcoef(x.T) - np.eye(FEATURES)).max() > 0.5
    split = Split(x, x @ rng.standard_normal((FEATURES, 1)) + 0.1 * rng.standard_normal((N, 1)))
    return Dataset("regression", split, split, split, (), "y")


def log_of_nearest_strength(coefficients: np.ndarray, data: Dataset) -> float:
    """Where on ridge's path the coefficients come nearest to these."""

    def distance(log_lam: float) -> float:
        ridge = Ridge(alpha=np.exp(log_lam) * N / 2).fit(data.train.x, data.train.y[:, 0])
        return float(np.linalg.norm(ridge.coef_ - coefficients))

    return float(minimize_scalar(distance, bounds=(-12, 8), method="bounded").x)


def test_among_correlated_features_the_nearest_strength_falls_as_one_over_t() -> None:
    """Over two decades of t.

    Along a direction of variance s stopping leaves 1 - (1 - 2·lr·s)^t of a coefficient and ridge s/(s + lam/2). Both
    turn from little to most where s is near 1/(2·lr·t), or near lam/2: lam follows 1/t as long as there are such
    directions, here to t = 1/(2·lr·0.001) = 2000. The two curves are not the same, so which lam is nearest depends on
    the truth: over many draws the slope is -0.99 with a standard deviation of 0.08.
    """
    lr, times = 0.25, np.array([5, 10, 20, 40, 80, 150, 300, 500])
    slopes = []
    for seed in range(8):
        data = correlated_data(seed)
        found = [log_of_nearest_strength(stopped_after(epochs, data, lr), data) for epochs in times.tolist()]
        slopes.append(np.polyfit(np.log(times), found, 1)[0])
    assert slopes == pytest.approx([-1] * 8, abs=0.32)
    assert np.mean(slopes) == pytest.approx(-1, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_the_best_epoch_is_as_good_as_the_best_strength(seed: int) -> None:
    data = linear_data(seed)
    spec = population(
        data=data, architecture=Architecture((), init=1e-12), optimizer=SGD(lr=LR), epochs=500,
        stack=[EarlyStopping(patience=200)],
    )  # fmt: skip
    (stopped,) = train(spec)

    def val_loss(lam: float) -> float:
        ridge = Ridge(alpha=lam * N / 2).fit(data.train.x, data.train.y[:, 0])
        return float(np.mean((ridge.predict(data.val.x) - data.val.y[:, 0]) ** 2))

    best = min(val_loss(lam) for lam in np.geomspace(1e-3, 1e2, 200))
    assert stopped.reported["val_loss"] == pytest.approx(best, rel=0.02)
