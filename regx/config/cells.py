"""From trees to configs: one of a tree without axes, and of one with axes a cell for each combination of values."""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from regx.config.axes import FoundAxis
from regx.config.config import Config
from regx.config.grid import Cell, cell_name, labels_of
from regx.config.node import Node
from regx.config.problems import ConfigError, Problem
from regx.config.validation import unusable, validated


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


def at_first(tree: Node, axes: Sequence[FoundAxis]) -> Node:
    """The tree with the first value of every axis."""
    for axis in axes:
        tree = tree.replaced(axis.path, axis.values[0])
    return tree


def independent(found: Sequence[Problem], before: Sequence[Problem]) -> list[Problem]:
    """The problems that do not follow from others: those at other places."""
    places = {problem.place for problem in before}
    return [problem for problem in found if problem.place not in places]


def built(tree: Node, problems: Sequence[Problem], folder: Path) -> Config:
    """The config of a tree without axes. Raises ConfigError with these problems and what does not follow from them."""
    config, found = validated(tree, folder)
    if config is None or problems:
        raise ConfigError([*problems, *independent(found, problems)])
    if wrong := list(unusable(config, tree)):
        raise ConfigError(wrong)
    return config
