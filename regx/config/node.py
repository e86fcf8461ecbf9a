"""A value of a config with its place, and what a word stands for where it is not quoted.

Scalars follow the core schema of YAML 1.2 (https://yaml.org/spec/1.2.2/#103-core-schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regx.config.problems import Path, Place

WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGER = re.compile(r"[-+]?[0-9]+")
PREFIXED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")  # octal, hexadecimal
WHOLE = re.compile(f"{INTEGER.pattern}|{PREFIXED.pattern}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Node:
    """A value with its place.

    value: a scalar, a list of nodes, or a mapping of keys to nodes. written: a scalar as it stands in the text.
    keys: the places of a mapping's keys. axis: a list that stands for one value after the other.
    """

    value: Any
    place: Place
    written: str = ""
    keys: Mapping[str, Place] = field(default_factory=dict, repr=False)
    axis: bool = False

    def plain(self) -> Any:
        """The value as plain data."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def shown(self) -> str:
        """The value in a few words, as messages name it."""
        if self.value is None:
            return "nothing"
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list" if self.value else "an empty list"
        written = self.written if len(self.written) <= 40 else self.written[:39] + "…"
        return repr(written) if isinstance(self.value, str) else written

    def child(self, part: str | int) -> Node | None:
        """What stands under a key or number, if anything does."""
        if isinstance(self.value, dict) and isinstance(part, str):
            return self.value.get(part)
        if isinstance(self.value, list) and isinstance(part, int) and part < len(self.value):
            item: Node = self.value[part]
            return item
        return None

    def at(self, path: Path) -> Node | None:
        """What stands at a path, if anything does."""
        node: Node | None = self
        for part in path:
            node = node.child(part) if node is not None else None
        return node

    def replaced(self, path: Path, new: Node, key_place: Place | None = None) -> Node:
        """The tree with something else at a path. What the path goes through must exist; its last key need not.

        key_place: where the last key is written, if that is not where it was.
        """
        if not path:
            return new
        part, rest = path[0], path[1:]
        if isinstance(part, int):
            assert isinstance(self.value, list)
            items = list(self.value)
            items[part:part + 1] = [items[part].replaced(rest, new, key_place) if rest else new]  # fmt: skip
            return Node(items, self.place, axis=self.axis)
        assert isinstance(self.value, dict)
        child = self.value[part].replaced(rest, new, key_place) if rest else new
        keys = self.keys if rest else {**self.keys, part: key_place or self.keys.get(part, new.place)}
        return Node({**self.value, part: child}, self.place, keys=keys)


def scalar(written: str) -> Any:
    """A plain scalar by YAML 1.2's core schema."""
    if written in WORDS:
        return WORDS[written]
    if INTEGER.fullmatch(written):
        return int(written)
    if PREFIXED.fullmatch(written):
        return int(written, base=0)
    if FLOAT.fullmatch(written):
        return float(written)
    if INFINITE.fullmatch(written):
        return float(written.replace(".", ""))
    return written
