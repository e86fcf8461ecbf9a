from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regx.stats.bootstrap import bootstrap_interval


@pytest.mark.parametrize("n", [5, 10, 20])
def test_the_interval_agrees_with_scipys_bootstrap_of_the_t_statistic(n):
    x = np.random.default_rng(n).gamma(2.0, size=n)
    mean, error = x.mean(), stats.sem(x)

    def t(sample, axis):
        with np.errstate(divide="ignore", invalid="ignore"):
            shift = sample.mean(axis) - mean
            # A resample of equal values has an infinite t, of which scipy could not take the mean.
            return np.clip(shift / (sample.std(axis, ddof=1) / np.sqrt(n)), -1e9, 1e9)

    oracle = stats.bootstrap((x,), t, n_resamples=50_000, method="percentile", rng=np.random.default_rng(0))
    lower, upper = np.quantile(oracle.bootstrap_distribution, [0.025, 0.975])
    ours = bootstrap_interval(x)
    # Two bootstraps differ by the noise of their tails.
    assert ours["mean"] == pytest.approx(mean)
    assert ours["low"] == pytest.approx(mean - upper * error, abs=0.2 * error)
    assert ours["high"] == pytest.approx(mean - lower * error, abs=0.2 * error)


@pytest.mark.parametrize(
    ("n", "drawn", "truth", "expected"),
    [
        (5, "normal", 0, 0.95),
        (20, "normal", 0, 0.95),
        (10, "exponential", 1, 0.95),
        (10, "lognormal", np.exp(0.5), 0.91),
    ],
)
def test_the_interval_covers_what_the_docstring_says(n, drawn, truth, expected):
    samples = getattr(np.random.default_rng(n), drawn)(size=(600, n))
    intervals = [bootstrap_interval(sample) for sample in samples]
    covered = np.mean([interval["low"] <= truth <= interval["high"] for interval in intervals])
    # Percentile intervals of scipy cover 0.83, 0.94, 0.87 and 0.81: see below.
    assert covered == pytest.approx(expected, abs=0.03)


def test_scipys_percentile_and_bca_intervals_are_shorter_at_five_seeds():
    """The reason for bootstrap-t. All agree on the middle, and with many values on the ends."""
    rng = np.random.default_rng(1)
    for n, ratio in ((5, (0.3, 0.8)), (200, (0.9, 1.1))):
        x = rng.standard_normal(n)
        ours = bootstrap_interval(x)
        for method in ("percentile", "BCa"):
            found = stats.bootstrap((x,), np.mean, method=method, rng=np.random.default_rng(0)).confidence_interval
            assert ratio[0] < (found.high - found.low) / (ours["high"] - ours["low"]) < ratio[1]


def test_the_interval_moves_and_grows_with_its_values():
    x = np.array([0.3, -0.1, 0.4, 0.9, 0.2])
    first = bootstrap_interval(x)
    assert bootstrap_interval(x) == first
    moved = bootstrap_interval(100 - 10 * x[::1])
    assert moved["low"] == pytest.approx(100 - 10 * first["high"])
    assert moved["high"] == pytest.approx(100 - 10 * first["low"])


def test_values_that_bound_nothing():
    assert bootstrap_interval([0.1] * 5) == {
        "mean": pytest.approx(0.1),
        "low": pytest.approx(0.1),
        "high": pytest.approx(0.1),
    }
    one_differs = bootstrap_interval([0.0, 0.0, 0.0, 0.0, 1.0])
    # A third of the resamples are all zeros and bound nothing above: 0.2 + t(4) * 0.2, the standard error.
    assert one_differs["high"] == pytest.approx(0.2 + 2.776445 * 0.2)
    assert bootstrap_interval([1.0]) == {"mean": 1.0, "low": None, "high": None}


def test_an_end_that_resamples_hardly_bound_is_no_further_off_than_five_times_students():
    """Three of the five are nearly equal: by the resamples that hold these alone the end would lie at -124."""
    x = [-0.3, 0.1, 0.1001, 0.1002, 0.3]
    found = bootstrap_interval(x)
    assert found["low"] == pytest.approx(np.mean(x) - 5 * 2.776445 * stats.sem(x))
    assert found["mean"] < found["high"] < 0.3
