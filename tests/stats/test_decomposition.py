from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.studies.bias_variance.judgement import decompose, intervals


def means(parts):
    return {name: values.mean() for name, values in parts.items()}


def test_three_training_sets_at_one_input_by_hand():
    """Truth 1, targets 1 ± 0.5, predictions 2, 3 and 4: their mean is 3, their variance (1 + 0 + 1)/2 = 1."""
    predictions = np.array([2.0, 3.0, 4.0])[:, None, None].repeat(2, axis=1)
    targets = np.tile(np.array([[1.5], [0.5]]), (3, 1, 1))
    found = means(decompose(predictions, targets, np.ones((2, 1))))
    assert found["variance"] == pytest.approx(1)
    assert found["noise"] == pytest.approx(0.25)
    # (3 - 1)² less what the mean of three itself scatters, 1/3; as the mean of 1·2, 1·3 and 2·3.
    assert found["bias2"] == pytest.approx(4 - 1 / 3) == pytest.approx((1 * 2 + 1 * 3 + 2 * 3) / 3)
    # (0.5² + 1.5²)/2 + (1.5² + 2.5²)/2 + (2.5² + 3.5²)/2 over three
    assert found["error"] == pytest.approx((1.25 + 4.25 + 9.25) / 3) == pytest.approx(11 / 3 + 1 + 0.25)


@given(
    draws=st.integers(3, 8), n=st.integers(1, 5), k=st.integers(1, 3), seed=st.integers(0, 10**6), known=st.booleans()
)
def test_the_parts_add_up_for_every_training_set(draws, n, k, seed, known):
    rng = np.random.default_rng(seed)
    truth, residuals = rng.standard_normal((n, k)), rng.standard_normal((draws, n, k))
    predictions = np.tile(rng.standard_normal((draws, n, k)), (1, 2, 1))
    if known:
        targets, truth = np.concatenate([truth + residuals, truth - residuals], axis=1), np.tile(truth, (2, 1))
    else:
        targets, truth = np.tile(rng.standard_normal((2 * n, k)), (draws, 1, 1)), None
    parts = decompose(predictions, targets, truth)
    assert ("noise" in parts) == known
    assert sum(values for name, values in parts.items() if name != "error") == pytest.approx(parts["error"])
    assert parts["variance"].mean() == pytest.approx(predictions.var(axis=0, ddof=1).sum(axis=1).mean())
    assert parts["error"].mean() == pytest.approx(np.square(targets - predictions).sum(axis=2).mean())


def test_pseudo_values_are_those_of_leaving_one_training_set_out():
    rng = np.random.default_rng(1)
    predictions, truth = rng.standard_normal((6, 4, 2)), rng.standard_normal((4, 2))
    targets = truth + rng.standard_normal((6, 4, 2))
    parts = decompose(predictions, targets, truth)
    whole = means(parts)
    for left_out in range(6):
        rest = np.arange(6) != left_out
        without = means(decompose(predictions[rest], targets[rest], truth))
        for name in ("bias2", "variance"):
            assert parts[name][left_out] == pytest.approx(6 * whole[name] - 5 * without[name])


def test_ridge_regression_has_the_bias_and_variance_of_its_formula():
    """Of fixed inputs X and weights (X'X + a)^-1 X'y both are known: E w = S X'X w0, cov w = s² S X'X S."""
    rng = np.random.default_rng(2)
    x, at, w0, deviation, a = rng.standard_normal((20, 3)), rng.standard_normal((30, 3)), np.ones(3), 0.5, 10.0
    shrink = np.linalg.inv(x.T @ x + a * np.eye(3))
    bias = at @ (shrink @ x.T @ x @ w0 - w0)
    variance = deviation**2 * np.einsum("ij,jk,ik->i", at, shrink @ x.T @ x @ shrink, at)
    y = x @ w0 + deviation * rng.standard_normal((4000, 20))
    predictions = (at @ (shrink @ x.T @ y.T)).T[:, :, None]
    truth = (at @ w0)[:, None]
    found = means(decompose(predictions, np.tile(truth, (4000, 1, 1)), truth))
    assert found["bias2"] == pytest.approx(np.mean(bias**2), rel=0.03)
    assert found["variance"] == pytest.approx(np.mean(variance), rel=0.03)
    assert found["noise"] == 0


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    """A predictor of known parts: truth, a bias of 0.3, and errors of four shapes along x."""
    rng = np.random.default_rng(3)
    x = np.linspace(-1, 1, 20)
    shapes = 0.3 * np.stack([x**power for power in range(4)])
    parts = {"bias2": 0.09, "variance": np.square(shapes).sum(axis=0).mean(), "noise": 0.04}
    parts["error"] = sum(parts.values())
    truth = np.zeros((40, 1))
    hits = dict.fromkeys(parts, 0)
    for _ in range(300):
        once = (0.3 + rng.standard_normal((20, 4)) @ shapes)[:, :, None]
        noise = 0.2 * rng.standard_normal((20, 20, 1))
        found = intervals(decompose(np.tile(once, (1, 2, 1)), np.concatenate([noise, -noise], axis=1), truth))
        for name, value in parts.items():
            hits[name] += found[name]["low"] <= value <= found[name]["high"]
    assert all(0.86 <= hit / 300 <= 0.99 for hit in hits.values()), hits


def test_two_training_sets_are_too_few():
    with pytest.raises(ValueError, match="expected at least 3 training sets, found 2"):
        decompose(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), None)
