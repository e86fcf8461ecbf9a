"""The corrected resampled t-test: its formula worked by hand, and its errors on tables where nothing differs."""

import math

import numpy as np
import pytest
from scipy import stats

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.stats.resampled import resampled_difference, rows_that_tell, splits_that_tell
from regx.stats.significance import paired_t_p

ROWS, TRAIN, TEST = 60, 36, 15


def test_the_formula_worked_by_hand() -> None:
    # mean 3, s² = 10/4 = 2.5, variance of the mean 2.5·(1/5 + 1/4) = 1.125, t = 3/1.0607 = 2.8284 with 4 degrees.
    found = resampled_difference([1.0, 2.0, 3.0, 4.0, 5.0], held_out=0.25)
    assert found.error == pytest.approx(math.sqrt(1.125))
    assert found.p == pytest.approx(2 * stats.t.sf(3 / math.sqrt(1.125), 4))
    half = stats.t.ppf(0.975, 4) * math.sqrt(1.125)
    assert (found.low, found.high) == pytest.approx((3 - half, 3 + half))


def test_without_a_shared_row_it_is_students_paired_t() -> None:
    values = stream(0, "test").standard_normal(12) + 0.3
    found, student = resampled_difference(values.tolist(), held_out=0.0), stats.ttest_1samp(values, 0)
    assert found.p == pytest.approx(student.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(student.confidence_interval()))


def test_one_split_has_a_mean_and_nothing_else() -> None:
    found = resampled_difference([0.4], held_out=0.25)
    assert (found.mean, found.low, found.p) == (0.4, None, None)


@pytest.mark.parametrize(("value", "p"), [(0.0, 1.0), (0.2, 0.0)])
def test_equal_differences(value: float, p: float) -> None:
    assert resampled_difference([value] * 6, held_out=0.4).p == p


def differences(table: int, splits: int) -> Array:
    """Squared losses of answering 1 minus those of answering -1, over splits of one table of noise, (splits,).

    The two are equally good: the target has mean 0. On a table whose mean happens not to be 0 one of them is better on
    nearly every split, since the splits share rows.
    """
    rng = stream(table, "noise table")
    y = rng.standard_normal(ROWS)
    test = rng.permuted(np.tile(np.arange(ROWS), (splits, 1)), axis=1)[:, :TEST]
    return ((y[test] - 1) ** 2 - (y[test] + 1) ** 2).mean(axis=1)


@pytest.mark.parametrize("splits", [5, 10, 30])
def test_equally_good_learners_are_told_apart_no_more_often_than_the_level(splits: int) -> None:
    tables = 1000
    drawn = [differences(table, splits).tolist() for table in range(tables)]
    corrected = np.mean([(resampled_difference(one, TEST / TRAIN).p or 0) <= 0.05 for one in drawn])
    naive = np.mean([paired_t_p(one) <= 0.05 for one in drawn])
    assert corrected <= 0.05
    assert corrected >= 0.01, "nor so careful that it never says anything"
    assert naive > 0.15, "the mistake that the correction is for"


def test_splits_that_tell_are_the_fewest_that_do() -> None:
    values = [0.3, 0.1, 0.5, -0.1, 0.4, 0.2]
    needed = splits_that_tell(values, held_out=0.05)
    assert needed is not None
    x = np.asarray(values)

    def tells(splits: int) -> bool:
        t = x.mean() / (x.std(ddof=1) * math.sqrt(1 / splits + 0.05))
        return 2 * stats.t.sf(t, splits - 1) <= 0.05

    assert tells(needed)
    assert needed == len(values) or not tells(needed - 1)


def test_no_number_of_splits_tells_what_only_rows_can() -> None:
    values = [0.1, -0.1, 0.2, -0.15, 0.05, 0.1]
    assert splits_that_tell(values, held_out=0.4) is None
    rows = rows_that_tell(values, held_out=0.4, rows=100)
    assert rows is not None
    # At so many times the rows the variance is so many times smaller, and p is at the level.
    x = np.asarray(values)
    shrunk = x.mean() + (x - x.mean()) * math.sqrt(100 / rows)
    assert resampled_difference(shrunk.tolist(), 0.4).p == pytest.approx(0.05, abs=2e-4)
