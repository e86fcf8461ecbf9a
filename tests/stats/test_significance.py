from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regx.stats.significance import MOST_SEEDS, holm, holm_factors, least_p, paired_t_p, seeds_to_tell, sign_flip_p


@given(st.lists(st.integers(-50, 50).map(lambda number: number / 10), min_size=2, max_size=10))
def test_exact_sign_flips_are_scipys(differences):
    oracle = stats.permutation_test(
        (differences,),
        lambda x, axis: np.abs(x.mean(axis)),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
    )
    assert sign_flip_p(differences) == pytest.approx(oracle.pvalue)
    assert sign_flip_p(differences) >= least_p(len(differences))


def test_drawn_sign_flips_approach_the_exact_ones():
    x = np.random.default_rng(3).normal(0.4, 1, 14)
    signs = 1 - 2 * ((np.arange(2**14)[:, None] >> np.arange(14)) & 1)
    exact = np.mean(np.abs(signs @ x) >= abs(x.sum()) - 1e-9)
    assert sign_flip_p(x) == pytest.approx(exact, abs=0.015)
    assert sign_flip_p(np.ones(40)) == pytest.approx(1 / 10_001)


@given(
    st.lists(st.floats(-9, 9).map(lambda number: round(number, 2)), min_size=2, max_size=10).filter(
        lambda x: len(set(x)) > 1
    )
)
def test_paired_t_is_scipys(differences):
    assert paired_t_p(differences) == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)


def test_equal_differences():
    assert paired_t_p([0.0] * 5) == 1
    assert paired_t_p([0.1] * 5) == 0


def test_holm_worked_example():
    # Sorted 0.01, 0.02, 0.03, 0.04: times 4, 3, 2, 1 = 0.04, 0.06, 0.06, 0.04, then never less than the one before.
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
    assert holm_factors([0.04, 0.01, 0.03, 0.02]) == [1, 4, 2, 3]


@pytest.mark.parametrize("level", [0.05, 0.05 / 7, 0.05 / 30])
@pytest.mark.parametrize("effect", [0.15, 0.3, 0.5, 0.7, 1.0])
def test_seeds_to_tell_agree_with_the_power_of_the_t_test(level, effect):
    x = np.array([-1.0, 0.0, 1.0]) + effect  # deviation 1
    n = seeds_to_tell(x, level)

    def power(n):
        limit, shift = stats.t.isf(level / 2, n - 1), effect * np.sqrt(n)
        return stats.nct.sf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift)

    assert power(n + 1) >= 0.8 > power(n - 2)


def test_seeds_to_tell_has_bounds():
    assert seeds_to_tell([0.0, 0.0], 0.05) is None
    assert seeds_to_tell([-1.0, 1.0, 1e-3], 0.05) is None
    assert seeds_to_tell([1.0, 1.0, 1.0], 0.05) == 4  # more than there are, since these could not tell
    # (1.96 + 0.84)² (1/d)² + 1.96²/2 at d = 0.0888 is 997.2.
    assert seeds_to_tell(np.array([-1.0, 0.0, 1.0]) + 0.0888, 0.05) == 998
    assert seeds_to_tell(np.array([-1.0, 0.0, 1.0]) + 0.0885, 0.05) is None
    assert MOST_SEEDS == 1000
