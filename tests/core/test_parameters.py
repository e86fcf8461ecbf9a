"""A parameter checks values, says what it wants, and makes what it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from regx.core.parameters import (
    Parameter,
    choice,
    flag,
    in_words,
    integer,
    integers,
    number,
    numbers_by_name,
    text,
    words,
)
from regx.core.parameters import parameters as declared_by
from tests.bad_values import bad_values


@dataclass(frozen=True)
class Everything:
    rate: float = number(0.5, ge=0, lt=1, help="a rate")
    size: int | None = integer("full", gt=0, options=("full",), absent="full", help="a size")
    kind: str = choice("a", ("a", "b"), help="a kind")
    on: bool = flag(False, help="a switch")
    path: str | None = text(None, optional=True, help="a path")
    columns: tuple[str, ...] = words([], help="columns")
    layers: tuple[int, ...] | None = integers(None, optional=True, ge=0, le=9, example="[0, 2]", help="layers")
    weight: Any = numbers_by_name(("balanced",), gt=0, example="{cat: 1, dog: 3}", help="weights")


PARAMETERS = declared_by(Everything)
GOOD = {
    "rate": [0, 0.5], "size": [1, "full"], "kind": ["b"], "on": [True], "path": [None, "x"], "columns": [[], ["x"]],
    "layers": [None, [], [0, 9]], "weight": [None, "balanced", {"cat": 1, "dog": 2.5}],
}  # fmt: skip
SAID = {
    "rate": "a number with 0 <= rate < 1",
    "size": "a whole number with size > 0, or full",
    "kind": "one of a, b",
    "on": "true or false",
    "path": "text, or null",
    "columns": "a list of words",
    "layers": "a list of whole numbers >= 0 and <= 9, such as [0, 2], or null",
    "weight": "balanced, or a mapping to numbers > 0, such as {cat: 1, dog: 3}, or null",
}


@pytest.mark.parametrize("parameter", PARAMETERS.values(), ids=lambda parameter: parameter.name)
def test_it_takes_good_values_and_no_bad_one_and_says_so(parameter: Parameter) -> None:
    assert in_words(parameter) == SAID[parameter.name]
    assert all(map(parameter.accepts, GOOD[parameter.name]))
    assert not [value for value in bad_values(parameter) if parameter.accepts(value)]
    assert len(list(bad_values(parameter))) > 1


@pytest.mark.parametrize("name", GOOD)
def test_what_a_class_holds_can_be_hashed_and_is_written_as_it_was(name: str) -> None:
    for value in GOOD[name]:
        held = PARAMETERS[name].held(value)
        hash(Everything(**{name: held}))
        assert PARAMETERS[name].written(held) == value


def test_defaults_are_held_as_configs_are() -> None:
    assert Everything().size is None
    assert Everything().columns == ()
