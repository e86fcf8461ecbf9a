"""A guarded YAML reader: plain data with the place of every key and value.

It works on PyYAML's events rather than on `safe_load`, which takes the last of two equal keys, reads `1e-3` as a word
and `no` as false, and can be made to hang by a few hundred bytes of aliases. One thing
is read that YAML would cut at its commas: an axis in brackets, such as `{lam: log(1e-4,1e-1,7)}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from regx.config.node import WHOLE, Node, scalar
from regx.config.problems import LINE_BREAK, ConfigError, Path, Place, Problem, Text
from regx.core.errors import InputError

MAX_BYTES = 1 << 20
MAX_DEPTH = 50
MAX_NODES = 100_000  # after aliases are written out
MAX_STORED_NODES = 200_000  # of a resolved config, which lists its seeds
MAX_DIGITS = 18  # so that every whole number fits in 64 bits

# An axis by its ends and its count. Nobody means the two or three pieces that YAML makes of it in brackets.
SPACED = re.compile(r"\b(?:log|linear)\([-+0-9.eE, ]*\)")
# What YAML does not permit in a file, and what no name, path or column of ours may hold.
NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

TRANSLATIONS = (
    (r"found character '\\t'", "a tab cannot indent or separate here; use spaces"),
    (r"mapping values are not allowed", "expected a value, found another `key:`; indent it or quote the text"),
    (r"could not find expected ':'", "expected `key: value`, found no colon"),
    (r"expected ',' or ']'", "expected `,` or `]`: a list is not closed"),
    (r"expected ',' or '}'", "expected `,` or `}`: a mapping is not closed"),
    (r"found unexpected end of stream", "the text ends inside quotes"),
    (r"expected <block end>", "expected a key or a list item that lines up with those above"),
    (r"found character '(.)' that cannot start any token", r"text cannot begin with \1; quote it"),
    (r"found undefined tag handle|tag", "tags such as !!name are not read; leave it out"),
)  # fmt: skip


def read_text(content: str | bytes, name: str) -> tuple[Node, list[Problem]]:
    """Read one YAML document: its tree, and the problems that do not hide the rest, such as a key given twice.

    Raises ConfigError with what does hide the rest, InputError where the content is no text.
    """
    reader = _Reader(Text(name, _decoded(content, name)))
    return reader.document(), reader.problems


def read_stored(content: str, name: str) -> Node:
    """Read a document that a program has written, under the same guard. Raises ConfigError for any problem.

    The C parser, where there is one, takes a fifth of the time; its messages are not for those who write configs.
    """
    reader = _Reader(Text(name, content), stored=True)
    root = reader.document(getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    if reader.problems:
        raise ConfigError(reader.problems)
    return root


def read_value(text: Text, column: int, written: str) -> Node:
    """Read one value that stands in `text`, a single line, from `column` (from 1) on."""
    reader = _Reader(text, written, column - 1)
    root = reader.document()
    if reader.problems:
        raise ConfigError(reader.problems)
    return root


def _decoded(content: str | bytes, name: str) -> str:
    size = len(content)
    if size > MAX_BYTES:
        raise InputError(f"{name}: expected a config of at most {MAX_BYTES:,} bytes, found {size:,}")
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{name}: expected UTF-8, found UTF-16; save the file as UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", "replace").removeprefix("\ufeff")
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        found = f"the byte 0x{content[error.start]:02x}"
        raise InputError(f"{name}:{line}:{column}: expected UTF-8, found {found}; save the file as UTF-8") from None


class _Reader:
    def __init__(self, text: Text, written: str | None = None, offset: int = 0, stored: bool = False) -> None:
        self.text = text
        self.written = text.content if written is None else written
        self.offset = offset  # columns before the text that is read
        self.problems: list[Problem] = []
        self.anchors: dict[str, Node] = {}
        self.nodes, self.most = 0, MAX_STORED_NODES if stored else MAX_NODES
        self.forbidden = None if stored else NOT_TEXT  # a program escapes what a person must not write
        # Stands for a comma of SPACED while YAML is parsed: one character, so that every place stays, and none that the
        # text has.
        self.comma = next((c for c in map(chr, range(0xE000, 0xF900)) if c not in self.written), ",")

    def place(self, mark: Any) -> Place:
        return Place(self.text, mark.line + 1, mark.column + 1 + (self.offset if mark.line == 0 else 0))

    def fail(self, mark: Any, message: str) -> ConfigError:
        """The error of what hides everything after it, along with what was found before."""
        return ConfigError([*self.problems, Problem(self.place(mark), (), message)])

    def document(self, loader: Any = yaml.SafeLoader) -> Node:
        if found := NOT_TEXT.search(self.written):
            raise ConfigError([Problem(self._at(found.start()), (), _control(found[0]))])
        joined = SPACED.sub(lambda found: found[0].replace(",", self.comma), self.written)
        events: Iterator[Any] = yaml.parse(joined, Loader=loader)
        root: Node | None = None
        try:
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    if root is not None:
                        raise self.fail(event.start_mark, "expected one document, found a second; remove the `---`")
                elif isinstance(event, yaml.NodeEvent):
                    root = self._node(event, events, (), 1)
        except yaml.MarkedYAMLError as error:
            raise self.fail(error.problem_mark, _translated(error).replace(self.comma, ",")) from None
        except (ValueError, OverflowError):
            # PyYAML makes a character of an escape such as "\UFFFFFFFF" without looking whether there is one.
            escape = re.search(r"\\U(?!0010|000)", self.written)
            place = self._at(escape.start() if escape else 0)
            raise ConfigError([*self.problems, Problem(place, (), "this escape names no character")]) from None
        return root or Node(None, Place(self.text, 1, 1 + self.offset))

    def _at(self, index: int) -> Place:
        """The place of a character of what is read."""
        before = LINE_BREAK.split(self.written[:index])
        return Place(self.text, len(before), len(before[-1]) + 1 + (self.offset if len(before) == 1 else 0))

    def _node(self, event: Any, events: Iterator[Any], path: Path, depth: int) -> Node:
        mark = event.start_mark
        if depth > MAX_DEPTH:
            raise self.fail(mark, f"expected at most {MAX_DEPTH} levels, found more")
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.fail(mark, f"the alias *{event.anchor} has no anchor &{event.anchor} before it")
            node = self.anchors[event.anchor]
            size, levels = _extent(node)
            self.nodes += size - 1
            if depth + levels - 1 > MAX_DEPTH:
                raise self.fail(mark, f"expected at most {MAX_DEPTH} levels, found more")
        else:
            if event.tag is not None:
                tag = event.tag.replace("tag:yaml.org,2002:", "!!")
                self.problems.append(Problem(self.place(mark), path, f"tags such as {tag} are not read; leave it out"))
            if isinstance(event, yaml.ScalarEvent):
                node = self._scalar(event, path)
            elif isinstance(event, yaml.SequenceStartEvent):
                node = self._list(mark, events, path, depth)
            else:
                node = self._mapping(mark, events, path, depth)
            if event.anchor is not None:
                self.anchors[event.anchor] = node
        if self.nodes > self.most:
            raise self.fail(mark, f"expected at most {self.most:,} values, aliases written out; found more")
        return node

    def _scalar(self, event: Any, path: Path) -> Node:
        place, written = self.place(event.start_mark), _pairs_joined(event.value).replace(self.comma, ",")
        if found := self.forbidden and self.forbidden.search(written):
            self.problems.append(Problem(place, path, _control(found[0])))
            return Node("", place)
        if not event.implicit[0]:
            return Node(written, place, written)
        if WHOLE.fullmatch(written) and (len(written) > MAX_DIGITS + 2 or abs(scalar(written)) >= 10**MAX_DIGITS):
            self.problems.append(Problem(place, path, f"expected a number of at most {MAX_DIGITS} digits"))
            return Node(0, place, written)
        return Node(scalar(written), place, written)

    def _list(self, mark: Any, events: Iterator[Any], path: Path, depth: int) -> Node:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, (*path, len(items)), depth + 1))
        return Node(items, self.place(mark))

    def _mapping(self, mark: Any, events: Iterator[Any], path: Path, depth: int) -> Node:
        value: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            place = self.place(event.start_mark)
            key = self._node(event, events, path, depth + 1)
            name = key.value if isinstance(key.value, str) else str(len(keys))
            item = self._node(next(events), events, (*path, name), depth + 1)
            if not isinstance(key.value, str):
                self.problems.append(Problem(place, path, f"expected a word as key, found {key.shown()}; quote it"))
            elif name in value:
                message = f"this key was given before, at line {keys[name].line}, column {keys[name].column}"
                self.problems.append(Problem(place, (*path, name), message))
            else:
                value[name], keys[name] = item, place
        return Node(value, self.place(mark), keys=keys)


def _pairs_joined(written: str) -> str:
    """JSON escapes a character beyond 16 bits as a pair of surrogates, which PyYAML leaves apart."""
    try:
        return written.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        return written


def _extent(node: Node) -> tuple[int, int]:
    """How many values and keys stand in a tree, and on how many levels."""
    held = node.value.values() if isinstance(node.value, dict) else node.value if isinstance(node.value, list) else ()
    each = [_extent(one) for one in held]
    return 1 + len(node.keys) + sum(size for size, _ in each), 1 + max((levels for _, levels in each), default=0)


def _control(character: str) -> str:
    return f"expected text, found the control character U+{ord(character):04X}"


def _translated(error: yaml.MarkedYAMLError) -> str:
    said = error.problem or error.context or str(error)
    for pattern, words in TRANSLATIONS:
        if found := re.search(pattern, said):
            return found.expand(words)
    return f"not YAML: {said}"
