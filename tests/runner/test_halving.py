"""Successive halving on fabricated losses."""

import math
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.studies.recommendation.criteria import LOSS
from regx.studies.recommendation.halving import FEWEST, KEPT, rung_epochs, survivors
from regx.studies.recommendation.trials import Trials

LOSSES = st.dictionaries(st.integers(), st.floats(allow_nan=True), min_size=1, max_size=40)


def test_the_best_third_goes_on_and_the_last_choice_is_of_one() -> None:
    losses = {"a": 0.5, "b": 0.1, "c": 0.9, "d": 0.3, "e": 0.7, "f": 0.2, "g": 0.4, "h": 0.6, "i": 0.8}
    assert survivors(losses) == ["b", "f", "d"]
    assert survivors(losses, last=True) == ["b"]


def test_at_least_two_go_on_so_that_the_last_choice_is_between_networks_trained_to_the_end() -> None:
    assert survivors({"a": 2.0, "b": 1.0, "c": 3.0}) == ["b", "a"]
    assert survivors({"a": 2.0}) == ["a"]


def test_ties_go_to_what_comes_first_and_divergence_comes_last() -> None:
    assert survivors({"a": math.nan, "b": 1.0, "c": 1.0, "d": math.inf}) == ["b", "c"]


@given(LOSSES)
def test_whoever_goes_on_is_no_worse_than_whoever_does_not(losses: dict[int, float]) -> None:
    kept = survivors(losses)
    assert len(kept) == max(math.ceil(len(losses) / KEPT), min(FEWEST, len(losses)))

    def known(key: int) -> float:
        return losses[key] if math.isfinite(losses[key]) else math.inf

    worst = max(map(known, kept))
    assert all(known(key) >= worst for key in losses if key not in kept)
    assert survivors(losses, last=True) == kept[:1]


def test_rounds_that_agree_find_the_best_candidate_with_less_than_half_of_the_epochs() -> None:
    # 15 strengths whose losses keep their order: halving must end at the best.
    candidates, epochs = list(range(15)), rung_epochs(900, 10)
    assert epochs == (100, 300, 900)
    pool, trained = candidates, 0
    for rung, until in enumerate(epochs):
        trained += until * len(pool)
        losses = {candidate: abs(candidate - 11) + 100 / until for candidate in pool}
        pool = survivors(losses, last=rung == len(epochs) - 1)
    assert pool == [11]
    assert trained < 15 * 900 / 2


@pytest.mark.parametrize(("epochs", "eval_every"), [(9, 1), (30, 1), (2000, 40), (50, 7), (10, 40), (3, 1)])
def test_rounds_grow_and_end_at_all_epochs(epochs: int, eval_every: int) -> None:
    rungs = rung_epochs(epochs, eval_every)
    assert rungs[-1] == epochs
    assert list(rungs) == sorted(rungs)
    assert all(one % eval_every == 0 or one == epochs for one in rungs)


def test_a_mean_over_splits_is_infinite_where_one_of_them_diverged_or_is_missing() -> None:
    known = {("a", 0): 1.0, ("b", 0): 1.0, ("c", 0): 1.0, ("a", 1): 3.0, ("b", 1): math.nan}
    results = SimpleNamespace(value=lambda metric, candidate, epochs, seed: known.get((candidate, seed), math.inf))
    trials = SimpleNamespace(criterion=LOSS, results=results)
    found = Trials.costs(trials, [("a", 9), ("b", 9), ("c", 9)], [0, 1])
    assert found == {("a", 9): 2.0, ("b", 9): math.inf, ("c", 9): math.inf}
