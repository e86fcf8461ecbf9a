"""Successive halving: many candidates with little training, the better ones with more.

Jamieson & Talwalkar 2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization, algorithm 1, with a
third kept each time instead of a half (Li et al. 2018, Hyperband, section 3.1). The resource is epochs, so the networks
of one rung train as populations. Strong regularizers need longer to show what they are worth, so at least two go on
until the last rung. Every rung ends its own schedule, so the last choice is one between lengths of training too.

Before the last rung a candidate is judged by its best epoch so far: one that learns fast and has begun to overfit says
more about what its kind can reach than where it happens to stand.
"""

import math
from collections.abc import Mapping
from typing import TypeVar

KEPT = 3
RUNGS = 3
FEWEST = 2

T = TypeVar("T")


def rung_epochs(epochs: int, eval_every: int) -> tuple[int, ...]:
    """The epochs of each rung, the last being all: a ninth, a third, and all of them, in steps of `eval_every`.

    Where `eval_every` is too coarse for that, rungs are alike, and never longer than all.
    """
    parts = [epochs / KEPT**left for left in range(RUNGS - 1, 0, -1)]
    return (*(min(max(1, round(part / eval_every)) * eval_every, epochs) for part in parts), epochs)


def survivors(losses: Mapping[T, float], last: bool = False) -> list[T]:
    """The candidates that go on: the best third by loss, at least two; of the last rung the best alone.

    Ties go to what comes first. A loss that is not finite is the worst there is.
    """
    ranked = sorted(losses, key=lambda candidate: losses[candidate] if math.isfinite(losses[candidate]) else math.inf)
    return ranked[:1] if last else ranked[: max(math.ceil(len(ranked) / KEPT), min(FEWEST, len(ranked)))]
