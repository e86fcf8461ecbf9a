"""Conclusions from fabricated losses: one of each kind."""

import numpy as np
import pytest

from regx.core.streams import stream
from regx.studies.recommendation.judgement import Conclusion, Measured, Raced, Scores, conclude, simplest
from regx.studies.recommendation.references import TREES, references

SPLITS = 10
SPLIT, ROWS = (120, 30, 50), 200
MODELS = [one for one in references("regression") if one.role != TREES]


def scores(mean: float, purpose: str, spread: float = 0.02) -> dict[int, float]:
    rng = stream(0, purpose)
    return dict(enumerate((mean + spread * rng.standard_normal(SPLITS)).tolist()))


def lane(name: str, val: float, test: float, spread: float = 0.02) -> Raced:
    return Raced(name, name, 0.01, scores(val, f"{name} val", spread), scores(test, f"{name} test", spread), None)


def measured(trivial: float, linear: float, network: float, spread: float = 0.02) -> list[Measured]:
    return [
        Measured(one, scores(mean, one.table, spread), None)
        for one, mean in zip(MODELS, (trivial, linear, network), strict=True)
    ]


def concluded(lanes: list[Raced], plain_models: list[Measured]) -> Conclusion:
    return conclude(lanes, plain_models, SPLIT, ROWS)


def test_a_regularizer_that_helps_and_a_network_that_beats_the_references() -> None:
    found = concluded([lane("none", 0.8, 0.8), lane("l2", 0.5, 0.5), lane("full", 0.6, 0.6)], measured(1.0, 0.7, 0.75))
    assert (found.recommended, found.regularization, found.contest) == ("l2", "helps", "better")
    assert set(found.chosen.values()) == {"l2"}
    assert found.rival == "linear", "the better of the two"
    assert found.to_plain.lower == SPLITS


def test_a_regularizer_that_helps_where_the_plain_model_is_better_still() -> None:
    found = concluded([lane("none", 0.8, 0.8), lane("l2", 0.5, 0.5)], measured(1.0, 0.3, 0.75))
    assert (found.regularization, found.rival, found.contest) == ("helps", "linear", "worse")


def test_trees_are_held_against_the_network_where_they_are_better() -> None:
    trees = next(one for one in references("regression") if one.role == TREES)
    models = [*measured(1.0, 0.7, 0.75), Measured(trees, scores(0.3, "trees"), None)]
    found = concluded([lane("none", 0.8, 0.8), lane("l2", 0.5, 0.5)], models)
    assert (found.regularization, found.rival, found.contest) == ("helps", TREES, "worse")
    equal = concluded([lane("none", 0.8, 0.8), lane("l2", 0.3, 0.3)], models)
    assert (equal.rival, equal.contest) == (TREES, "unclear"), "the simplest that the network does not beat"


def test_a_network_that_cannot_be_told_from_the_simpler_model() -> None:
    found = concluded([lane("none", 0.8, 0.8), lane("l2", 0.5, 0.5)], measured(1.0, 0.5, 0.9))
    assert (found.rival, found.contest) == ("linear", "unclear")


def test_the_plain_network_alone_tells_nothing_about_regularizers() -> None:
    assert concluded([lane("none", 0.5, 0.5)], measured(1.0, 0.7, 0.7)).regularization == "cannot tell"


def test_nothing_to_learn() -> None:
    lanes = [lane("none", 1.5, 1.5), lane("l2", 1.0, 1.0)]
    found = concluded(lanes, measured(1.0, 1.01, 1.1))
    assert (found.learners, found.learnable) == ((), False)
    assert found.regularization == "does not help", "though l2 is better than none"


def test_a_loss_of_nearly_nothing_is_learned_however_much_the_trivial_loss_varies() -> None:
    # As where one row in eighty is far out: differences vary as much as the trivial loss does, and shares do not.
    trivial = dict(enumerate([0.8, 0.6, 3.9, 0.7, 0.5, 4.2, 0.9, 0.6, 0.7, 3.8]))
    exact = {seed: 0.05 * loss for seed, loss in trivial.items()}
    few = [dict(list(losses.items())[:5]) for losses in (trivial, exact)]
    for of_mean, of_line in ((trivial, exact), (few[0], few[1])):
        models = [Measured(one, losses, None) for one, losses in zip(MODELS, (of_mean, of_line, of_mean), strict=True)]
        found = concluded([Raced("none", "none", 0.01, of_mean, of_mean, None)], models)
        assert (found.learners, found.learnable) == (("linear",), True)


def test_what_only_looks_learnable_is_neither_affirmed_nor_denied() -> None:
    found = concluded([lane("none", 1.0, 0.9, 0.3), lane("l2", 0.9, 0.88, 0.3)], measured(1.0, 0.95, 1.1))
    assert (found.learners, found.learnable) == ((), None)
    assert found.to_trivial["procedure"].verdict == "unclear"


def test_no_regularizer_helps_where_all_losses_are_alike() -> None:
    lanes = [lane("none", 0.5, 0.5, 0.002), lane("l2", 0.5, 0.5, 0.002), lane("dropout", 0.51, 0.51, 0.002)]
    found = concluded(lanes, measured(1.0, 0.7, 0.7))
    assert (found.recommended, found.regularization) == ("none", "does not help")


def test_the_data_cannot_tell_where_splits_differ_more_than_lanes() -> None:
    lanes = [lane("none", 0.5, 0.5, 0.1), lane("l2", 0.45, 0.47, 0.1)]
    found = concluded(lanes, measured(1.0, 0.7, 0.7))
    assert found.regularization == "cannot tell"
    assert found.splits_needed is None
    assert found.rows_needed is not None
    assert found.rows_needed > ROWS, "only rows would tell"


def test_no_difference_on_average_is_no_finding_where_splits_allow_one_worth_having() -> None:
    found = concluded([lane("none", 0.5, 0.5, 0.1), lane("l2", 0.45, 0.5, 0.1)], measured(1.0, 0.7, 0.7))
    assert found.to_plain.low is not None
    assert found.to_plain.low < -0.05 * 0.5 < found.to_plain.mean
    assert found.regularization == "cannot tell"


def test_few_splits_tell_nothing() -> None:
    def few(scores: Scores) -> dict[int, float]:
        return {seed: scores[seed] for seed in (0, 1, 2)}

    lanes = [lane("none", 0.8, 0.8), lane("l2", 0.5, 0.5)]
    lanes = [Raced(one.name, one.stack, one.lr, few(one.val), few(one.test), None) for one in lanes]
    found = concluded(lanes, [Measured(one.reference, few(one.test), None) for one in measured(1.0, 0.7, 0.7)])
    assert found.to_plain.verdict == "cannot tell"
    assert (found.regularization, found.contest, found.learners) == ("cannot tell", "unclear", ())


def test_the_first_lane_within_a_standard_error_is_recommended() -> None:
    lanes = [lane("none", 0.8, 0.8), lane("l2", 0.501, 0.5), lane("dropout", 0.7, 0.7), lane("full", 0.5, 0.5)]
    assert simplest(lanes, 0.25).name == "l2"
    assert simplest([lanes[0], lanes[2], lanes[3]], 0.25).name == "full"


@pytest.mark.parametrize(("split", "recommended"), [((120, 3, 150), "l2"), ((120, 150, 3), "none")])
def test_the_standard_error_is_that_of_the_validation_rows(split: tuple[int, int, int], recommended: str) -> None:
    lanes = [lane("none", 0.52, 0.5), lane("l2", 0.5, 0.5)]
    assert conclude(lanes, measured(1.0, 0.7, 0.7), split, ROWS).recommended == recommended


def test_test_losses_choose_nothing() -> None:
    lanes = [lane("none", 0.8, 0.8), lane("l2", 0.5, 0.9), lane("dropout", 0.7, 0.1)]
    found = concluded(lanes, measured(1.0, 0.7, 0.7))
    assert found.recommended == "l2"
    assert set(found.chosen.values()) == {"l2"}
    assert found.lanes["dropout"].verdict == "better", "it is said, but it is not chosen"


@pytest.mark.parametrize("lanes_count", [3, 12])
def test_lanes_that_do_not_differ_rarely_help(lanes_count: int) -> None:
    # Losses of a table: each lane has its own luck with the whole table, shared by validation and test rows of all
    # splits, as rows are; then the luck of each split. Choosing among many lanes must not become a finding.
    tables, wrong = 300, 0
    for table in range(tables):
        wrong += _null(table, lanes_count).regularization == "helps"
    assert wrong / tables <= 0.05


def _null(table: int, lanes_count: int) -> Conclusion:
    rng = stream(table, "null lanes")
    luck = rng.standard_normal((lanes_count, ROWS)) * 0.5  # of each lane on each row

    def losses(which: int, rows: np.ndarray) -> dict[int, float]:
        return dict(enumerate(1 + luck[which][rows].mean(axis=1)))

    order = rng.permuted(np.tile(np.arange(ROWS), (SPLITS, 1)), axis=1)
    val, test = order[:, 120:150], order[:, 150:]
    names = ["none", *(f"lane{number}" for number in range(1, lanes_count))]
    lanes = [
        Raced(name, name, 0.01, losses(number, val), losses(number, test), None) for number, name in enumerate(names)
    ]
    return concluded(lanes, measured(1.5, 1.2, 1.2))
