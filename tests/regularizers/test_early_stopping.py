"""Early stopping of a linear model acts like L2 with lam in proportion to 1/t."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

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


def stopped_after(epochs: int, data: Dataset) -> np.ndarray:
    """The coefficients of gradient descent from 0."""
    spec = population(
        data=data, architecture=Architecture((), init=1e-12), optimizer=SGD(lr=LR), epochs=epochs, eval_every=epochs
    )
    return train(spec)[0].weights["final/0/weight"][:, 0]


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
