"""What regularizers and optimizers have in common: parameters of which some hold one value per network."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from regx.core.arrays import Array
from regx.core.parameters import Declaring, parameters


class Component(Declaring):
    """A frozen dataclass with a `kind` and declared parameters.

    As configured its parameters are plain numbers. `of_population` makes the one that acts on a population: there,
    parameters that are not static hold one value per network, (R,).
    """

    def static_key(self) -> tuple[Any, ...]:
        """What networks must share to be trained in one population."""
        static = (name for name, parameter in parameters(type(self)).items() if parameter.static)
        return (self.kind, *(getattr(self, name) for name in static))

    @classmethod
    def of_population(cls, members: Sequence[Self], dtype: np.dtype[Any]) -> Self:
        """The component of a population from those of its networks, which agree in `static_key`."""
        vectors = {name: np.array([getattr(member, name) for member in members]) for name in cls.vectors()}
        # Numbers in the compute dtype, or float32 would widen silently.
        cast = {name: v.astype(dtype) if v.dtype.kind == "f" else v for name, v in vectors.items()}
        return dataclasses.replace(members[0], **cast)

    def select(self, keep: Array) -> Self:
        """The same component of the networks where `keep`, (R,), is true."""
        return dataclasses.replace(self, **{name: getattr(self, name)[keep] for name in self.vectors()})

    @classmethod
    def vectors(cls) -> list[str]:
        """The names of the parameters that hold one value per network."""
        return [name for name, parameter in parameters(cls).items() if not parameter.static]
