from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regx.stats.optimism import optimism_of_choice


def test_a_worked_example():
    # Sums 6 and 7: the first is chosen. Without seed 2 the sums are 5 and 3: the second is. Its loss at seed 2 is 4,
    # where the first has 1: 3 more at one of three seeds.
    found = optimism_of_choice(np.array([[2.0, 3.0, 1.0], [1.5, 1.5, 4.0]]))
    assert (found.mean, found.changed, found.seeds) == (pytest.approx(1.0), 1, 3)


@pytest.mark.parametrize(("cells", "seeds"), [(3, 5), (7, 10), (20, 20)])
def test_equal_cells_are_flattered_by_the_expected_minimum(cells, seeds):
    rng = np.random.default_rng(cells)
    # What seeds have in common, such as an easy split, is not chosen by and does not matter.
    sweeps = rng.standard_normal((2000, cells, seeds)) + 5 * rng.standard_normal((2000, 1, seeds))
    expected = -np.mean(rng.standard_normal((20_000, cells)).min(axis=1)) / np.sqrt(seeds)
    assert np.mean([optimism_of_choice(sweep).mean for sweep in sweeps]) == pytest.approx(expected, rel=0.1)


def test_a_cell_that_leads_is_not_flattered():
    losses = np.random.default_rng(0).standard_normal((9, 20))
    losses[4] -= 10
    found = optimism_of_choice(losses)
    assert (found.mean, found.changed) == (0.0, 0)


@given(arrays(float, (4, 6), elements=st.floats(-100, 100)), st.randoms(use_true_random=False))
def test_it_is_never_negative_and_knows_no_order(losses, random):
    found = optimism_of_choice(losses)
    assert found.mean >= 0
    assert 0 <= found.changed <= 6
    seeds = random.sample(range(6), 6)
    assert optimism_of_choice(losses[:, seeds]).mean == pytest.approx(found.mean, abs=1e-9)


def test_one_seed_measures_nothing():
    with pytest.raises(ValueError, match="expected two seeds or more, found 1"):
        optimism_of_choice(np.zeros((3, 1)))


def test_equals_are_not_told_apart_by_the_order_of_their_seeds():
    losses = np.full((4, 6), 0.1)
    losses[0, 3], losses[1] = 0.7, [0.1, 0.2, 0.3, 0.1, 0.1, 0.1]
    means = {round(optimism_of_choice(losses[:, seeds]).mean, 12) for seeds in itertools.permutations(range(6))}
    assert len(means) == 1
