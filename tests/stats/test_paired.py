from __future__ import annotations

import numpy as np
import pytest

from regx.stats.paired import compare_to_baseline
from regx.stats.resampled import resampled_difference, splits_that_tell


def seeds(values):
    return dict(enumerate(values))


BASE = [0.10, 0.12, 0.09, 0.14, 0.11]


def test_verdicts():
    lower = seeds([0.05, 0.08, 0.05, 0.09, 0.06])
    higher = seeds([0.15, 0.16, 0.13, 0.19, 0.16])
    mixed = seeds([0.15, 0.08, 0.13, 0.13, 0.12])
    few = {seed: lower[seed] for seed in range(4)}
    other = {9: 0.1}
    judged = compare_to_baseline([lower, higher, mixed, few, other], seeds(BASE))
    assert [run.verdict for run in judged] == [
        "better",
        "worse",
        "unclear",
        "cannot tell",
        "cannot tell",
    ]
    assert judged[0].difference["mean"] == pytest.approx(-0.046)
    assert judged[0].difference["high"] < 0
    assert judged[3].difference["p"] is None
    assert judged[3].difference["mean"] == pytest.approx(np.mean([-0.05, -0.04, -0.04, -0.05]))
    assert judged[4].difference == {"mean": None, "low": None, "high": None, "p": None}
    assert [(run.won, run.tied, run.shared) for run in judged] == [
        (5, 0, 5),
        (0, 0, 5),
        (2, 0, 5),
        (4, 0, 4),
        (0, 0, 0),
    ]
    assert [run.seeds_to_tell is None for run in judged] == [True, True, False, True, True]
    accuracies = compare_to_baseline([lower, higher], seeds(BASE), lower_is_better=False)
    assert [(run.verdict, run.won) for run in accuracies] == [("worse", 0), ("better", 5)]


def test_only_shared_seeds_are_paired():
    base = {**seeds(BASE), 17: 100.0}
    run = {**seeds(BASE), 18: -100.0}
    (same,) = compare_to_baseline([run], base)
    assert same.difference == {"mean": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    assert (same.verdict, same.won, same.tied, same.shared, same.seeds_to_tell) == ("unclear", 0, 5, 5, None)


def test_few_tables_without_a_difference_have_a_verdict():
    """Seven runs at five seeds: without a correction a quarter of the tables would have one."""
    rng = np.random.default_rng(0)
    tables = rng.standard_normal((200, 8, 5))
    wrong = [
        any(run.verdict != "unclear" for run in compare_to_baseline([seeds(x) for x in t[1:]], seeds(t[0])))
        for t in tables
    ]
    assert np.mean(wrong) < 0.09


@pytest.mark.parametrize("runs", [1, 7])
def test_so_many_seeds_do_tell(runs):
    """Of tables as large as an unclear one asks for, of the effect that it saw, about 0.8 tell."""
    rng = np.random.default_rng(runs)
    seen = rng.standard_normal(10)
    seen = (seen - seen.mean()) / seen.std(ddof=1) + 0.6
    others = [dict.fromkeys(range(10), 0.0)] * (runs - 1)  # p of 1: the seen one is corrected for all
    unclear = compare_to_baseline([seeds(seen), *others], dict.fromkeys(range(10), 0.0))[0]
    assert unclear.verdict == "unclear"
    n = unclear.seeds_to_tell
    others = [dict.fromkeys(range(n), 0.0)] * (runs - 1)
    drawn = rng.normal(0.6, 1, (60, n))
    told = [compare_to_baseline([seeds(x), *others], dict.fromkeys(range(n), 0.0))[0].verdict == "worse" for x in drawn]
    assert np.mean(told) == pytest.approx(0.8, abs=0.15)


def test_over_splits_of_one_table_it_is_the_corrected_resampled_test():
    run = seeds([0.05, 0.08, 0.05, 0.13, 0.06, 0.07])
    baseline = seeds([0.10, 0.12, 0.09, 0.14, 0.11, 0.10])
    values = [run[seed] - baseline[seed] for seed in run]
    found, independent = (compare_to_baseline([run], baseline, held_out=ratio)[0] for ratio in (1.2, None))
    expected = resampled_difference(values, 1.2)
    assert found.difference == {"mean": expected.mean, "low": expected.low, "high": expected.high, "p": expected.p}
    assert (independent.verdict, found.verdict) == ("better", "unclear")
    assert found.seeds_to_tell == splits_that_tell(values, 1.2)
    several = compare_to_baseline([run] * 3, baseline, held_out=1.2)
    assert several[0].difference["p"] == pytest.approx(min(1.0, 3 * expected.p))
    assert several[0].seeds_to_tell == splits_that_tell(values, 1.2, 0.05 / 3)


def test_equally_good_ridges_are_told_apart_at_the_level_and_not_as_if_splits_were_independent():
    """Few tables here; `tests/benchmarks/simulate_verdicts.py` has 400 at 5, 10 and 20 seeds."""
    from benchmarks.simulate_verdicts import rates

    found = rates(tables=60, seeds=10, strong=2.17)
    assert found.corrected <= 0.1
    assert found.independent >= 0.15


def test_a_difference_ends_where_it_can_be():
    """Five seeds of an accuracy, of which one is 0.9 apart: the interval without a bound leaves [-1, 1]."""
    far, none = seeds([0.95, 0.05, 0.9, 0.1, 1.0]), seeds([0.05, 0.9, 0.1, 0.95, 0.0])
    ((free,), (bound,)) = (compare_to_baseline([far], none, False, reach=reach) for reach in ((), [1.0]))
    assert free.difference["high"] > 1
    assert bound.difference == {**free.difference, "low": max(free.difference["low"], -1), "high": 1}
    assert bound[1:] == free[1:]
