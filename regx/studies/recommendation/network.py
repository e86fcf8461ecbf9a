"""The network that all lanes of a race share: its depth, width, optimizer and schedule are chosen before the lanes run.

It is chosen by what it can reach at its best epoch, so that lanes are asked of a network that is able to learn the
table, and not of one that underfits it, where no regularizer can help.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regx.config.config import Config

SPLITS = 3  # on which the choice is made, by their validation rows
GAIN = 0.01  # share of the loss that a larger or longer trained network has to gain over a simpler one
LONGER = 3  # times the epochs, when it is asked whether the network gains from more
SHARE = 0.25  # of the minutes, that the choice may take
# Gradient descent with momentum, and Adam.
OPTIMIZERS: Mapping[str, Mapping[str, Any]] = {"sgd": {"name": "sgd", "momentum": 0.9}, "adam": {"name": "adam"}}


@dataclass(frozen=True)
class CandidateNetwork:
    """One that is tried: a name for a sentence, its config without regularizers, and the learning rates it is given."""

    name: str
    base: Config
    rates: tuple[float, ...]


# Hidden units, optimizer and schedule, the simplest first.
CANDIDATES = (
    ((64,), "sgd", "constant"),
    ((64,), "adam", "cosine"),
    ((128, 128), "sgd", "cosine"),
    ((128, 128), "adam", "cosine"),
    ((256, 256, 256), "adam", "cosine"),
)


def simplest(reached: Mapping[str, float]) -> str:
    """The first whose loss none of the later ones betters by more than `GAIN` of it."""
    least = min(reached.values())
    near = (name for name, loss in reached.items() if math.isfinite(loss) and loss - least <= GAIN * abs(loss))
    return next(near, next(iter(reached)))
