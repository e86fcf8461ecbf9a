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


def test_five_seeds_are_covered_as_the_docstring_says():
    samples = np.random.default_rng(0).standard_normal((600, 5))
    intervals = [bootstrap_interval(sample) for sample in samples]
    covered = np.mean([interval["low"] <= 0 <= interval["high"] for interval in intervals])
    assert covered == pytest.approx(0.95, abs=0.03)  # 0.83 of percentile intervals


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
