from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import ttest_1samp
from sklearn.linear_model import LinearRegression

from regx.studies.ablation.judgement import contrasts, design

# The least share of a column that seeds differ by, so that intervals are narrow but not of no width.
JITTER = np.linspace(-0.001, 0.001, 8)


def cells(*means):
    """Every combination's metric at eight seeds, which differ in level and a little in each combination."""
    level = np.linspace(0, 5, 8)
    return np.stack([mean + level + np.roll(JITTER, 3 * row) for row, mean in enumerate(means)])


def test_two_members_by_hand():
    """One seed: none 10, B 7, A 6, both 5."""
    found = contrasts(np.array([[10.0], [7.0], [6.0], [5.0]]))
    a, b = found.effects
    assert a.average["mean"] == pytest.approx(((6 - 10) + (5 - 7)) / 2)  # -3
    assert b.average["mean"] == pytest.approx(((7 - 10) + (5 - 6)) / 2)  # -2
    assert (a.alone["mean"], b.alone["mean"]) == (6 - 10, 7 - 10)
    assert (a.last["mean"], b.last["mean"]) == (5 - 7, 5 - 6)
    (pair,) = found.pairs
    assert pair.interaction["mean"] == pytest.approx((5 - 7) - (6 - 10))  # A with B on, minus A with B off: 2
    assert [one["mean"] for one in pair.with_other] == [5 - 7, 5 - 6]
    assert [one["mean"] for one in pair.without_other] == [6 - 10, 7 - 10]
    assert found.together["mean"] == 5 - 10
    assert found.sum_alone["mean"] == (6 - 10) + (7 - 10)
    assert found.shortfall["mean"] == -5 + 7
    assert (pair.verdict, found.diminishing, a.verdict) == ("cannot tell", "cannot tell", "cannot tell")


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_averages_and_interactions_are_those_of_least_squares(k):
    """Coded -1 and 1, an average effect is twice its coefficient and an interaction four times."""
    values = np.random.default_rng(k).standard_normal((2**k, 6))
    coded = 2.0 * design(k) - 1
    pairs = [(i, j) for i in range(k) for j in range(i + 1, k)]
    columns = np.column_stack([coded, *(coded[:, i] * coded[:, j] for i, j in pairs)])
    coefficients = LinearRegression().fit(columns, values.mean(axis=1)).coef_
    found = contrasts(values)
    assert [one.average["mean"] for one in found.effects] == pytest.approx(2 * coefficients[:k])
    assert [one.members for one in found.pairs] == pairs
    assert [one.interaction["mean"] for one in found.pairs] == pytest.approx(4 * coefficients[k:])


@given(
    base=arrays(float, 6, elements=st.floats(-10, 10)),
    effects=arrays(float, st.tuples(st.integers(2, 3), st.just(6)), elements=st.floats(-10, 10)),
)
def test_where_effects_add_up_nothing_interacts(base, effects):
    on = design(len(effects)).astype(float)
    found = contrasts(base + on @ effects)
    for number, one in enumerate(found.effects):
        for interval in (one.average, one.alone, one.last):
            assert interval["mean"] == pytest.approx(effects[number].mean(), abs=1e-9)
    assert all(abs(pair.interaction["mean"]) < 1e-9 for pair in found.pairs)
    assert abs(found.shortfall["mean"]) < 1e-9


@pytest.mark.parametrize(
    ("means", "verdict", "diminishing"),
    [
        ((10, 7, 6, 5.5), "overlap", "yes"),  # the second gains less, but gains
        ((10, 7, 6, 8), "interfere", "yes"),  # adding either to the other makes matters worse
        ((10, 7, 6, 6.5), "interfere", "yes"),  # so does adding B to A
        ((10, 9, 9, 4), "help each other", "no"),
        ((10, 7, 6, 3), "unclear", "cannot tell"),
        ((10, 11, 12, 11), "help each other", "no gain"),
    ],
)
def test_verdicts_on_a_pair(means, verdict, diminishing):
    for values, lower in ((cells(*means), True), (-cells(*means), False)):  # of an accuracy more is better
        found = contrasts(values, lower)
        assert (found.pairs[0].verdict, found.diminishing) == (verdict, diminishing)


def test_seeds_that_differ_in_level_alone_widen_nothing():
    narrow = contrasts(cells(10, 7, 6, 5)).effects[0].average
    assert narrow["high"] - narrow["low"] < 0.01


def test_p_is_corrected_for_all_effects_interactions_and_the_shortfall():
    """Of 6 seeds and 7 tests p is that of paired t, and Holm's factor is 7 for the least of them down to 1."""
    on = design(3)
    values = np.random.default_rng(3).standard_normal((8, 6)) + (on @ [-1.5, 0.5, 0.2])[:, None]
    found = contrasts(values)
    parts = [np.where(on[:, i], 1, -1) @ values / 4 for i in range(3)]
    parts += [np.where(on[:, i] == on[:, j], 1, -1) @ values / 2 for i, j in ((0, 1), (0, 2), (1, 2))]
    parts.append(np.array([2, -1, -1, 0, -1, 0, 0, 1]) @ values)
    raw = [ttest_1samp(contrast, 0).pvalue for contrast in parts]
    order = np.argsort(raw)
    expected = np.empty(7)
    expected[order] = np.minimum(np.maximum.accumulate(np.arange(7, 0, -1) * np.array(raw)[order]), 1)
    differences = [one.average for one in found.effects] + [pair.interaction for pair in found.pairs]
    assert [one["p"] for one in [*differences, found.shortfall]] == pytest.approx(expected)
    assert [one["mean"] for one in [*differences, found.shortfall]] == pytest.approx([c.mean() for c in parts])
    assert min(raw) < 0.05


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ((1.0, 1.2, 1.1, 1.25), "harm less together"),  # both are worse than none, and together worst of all
        ((1.0, 1.2, 1.1, 0.8), "help each other"),  # each harms alone, and gains where the other is on
        ((1.0, 0.9, 0.8, 0.5), "help each other"),
        ((1.0, 0.8, 1.2, 1.05), "interfere"),
        ((1.0, 0.8, 1.3, 0.9), "harm less together"),  # one gains, and the other harms with it and without it
        ((1.0, 0.7, 0.6, 0.55), "overlap"),
        ((1.0, 0.7, 0.6, 0.8), "interfere"),
        ((1.0, 1.1, 1.2, 1.5), "harm more together"),
    ],
)
@pytest.mark.parametrize("lower", [True, False])
def test_the_verdict_of_a_pair_follows_from_what_each_does_alone_and_with_the_other(losses, verdict, lower):
    rng = np.random.default_rng(0)
    values = np.array(losses)[:, None] + 0.001 * rng.standard_normal((4, 8))
    (pair,) = contrasts(values if lower else -values, lower).pairs
    assert pair.verdict == verdict


def test_effects_end_where_they_can_be():
    """Effects of an accuracy within 1, an interaction, which is the difference of two, within 2."""
    values = np.random.default_rng(3).integers(0, 2, (4, 5)).astype(float)
    free, bound = contrasts(values, False), contrasts(values, False, reach=1.0)
    clipped = 0
    for one, other, reach in [
        *((a.average, b.average, 1) for a, b in zip(free.effects, bound.effects, strict=True)),
        *((a.alone, b.alone, 1) for a, b in zip(free.effects, bound.effects, strict=True)),
        *((a.interaction, b.interaction, 2) for a, b in zip(free.pairs, bound.pairs, strict=True)),
        (free.sum_alone, bound.sum_alone, 2),
    ]:
        assert other == {**one, "low": max(one["low"], -reach), "high": min(one["high"], reach)}
        clipped += one != other
    assert clipped
