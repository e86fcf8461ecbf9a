"""Held against SciPy, whose import the product spares itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regx.stats.student import beyond, critical

FREE = st.integers(1, 1100)


@given(FREE, st.floats(-50, 50))
def test_the_probability_beyond_is_scipys(free: int, t: float) -> None:
    assert beyond(t, free) == pytest.approx(2 * stats.t.sf(abs(t), free), rel=1e-6, abs=1e-300)
    assert beyond(t, free) == beyond(-t, free) <= 1


@given(FREE, st.floats(1e-5, 0.9))
def test_the_critical_value_is_scipys_and_is_exceeded_with_its_probability(free: int, level: float) -> None:
    # Earlier versions of SciPy are no closer to it than that.
    assert critical(free, level) == pytest.approx(stats.t.isf(level / 2, free), rel=1e-7)
    assert beyond(critical(free, level), free) == pytest.approx(level, rel=1e-10)


def test_at_5_percent_it_is_close() -> None:
    free = [*range(1, 60), *range(100, 1100, 97)]
    assert [critical(one) for one in free] == pytest.approx(stats.t.ppf(0.975, free), rel=1e-10)
