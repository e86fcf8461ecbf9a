"""The ladder of stacks: its order, its grids, and that every rung of it is a config."""

import math

import pytest

from regx.config.load import config_of
from regx.core.parameters import parameters
from regx.regularizers import REGISTRY
from regx.studies.recommendation.ladder import (
    COCKTAILS,
    LEARNING_RATES,
    PARTS,
    USUAL,
    Candidate,
    LadderLane,
    applied,
    beyond,
    candidates,
    cocktails,
    combined,
    ladder,
)
from regx.studies.recommendation.network import simplest

LANES = ladder("binary", uneven=True)
TUNED = [name for name, part in PARTS.items() if part.strengths]
CHOSEN = {
    name: Candidate(name, 0.01, ((name, part.strengths[-1] if part.strengths else None),))
    for name, part in PARTS.items()
}


def test_the_ladder_goes_from_none_to_full_in_the_order_of_the_playbook() -> None:
    names = [lane.name for lane in LANES]
    assert names[0] == "none"
    assert names[-2:] == ["full", "cocktail"]
    order = [names.index(name) for name in ("input_noise", "l2", "early_stopping", "dropout", "batch_norm", "small")]
    assert order == sorted(order)


def test_lanes_are_those_that_can_act() -> None:
    asked = (("regression", False), ("binary", True), ("multiclass", True, True))
    names = [[lane.name for lane in ladder(*each)] for each in asked]
    assert not {"class_weight", "label_smoothing"} & set(names[0])
    assert {"class_weight", "label_smoothing"} <= set(names[1])
    of_images = {part.name for part in PARTS.values() if part.only == "images"}
    assert of_images
    assert not of_images & {*names[0], *names[1]}
    assert of_images <= set(names[2])
    assert names[2][1:4] == ["crop", "rotate", "flip"], "what moves and turns images comes first"
    assert "cutout" not in names[2], "whose share is of columns"
    cocktail = ladder("regression", uneven=False)[-1]
    assert not {"class_weight", "label_smoothing", "small"} & set(cocktail.parts)


@pytest.mark.parametrize("name", TUNED)
def test_strengths_are_within_their_bounds_and_none_is_neutral(name: str) -> None:
    part = PARTS[name]
    declared = parameters(REGISTRY[name])[part.key]
    assert declared.neutral not in part.strengths
    assert list(part.strengths) == sorted(part.strengths)


@pytest.mark.parametrize("lane", [lane for lane in LANES if lane.is_alone], ids=lambda lane: lane.name)
def test_every_lane_the_plain_one_too_has_the_same_learning_rates(lane: LadderLane) -> None:
    assert {candidate.lr for candidate in candidates(lane, LEARNING_RATES)} == set(LEARNING_RATES)


def test_together_starts_from_what_each_had_alone_and_from_a_third_of_it() -> None:
    lane = next(lane for lane in LANES if lane.name == "l2+dropout")
    assert [candidate.strengths for candidate in combined(lane, CHOSEN)] == [
        (0.1, 0.5), (0.1, 0.166667), (0.033333, 0.5), (0.033333, 0.166667),
    ]  # fmt: skip


@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_every_candidate_is_a_config_of_its_parts(lane: LadderLane) -> None:
    resolved = config_of({"dataset": "sine", "architecture": {"hidden": [8, 8]}}, "test").resolved
    if lane.is_cocktail:
        pool = cocktails(lane, LEARNING_RATES)
    else:
        pool = candidates(lane, LEARNING_RATES) if lane.is_alone else combined(lane, CHOSEN)
    for candidate in pool:
        config = config_of(applied(resolved, candidate, 7), "test")
        names = [name for name, _ in candidate.parts]
        assert [member.kind for member in config.stack] == [name for name in names if name in REGISTRY]
        assert config.architecture.residual == any(PARTS[name].exclusive == "skip" for name in names)
        assert (config.training.class_weight == "balanced") == ("class_weight" in names)
        assert config.architecture.hidden == ((2, 2) if "small" in names else (8, 8))
        assert config.optimizer.lr == candidate.lr
        assert (config.schedule.kind == "warm_restarts") == ("snapshot_ensemble" in names)
    assert lane.name == "none" or lane.is_cocktail or all(one.parts for one in pool)


def test_a_cocktail_holds_what_can_be_together_and_what_many_start_from() -> None:
    lane = LANES[-1]
    pool = cocktails(lane, LEARNING_RATES)
    assert pool == cocktails(lane, LEARNING_RATES), "the same for every split"
    assert 0.8 * COCKTAILS < len(pool) <= COCKTAILS
    for candidate in pool:
        words = [PARTS[name].exclusive for name, _ in candidate.parts if PARTS[name].exclusive]
        assert len(words) == len(set(words))
    assert [tuple(name for name, _ in one.parts) for one in pool[:2]] == list(USUAL)
    assert {name for one in pool for name, _ in one.parts} == set(lane.parts), "every part is drawn"


@pytest.mark.parametrize(
    ("name", "tried", "strength", "after"),
    [
        ("l2", (0.001, 0.01, 0.1), 0.1, 1.0),
        ("l2", (0.001, 0.01, 0.1), 0.001, 0.0001),
        ("l2", (0.001, 0.01, 0.1), 0.01, None),
        ("dropout", (0.1, 0.3, 0.5), 0.5, 0.83),
        ("dropout", (0.1, 0.3, 0.5, 0.83), 0.83, 0.915),
        ("label_smoothing", (0.03, 0.1), 0.1, 0.33),
        ("weight_average", (0.99, 0.999), 0.999, 0.9995),
        ("weight_average", (0.99, 0.999, 0.9995), 0.9995, 0.99975),
    ],
)
def test_a_grid_goes_on_where_the_best_of_it_stands_at_an_end(
    name: str, tried: tuple[float, ...], strength: float, after: float | None
) -> None:
    pool = [Candidate(name, 0.01, ((name, one),)) for one in tried]
    found = beyond(Candidate(name, 0.01, ((name, strength),)), pool)
    assert found == (None if after is None else Candidate(name, 0.01, ((name, after),)))


def test_so_does_that_of_the_plain_networks_rates_unless_there_is_one_alone() -> None:
    pool = [Candidate("none", rate) for rate in (0.001, 0.003, 0.01)]
    assert beyond(pool[2], pool) == Candidate("none", 0.033)
    assert beyond(pool[0], pool) == Candidate("none", 0.00033)
    assert beyond(pool[1], pool) is None
    assert beyond(pool[0], pool[:1]) is None
    assert beyond(Candidate("early_stopping", 0.01, (("early_stopping", None),)), []) is None


@pytest.mark.parametrize(
    ("reached", "chosen"),
    [
        ({"a": 0.5, "b": 0.496, "c": 0.6}, "a"),  # less than a hundredth is no reason for a larger one
        ({"a": 0.5, "b": 0.41, "c": 0.4099}, "b"),
        ({"a": math.inf, "b": 0.4}, "b"),
        ({"a": math.inf, "b": math.inf}, "a"),
    ],
)
def test_the_simplest_network_that_reaches_the_least_loss_is_chosen(reached: dict[str, float], chosen: str) -> None:
    assert simplest(reached) == chosen
