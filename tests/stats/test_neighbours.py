from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from regx.stats.neighbours import FEWEST_ROWS, NEIGHBOURS, shared_error


def morans_i(x, error):
    """With the neighbours that scikit-learn finds."""
    _, near = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(x).kneighbors()  # of the rows themselves: without each row
    e = error - error.mean(axis=0)
    pairs = sum(e[i] @ e[j] for i in range(len(x)) for j in near[i])
    return pairs / NEIGHBOURS / (e**2).sum()


@pytest.mark.parametrize(("n", "d", "k"), [(12, 1, 1), (40, 3, 1), (150, 8, 4)])
def test_it_is_morans_i(n, d, k):
    rng = np.random.default_rng(n)
    x, error = rng.standard_normal((n, d)), rng.standard_normal((n, k))
    assert shared_error(x, error) == pytest.approx(morans_i(x, error), rel=1e-9)


def test_independent_errors_share_nothing_and_a_smooth_one_is_shared():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, (100, 1))
    noise = [shared_error(x, rng.standard_normal((100, 1))) for _ in range(400)]
    assert np.mean(noise) == pytest.approx(-1 / 99, abs=3 * np.std(noise) / 20)
    assert np.std(noise) < 0.1
    assert shared_error(x, np.sin(x)) > 0.95


def test_units_and_offsets_do_not_matter():
    rng = np.random.default_rng(1)
    x, error = rng.standard_normal((30, 2)), rng.standard_normal((30, 1))
    assert shared_error(x, 1000 * error + 7) == pytest.approx(shared_error(x, error))
    assert shared_error(3 * x - 5, error) == pytest.approx(shared_error(x, error))


def test_what_has_no_pattern_to_speak_of():
    x = np.arange(FEWEST_ROWS, dtype=float)[:, None]
    assert shared_error(x[:-1], x[:-1]) is None
    assert shared_error(x, np.ones_like(x)) is None
    assert shared_error(x, np.full_like(x, np.nan)) is None
