"""What `regx race` prints of how much choosing flatters is of the right size for lanes that stop early, too."""

from __future__ import annotations

from benchmarks.simulate_optimism import RACES, flattery


def test_cross_fitting_takes_away_what_early_stopping_flatters() -> None:
    """Few races here; `tests/benchmarks/simulate_optimism.py` has more, and prints both."""
    least, cross_fitted = flattery(RACES["early stopping in every lane"], races=8)
    unsaid_before, unsaid_now = (one.actual - one.printed for one in (least, cross_fitted))
    assert unsaid_before > 0.005, "the least of many epochs is better than new rows will be, and that was not printed"
    assert abs(unsaid_now) < unsaid_before
