"""The ladder of stacks: its order, its grids, and that every rung of it is a config."""

import math

import pytest

from regx.core.parameters import parameters
from regx.regularizers import REGISTRY
from regx.studies.recommendation.ladder import (
    ALONE,
    COMBINED,
    LADDER,
    LEARNING_RATES,
    STRENGTHS,
    Candidate,
    alone,
    combined,
    stack,
)
from regx.studies.recommendation.network import simplest

CHOSEN = {kind: Candidate(kind, 0.01, (values[-1],)) for kind, (_, values) in STRENGTHS.items()}


def test_the_ladder_goes_from_none_to_full_in_the_order_of_the_playbook() -> None:
    names = [lane.name for lane in LADDER]
    assert names[0] == "none"
    assert names[-1] == "full"
    order = [names.index(name) for name in ("input_noise", "l2", "early_stopping", "dropout", "small")]
    assert order == sorted(order)
    assert {kind for lane in COMBINED for kind in lane.kinds} <= set(LADDER[-1].kinds), "full is all of them"


@pytest.mark.parametrize("kind", STRENGTHS)
def test_strengths_are_first_parameters_within_their_bounds_and_none_is_neutral(kind: str) -> None:
    key, values = STRENGTHS[kind]
    declared = parameters(REGISTRY[kind])
    assert key == next(iter(declared))
    assert declared[key].neutral not in values
    assert list(values) == sorted(values)


@pytest.mark.parametrize("lane", ALONE, ids=lambda lane: lane.name)
def test_every_lane_the_plain_one_too_has_the_same_learning_rates(lane: object) -> None:
    assert {candidate.lr for candidate in alone(lane)} == set(LEARNING_RATES)  # type: ignore[arg-type]


def test_together_starts_from_what_each_had_alone_and_from_a_third_of_it() -> None:
    lane = next(lane for lane in COMBINED if lane.name == "l2+dropout")
    assert [candidate.strengths for candidate in combined(lane, CHOSEN)] == [
        (1.0, 0.5), (1.0, 0.166667), (0.333333, 0.5), (0.333333, 0.166667),
    ]  # fmt: skip


@pytest.mark.parametrize("lane", LADDER, ids=lambda lane: lane.name)
def test_every_candidate_is_a_stack_of_its_kinds(lane: object) -> None:
    candidates = alone(lane) if len(lane.kinds) < 2 else combined(lane, CHOSEN)  # type: ignore[attr-defined, arg-type]
    for candidate in candidates:
        items = stack(lane, candidate, patience=7)  # type: ignore[arg-type]
        members = [REGISTRY[kind](**given) for item in items for kind, given in item.items()]
        assert tuple(member.kind for member in members) == lane.kinds  # type: ignore[attr-defined]


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
