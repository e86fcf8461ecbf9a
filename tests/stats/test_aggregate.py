from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regx.stats.aggregate import mean_interval


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=30))
def test_the_interval_is_scipys(values):
    values = [round(value, 3) for value in values]
    interval = mean_interval(values)
    error = stats.sem(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), error) if error > 0 else (np.mean(values),) * 2
    assert (interval["mean"], interval["low"], interval["high"]) == pytest.approx(
        (np.mean(values), low, high), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [([], (None,) * 3), ([2.0], (2.0, None, None)), ([1.0, None], (None,) * 3), ([1.0, float("nan")], (None,) * 3)],
)
def test_too_few_values_have_no_interval(values, expected):
    assert tuple(mean_interval(values).values()) == expected
