"""A grid: its axes, its cells, and what they are called."""

import hashlib
import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from regx.config.axes import FoundAxis
from regx.config.config import Config
from regx.config.identity import Identity, digest, identity
from regx.config.node import Node
from regx.config.problems import ConfigError, Place, Problem
from regx.config.validation import built
from regx.core.errors import InputError

MAX_NAME = 100
Point = dict[str, Any]  # the values of axes by key


@dataclass(frozen=True)
class Axis:
    """A key as the user types it, such as `regularizers.l2.lam`, and its values in order; lists are tuples.

    stack: where a value is the word `on`, the stack that it stands for. place: where it is written, if it was read.
    """

    key: str
    values: tuple[Any, ...]
    stack: list[dict[str, Any]] | None = None
    place: Place | None = field(default=None, compare=False, repr=False)

    @property
    def switches(self) -> bool:
        """Whether its values are `off` and `on`."""
        return sorted(map(str, self.values)) == ["off", "on"]

    def refused(self, message: str) -> InputError:
        """The error that says where the axis is written and why a study cannot have it."""
        if self.place is None:
            return InputError(f"{self.key}: {message}")
        return ConfigError([Problem(self.place, tuple(self.key.split(".")), message)])


@dataclass(frozen=True)
class Cell:
    """One config of a grid. point: the value of every axis there."""

    config: Config
    point: Point


class LazyCells(Sequence[Cell]):
    """The cells of a grid, each built when it is asked for.  Raises InputError then if its values do not go together.

    Names are as in a small grid, but that two cells may share one; their digests tell them apart.
    """

    def __init__(self, tree: Node, axes: Sequence[FoundAxis], name: str, folder: Path) -> None:
        self._tree, self._axes, self._name, self._folder = tree, axes, name, folder
        self._labels = labels_of([axis.key for axis in axes])

    def __len__(self) -> int:
        return math.prod(len(axis.values) for axis in self._axes)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        rest = range(len(self))[index]
        choice = []
        for axis in reversed(self._axes):
            rest, position = divmod(rest, len(axis.values))
            choice.append(position)
        return self._cell(choice[::-1], set())

    def all(self) -> Iterator[Cell]:
        """All cells, each with a name of its own."""
        taken: set[str] = set()
        for choice in itertools.product(*(range(len(axis.values)) for axis in self._axes)):
            cell = self._cell(choice, taken)
            taken.add(cell.config.name)
            yield cell

    def _cell(self, choice: Sequence[int], taken: set[str]) -> Cell:
        tree = self._tree
        for axis, position in zip(self._axes, choice, strict=True):
            tree = tree.replaced(axis.path, axis.values[position])
        config = built(tree, [], self._folder)
        at = zip(self._axes, choice, strict=True)
        point = {axis.key: axis.point(position, config.resolved) for axis, position in at}
        name = cell_name(self._name, self._labels, list(point.values()), taken)
        return Cell(replace(config, name=name, resolved={**config.resolved, "name": name}), point)


@dataclass(frozen=True)
class Grid:
    """Every combination of the axes' values, the last axis changing fastest. Without axes it is one cell.

    lanes: it is a race, with a cell for each lane, named as the lane is and by its values along axes; it has no `axes`.
    """

    name: str
    axes: tuple[Axis, ...]
    cells: Sequence[Cell]
    lanes: bool = False

    @property
    def prefix(self) -> str:
        """How the names of its folders begin."""
        return f"{self.name}-{'race' if self.lanes else 'sweep'}"

    @property
    def folder_name(self) -> str:
        return f"{self.prefix}-{self.digest()}"

    def digest(self, identity: Identity = identity) -> str:
        """8 hex digits of the config that it starts from and its axes, by which its folder is named.

        identity: what a resolved config is told apart by; seeds change nothing.
        """
        base = {key: value for key, value in identity(self.cells[0].config.resolved).items() if key != "seeds"}
        if self.lanes:
            shared = {key: value for key, value in base.items() if key not in ("name", "regularizers")}
            stacks = {cell.config.name: identity(cell.config.resolved)["regularizers"] for cell in self.cells}
            return digest({**shared, "name": self.name, "lanes": stacks})
        axes = [[axis.key, list(axis.values), *([axis.stack] if axis.stack else [])] for axis in self.axes]
        return digest({"config": {**base, "name": self.name}, "axes": axes})


def permitted(name: str) -> str:
    """A name of permitted characters only."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).lstrip(".-")[:MAX_NAME] or "config"


def labels_of(keys: list[str]) -> list[str]:
    """The last word of every key; the last two where two keys share it."""
    last = [key.rsplit(".", 1)[-1] for key in keys]
    two = [".".join(key.split(".")[-2:]) for key in keys]
    return [one if last.count(one) == 1 else both for one, both in zip(last, two, strict=True)]


def cell_name(base: str, labels: list[str], values: list[Any], taken: set[str]) -> str:
    """The name of the cell with these values: its config's, changed where that is taken."""
    parts = [base]
    for label, value in zip(labels, values, strict=True):
        parts += [label, _value_name(value)]
    full = "-".join(parts)
    name = permitted(full.replace("+", ""))
    if len(full) > MAX_NAME or name in taken:
        tail = hashlib.sha256(repr((full, values)).encode()).hexdigest()[:8]
        name = f"{name[: MAX_NAME - 9]}-{tail}"
    return name


def _value_name(value: Any) -> str:
    if isinstance(value, dict):
        return "x".join(f"{key}x{_value_name(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return "x".join(_value_name(part) for part in value) or "none"
    return repr(value) if isinstance(value, float) else str(value)
