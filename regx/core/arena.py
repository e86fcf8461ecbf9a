"""Named parts of the arena, the one array (R, P) that holds all parameters of a population."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array


@dataclass(frozen=True)
class Tensor:
    """A named part of a network's parameters. name: `<layer>/<weight|bias|gain|offset>`, layers from 0."""

    name: str
    start: int
    shape: tuple[int, ...]

    @property
    def stop(self) -> int:
        return self.start + int(np.prod(self.shape))

    def of(self, values: Array) -> Array:
        """The view of this tensor in an arena: (R, P) -> (R, *shape)."""
        return values[:, self.start : self.stop].reshape(len(values), *self.shape)
