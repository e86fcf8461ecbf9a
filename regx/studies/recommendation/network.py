"""The network that all lanes of a race share: its depth, width, optimizer, schedule and length are chosen first.

It is the best that nobody regularizes: chosen, with the best of its learning rates and of three lengths of training, by
the validation loss at its last epoch, which is what the plain lane then has. A network chosen by its best epoch on the
way would be one that has to be stopped early, and whatever stops it, or only trains it less, would seem to help.
"""

import math
from collections.abc import Mapping, Sequence
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


# Architecture, optimizer, schedule and how numbers are scaled, the simplest first.
Recipe = tuple[Mapping[str, Any], str, str, str]
CANDIDATES: tuple[Recipe, ...] = (
    ({"hidden": [64]}, "adam", "cosine", "standard"),
    ({"hidden": [128, 128]}, "adam", "cosine", "standard"),
    ({"hidden": [128, 128]}, "adam", "cosine", "robust"),
    ({"hidden": [128, 128]}, "sgd", "cosine", "standard"),
    ({"hidden": [256, 256, 256]}, "adam", "cosine", "standard"),
)
FILTERS = ((8, 16), (16, 32), (16, 32, 64))  # of networks for images, each convolution followed by pooling
FEWEST_PIXELS = 2  # of a side that is left after the last pooling


def of_images(shape: Sequence[int]) -> tuple[Recipe, ...]:
    """What is tried for images (channels, height, width): convolutions that they have room for, and none."""
    side = min(shape[1:])
    fitting = [filters for filters in FILTERS if side // 2 ** len(filters) >= FEWEST_PIXELS]
    convolutions: list[Mapping[str, Any]] = [{"conv": list(filters), "hidden": [64]} for filters in fitting]
    # The smallest of them has fewer weights than a dense network.
    networks = [*convolutions[:1], {"hidden": [128]}, *convolutions[1:]]
    return tuple((one, "adam", "cosine", "standard") for one in networks)


def simplest(reached: Mapping[str, float]) -> str:
    """The first whose loss none of the later ones betters by more than `GAIN` of it."""
    least = min(reached.values())
    near = (name for name, loss in reached.items() if math.isfinite(loss) and loss - least <= GAIN * abs(loss))
    return next(near, next(iter(reached)))
