"""The ladder of stacks that `regx recommend` races, in the order in which one would try them.

No regularizer; augmentation, which for a table is noise on its rows or mixtures of them; penalties on the weights;
early stopping; dropout; less capacity; then several together. A lane has a small grid of strengths, and each of them is
tried with each learning rate: what a regularizer does depends on it, and a comparison at one learning rate says which
lane that one happens to suit (Choi et al. 2019, On Empirical Comparisons of Optimizers).
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEARNING_RATES = (0.003, 0.01, 0.03)  # of gradient descent with momentum
ADAPTIVE_RATES = (0.001, 0.003, 0.01)  # of any other optimizer
SMALL = "small"
# The strength of each regularizer: its key, and the values that are tried.
STRENGTHS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "input_noise": ("sigma", (0.1, 0.3, 1.0)),
    "mixup": ("alpha", (0.2, 1.0)),
    "l2": ("lam", (0.0001, 0.001, 0.01, 0.1, 1.0)),
    "l1": ("lam", (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    "dropout": ("p", (0.1, 0.3, 0.5)),
}
TOGETHER = (
    ("l2", "early_stopping"),
    ("l2", "dropout"),
    ("l2", "early_stopping", "dropout"),
    ("input_noise", "l2", "early_stopping", "dropout"),
)
WEAKER = 1 / 3  # regularizers add up, so together each is also tried at a third of the strength that it has alone


@dataclass(frozen=True)
class LadderLane:
    """One rung of the ladder: its name, and the kinds in its stack, in order."""

    name: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, order=True)
class Candidate:
    """A lane at one learning rate and one strength for each kind of its stack that has one, in their order."""

    lane: str
    lr: float
    strengths: tuple[float, ...] = ()


ALONE = (
    LadderLane("none", ()),
    *(LadderLane(kind, (kind,)) for kind in ("input_noise", "mixup", "l2", "l1", "early_stopping", "dropout")),
    LadderLane(SMALL, ()),
)
COMBINED = (*(LadderLane("+".join(kinds), kinds) for kinds in TOGETHER[:-1]), LadderLane("full", TOGETHER[-1]))
LADDER = (*ALONE, *COMBINED)


def with_strengths(lane: LadderLane) -> list[str]:
    """The kinds of a lane that have a strength, in order."""
    return [kind for kind in lane.kinds if kind in STRENGTHS]


def alone(lane: LadderLane, rates: tuple[float, ...] = LEARNING_RATES) -> list[Candidate]:
    """The candidates of a lane with at most one strength: every strength at every learning rate."""
    grids = [STRENGTHS[kind][1] for kind in with_strengths(lane)]
    return [Candidate(lane.name, lr, tuple(point)) for lr in rates for point in itertools.product(*grids)]


def combined(lane: LadderLane, chosen: Mapping[str, Candidate]) -> list[Candidate]:
    """The candidates of a lane of several: what was chosen for each kind alone and a third of it, combined.

    The learning rate is that of `l2` alone.
    """
    grids = [(chosen[kind].strengths[0], chosen[kind].strengths[0] * WEAKER) for kind in with_strengths(lane)]
    lr = chosen["l2"].lr
    return [Candidate(lane.name, lr, tuple(round(value, 6) for value in point)) for point in itertools.product(*grids)]


def stack(lane: LadderLane, candidate: Candidate, patience: int) -> list[Mapping[str, Mapping[str, Any]]]:
    """The stack of a candidate as it stands in a config."""
    strengths = dict(zip(with_strengths(lane), candidate.strengths, strict=True))
    settings: list[Mapping[str, Mapping[str, Any]]] = []
    for kind in lane.kinds:
        given = {STRENGTHS[kind][0]: strengths[kind]} if kind in strengths else {"patience": patience}
        settings.append({kind: given})
    return settings
