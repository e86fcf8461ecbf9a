"""A look at networks while they train, for those who watch."""

from __future__ import annotations

from dataclasses import dataclass

from regx.core.arrays import Array


@dataclass(frozen=True)
class Glimpse:
    """How the networks of a population that are still training stand at an evaluated epoch.

    networks: (r,) their numbers in the population. metrics: those of an epoch's row by name, each (r,).
    outputs: (r, K, n), what these networks predict at the watched inputs; None without inputs.
    """

    epoch: int
    networks: Array
    metrics: dict[str, Array]
    outputs: Array | None
