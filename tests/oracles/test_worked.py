"""Examples with their arithmetic, through the classes that training uses."""

import numpy as np

from regx.core.regularizer import Site
from regx.core.streams import Streams
from regx.optim import SGD
from regx.regularizers import L2

FLOAT64 = np.dtype("float64")


def test_a_step_of_l2_alone() -> None:
    """w = (2, -3) where the data has no say: SGD with lr 0.1, L2 with lam 1e-4."""
    values, gradient, scratch = np.array([[2.0, -3.0]]), np.zeros((1, 2)), np.empty((1, 2))
    lr, is_weight = np.array([[0.1]]), np.ones(2)
    l2 = L2.of_population([L2(lam=1e-4)], FLOAT64)
    sgd = SGD.of_population([SGD(lr=0.1)], FLOAT64)
    site = Site(
        streams=Streams([0], "l2"), task="regression", epochs=1, depth=0, weights=(), is_weight=is_weight,
        is_trained=is_weight, scratch=scratch, lr=lr,
    )  # fmt: skip
    l2.begin(site, values)
    update = sgd.update(values, gradient, [], scratch, is_weight)
    # penalty = 1e-4/2·(2² + 3²) = 0.5e-4·13 = 6.5e-4
    np.testing.assert_allclose(l2.penalty(values, site), [6.5e-4], rtol=1e-14)
    l2.add_gradient(values, gradient, site)
    # gradient = 0 + 1e-4·(2, -3) = (2e-4, -3e-4)
    np.testing.assert_allclose(gradient, [[2e-4, -3e-4]], rtol=1e-14)
    update(lr, 1)
    # w <- (2, -3) - 0.1·(2e-4, -3e-4) = (2 - 0.00002, -3 + 0.00003)
    np.testing.assert_allclose(values, [[1.99998, -2.99997]], rtol=1e-14)
