"""Axes: where a config holds a list in the place of one value.

    dropout: {p: [0, 0.2, 0.5]}      a list of numbers, words or booleans
    hidden: [[4], [64]]              a list of lists
    lam: log(1e-4,1e-1,7)            7 numbers from 1e-4 to 1e-1, equally spaced in their logarithm
    p: linear(0,0.5,6)               6 numbers from 0 to 0.5, equally spaced
    dropout: [off, on]               without a regularizer and with it; in the place of `on` settings may stand

For a key that takes whole numbers the numbers of log and linear are rounded, and those that fall together are one.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regx.config.forms import SWITCH, is_switched
from regx.config.identity import pointed
from regx.config.node import Node, scalar
from regx.config.problems import Path, Problem, dotted
from regx.config.schema import mappings, parameters_at
from regx.core.parameters import Parameter
from regx.regularizers import REGISTRY as REGULARIZERS

FUNCTION = re.compile(r"\s*(log|linear)\s*\((.*)\)\s*", re.DOTALL)
MAX_VALUES = 10_000


@dataclass(frozen=True)
class FoundAxis:
    """An axis of a tree: the path it stands at, and the nodes that take turns there."""

    path: Path
    values: tuple[Node, ...]

    @property
    def key(self) -> str:
        return dotted(self.path)

    def point(self, position: int, resolved: Mapping[str, Any]) -> Any:
        """The value at a position, as it is in that cell's resolved config; off and on as words."""
        written = self.values[position].written
        if written in SWITCH:
            return written
        found = as_point(locate(resolved, self.key))
        kind = str(self.path[-1])
        return pointed(kind, found) if kind in REGULARIZERS and isinstance(found, dict) else found


def at_first(tree: Node, axes: Iterable[FoundAxis]) -> Node:
    """The tree with the first value of every axis."""
    for axis in axes:
        tree = tree.replaced(axis.path, axis.values[0])
    return tree


def locate(resolved: object, key: str) -> object:
    """The value under a key, as the user types it, in plain data; `off` for a regularizer that is not in the stack."""
    found: object = resolved
    for part in key.split("."):
        if isinstance(found, list):
            found = next((item for item in found if part in item), {part: "off"})
        assert isinstance(found, dict)
        found = found[part]
    return found


def as_point(value: Any) -> Any:
    """A value of a config with its lists as tuples."""
    if isinstance(value, list):
        return tuple(as_point(item) for item in value)
    return {key: as_point(item) for key, item in value.items()} if isinstance(value, dict) else value


def find_axes(root: Node) -> tuple[list[FoundAxis], list[Problem]]:
    """The axes of a tree in its long form, in the order of its keys' declaration, and what is wrong with them."""
    axes, problems = [], []
    for path, parameter in _leaves(root):
        node = root.at(path)
        if node is None or not (parameter is None or _is_axis(node, parameter)):
            continue
        items = node.value if isinstance(node.value, list) else [node]
        values: list[Node] = []
        for item in items:
            found, wrong = ([item], []) if parameter is None else expanded(item, parameter, path)
            values += found
            problems += wrong
        if not items:
            problems.append(Problem(node.place, path, "expected a value or a list of them, found an empty list"))
        elif values:
            axes.append(FoundAxis(path, tuple(values)))
    return axes, problems


def _leaves(root: Node) -> Iterator[tuple[Path, Parameter | None]]:
    """The paths of all parameters, and without a parameter those of regularizers that are switched along an axis."""
    for mapping in mappings(root):
        node = root.at(mapping)
        if node is not None and is_switched(node):
            yield mapping, None
        else:
            yield from (((*mapping, name), parameter) for name, parameter in parameters_at(root, mapping).items())


def _is_axis(node: Node, parameter: Parameter) -> bool:
    if node.axis or _called(node, parameter):
        return True
    items = node.value if isinstance(node.value, list) else None
    return items is not None and (parameter.type is not list or any(isinstance(item.value, list) for item in items))


def _called(node: Node, parameter: Parameter) -> re.Match[str] | None:
    """log(...) or linear(...), where it stands in the place of a number."""
    is_text = parameter.type in (int, float) and isinstance(node.value, str)
    return FUNCTION.fullmatch(node.value) if is_text else None


def expanded(item: Node, parameter: Parameter, path: Path) -> tuple[list[Node], list[Problem]]:
    """The values that an item of an axis stands for: itself, or those of log(...) and linear(...)."""
    called = _called(item, parameter)
    if called is None:
        return [item], []
    numbers = spaced(called[1], [scalar(part.strip()) for part in called[2].split(",")])
    if isinstance(numbers, str):
        return [], [Problem(item.place, path, f"{numbers}, found {item.shown()}")]
    if parameter.type is int:
        numbers = list(dict.fromkeys(round(number) for number in numbers))
    return [Node(number, item.place, repr(number)) for number in numbers], []


def spaced(function: str, arguments: list[object]) -> list[float] | str:
    """The numbers of log(low,high,count) or linear(low,high,count), or what was expected instead."""
    form = f"expected {function}(low,high,count) with count >= 2"
    numbers = [value for value in arguments if isinstance(value, (int, float)) and not isinstance(value, bool)]
    if len(numbers) != 3 or len(arguments) != 3 or not all(math.isfinite(number) for number in numbers):
        return form
    low, high, count = numbers
    if not isinstance(count, int) or count < 2:
        return form
    if low == high:
        return f"expected {function}(low,high,count) with two different ends"
    if count > MAX_VALUES:
        return f"expected {function}(low,high,count) with count <= {MAX_VALUES}"
    if function == "log":
        if low <= 0 or high <= 0:
            return "expected log(low,high,count) with low > 0 and high > 0"
        low, high = math.log10(low), math.log10(high)
    between = [low + (high - low) * index / (count - 1) for index in range(1, count - 1)]
    # Six digits, so that the middle of 1e-4 to 1e-2 is 0.001 and names stay short.
    inner = [float(f"{10**x if function == 'log' else x:.6g}") for x in between]
    return [float(numbers[0]), *inner, float(numbers[1])]
