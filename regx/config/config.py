"""A typed config: everything that one training needs, and the plain mapping that repeats it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from regx.config.identity import Identity, digest, identity
from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer
from regx.data.dataset import Source
from regx.nn.architecture import Architecture, Training
from regx.optim.optimizer import Optimizer
from regx.optim.schedules import Schedule


@dataclass(frozen=True)
class Config:
    """One config.

    resolved: the plain mapping with every default written out, in the long form; reading it gives this config again.
    """

    name: str
    dataset: Source
    architecture: Architecture
    stack: tuple[Regularizer, ...]
    optimizer: Optimizer
    schedule: Schedule
    training: Training
    seeds: tuple[int, ...]
    resolved: dict[str, Any]

    @property
    def folder_name(self) -> str:
        return f"{self.name}-{self.digest()}"

    def digest(self, identity: Identity = identity) -> str:
        """8 hex digits of the question that it asks: the run folder's name ends in them."""
        return digest({key: value for key, value in identity(self.resolved).items() if key != "seeds"})

    def keeping(self, kept: Iterable[int], name: str) -> Self:
        """The config under another name with only these members of the stack, given by their numbers."""
        kept = list(kept)
        resolved = {**self.resolved, "name": name, "regularizers": [self.resolved["regularizers"][one] for one in kept]}
        return replace(self, name=name, stack=tuple(self.stack[one] for one in kept), resolved=resolved)


def settings_of(component: Any) -> dict[str, Any]:
    """The values of a component's parameters, as a config has them."""
    declared = parameters(type(component))
    return {name: parameter.written(getattr(component, name)) for name, parameter in declared.items()}
