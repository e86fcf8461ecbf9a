"""The guarded YAML reader."""

from __future__ import annotations

import contextlib
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.config.problems import ConfigError
from regx.config.reader import read_text
from regx.core.errors import InputError

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))


def read(content: str | bytes) -> object:
    root, problems = read_text(content, "c.yaml")
    if problems:
        raise ConfigError(problems)
    return root.plain()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("+1", 1), ("-1.5e+2", -150.0), ("0o17", 15), ("0x1F", 31),
        ("017", 17),
        *((word, word) for word in ("no", "on", "yes", "off", "y", "n", "1_000", "1:30", "2020-01-01", "e3", ".")),
        *((word, True) for word in ("true", "True", "TRUE")),
        *((word, False) for word in ("false", "False", "FALSE")),
        *((word, None) for word in ("null", "Null", "NULL", "~", "")),
        (".inf", math.inf), ("-.Inf", -math.inf), ("'1'", "1"), ('"true"', "true"), ("'~'", "~"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema_of_yaml_1_2(written: str, value: object) -> None:
    found = read(f"key: {written}")["key"]  # type: ignore[index]
    assert found == value
    assert type(found) is type(value)


text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff\u2028\u2029"), max_size=8
)
numbers = st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
data = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)


@given(data)
def test_json_reads_as_json(value: object) -> None:
    assert read(json.dumps(value)) == value
    assert read(json.dumps(value, ensure_ascii=False)) == value


def test_places_are_counted_from_1() -> None:
    root, _ = read_text("a: 1\nb:\n  - x: é\n    yy: [1, 22]\n", "c.yaml")
    found = root.at(("b", 0, "yy", 1))
    assert (found.place.line, found.place.column) == (4, 13)
    item = root.at(("b", 0))
    assert (item.keys["yy"].line, item.keys["yy"].column) == (4, 5)


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
FAILURES = {
    "alias bomb": (BOMB, r"c.yaml:\d+:\d+: expected at most 100,000 values, aliases written out; found more"),
    "deep": ("[" * 60, "c.yaml:1:51: expected at most 50 levels, found more"),
    "deep by aliases": (
        "- &a0 [0]\n" + "".join(f"- &a{i} [*a{i - 1}]\n" for i in range(1, 60)),
        "expected at most 50 levels, found more",
    ),
    "own alias": ("a: &a [*a]", r"the alias \*a has no anchor &a before it"),
    "large": (b"a" * (1 << 20) + b"aa", "c.yaml: expected a config of at most 1,048,576 bytes, found 1,048,578"),
    "digits": ("a: 1234567890123456789", "c.yaml:1:4 a: expected a number of at most 18 digits"),
    "many digits": ("a: " + "9" * 10_000, "c.yaml:1:4 a: expected a number of at most 18 digits"),
    "hexadecimal digits": ("a: 0x" + "f" * 5000, "c.yaml:1:4 a: expected a number of at most 18 digits"),
    "key twice": (
        "a: 1\nb: 2\na: 3",
        "c.yaml:3:1 a: this key was given before, at line 1, column 1\n    a: 3\n    \\^",
    ),
    "number as key": ("1: 2", "c.yaml:1:1: expected a word as key, found 1; quote it"),
    "list as key": ("? [a]\n: 2", "c.yaml:1:3: expected a word as key, found a list; quote it"),
    "tag": ("a: !!python/object:os.system 3", r"c.yaml:1:4 a: tags such as !!python/object:os.system are not read"),
    "tag without a handle": ("a: !x!y 3", r"c.yaml:1:4: tags such as !!name are not read"),
    "UTF-16": ("a: 1".encode("utf-16"), "c.yaml: expected UTF-8, found UTF-16; save the file as UTF-8"),
    "Latin-1": (
        "a: 1\nb: é".encode("latin-1"),
        "c.yaml:2:4: expected UTF-8, found the byte 0xe9; save the file as UTF-8",
    ),
    "NUL": ("a: 1\nb: \0", r"c.yaml:2:4: expected text, found the control character U\+0000"),
    "escaped NUL": (r'a: "\0"', r"c.yaml:1:4 a: expected text, found the control character U\+0000"),
    "escape of nothing": (r'a: "\UFFFFFFFF"', "c.yaml:1:5: this escape names no character"),
    "documents": ("a: 1\n---\nb: 2", "c.yaml:2:1: expected one document, found a second; remove the `---`"),
    "tab": ("a:\n\tb: 1", "c.yaml:2:1: a tab cannot indent or separate here; use spaces"),
    "unclosed list": ("a: [1, 2", "c.yaml:1:9: expected `,` or `]`: a list is not closed"),
    "unclosed quote": ("a: 'x", "c.yaml:1:6: the text ends inside quotes"),
    "two colons": ("a: b: c", "c.yaml:1:5: expected a value, found another `key:`; indent it or quote the text"),
    "crooked": ("a: 1\n  b: 2", "c.yaml:2:4: expected a value, found another `key:`; indent it or quote the text"),
    "at sign": ("a: @b", "c.yaml:1:4: text cannot begin with @; quote it"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_cannot_be_read_is_said_with_its_place(name: str) -> None:
    content, message = FAILURES[name]
    with pytest.raises(InputError) as failure:
        read(content)
    assert re.search(message, str(failure.value)), str(failure.value)


def test_a_byte_order_mark_is_accepted() -> None:
    assert read("\ufeffa: 1".encode()) == {"a": 1}


def test_a_merge_key_is_an_ordinary_key() -> None:
    assert read("a: &a {x: 1}\nb: {<<: *a}") == {"a": {"x": 1}, "b": {"<<": {"x": 1}}}


def test_a_long_line_is_shown_around_the_mistake() -> None:
    with pytest.raises(InputError) as failure:
        read("a: [" + "1, " * 1000 + "*x]")
    line, caret = str(failure.value).splitlines()[1:]
    assert len(line) <= 104
    assert line[caret.index("^")] == "*"


def either_reads_or_says_why(content: str | bytes) -> None:
    with contextlib.suppress(InputError):
        read(content)


@given(st.text(st.sampled_from("ab01 \n\t-:[]{},#&*!|>'\"%@`?~\\<.x\0é\u2028")) | st.text())
def test_any_text_reads_or_ends_in_an_input_error(content: str) -> None:
    either_reads_or_says_why(content.encode("utf-8", "surrogatepass"))
    either_reads_or_says_why(content)


@given(st.sampled_from([path.read_bytes() for path in CONFIGS]), st.data())
def test_a_damaged_config_reads_or_ends_in_an_input_error(content: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(content)))
    removed = draw.draw(st.integers(0, 8))
    added = draw.draw(
        st.binary(max_size=4) | st.sampled_from([b"[", b"{", b"'", b'"', b"*a", b"&a ", b"\n", b"\t", b": "])
    )
    either_reads_or_says_why(content[:at] + added + content[at + removed :])
