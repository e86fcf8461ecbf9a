"""A config's tree held against the models: every problem, in our words, at its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from regx.config.forms import NAMED
from regx.config.problems import Path, Place, Problem
from regx.config.reader import Node, scalar
from regx.config.schema import config_model, kind_of, named_registry, parameters_at
from regx.core.errors import did_you_mean
from regx.core.parameters import in_words
from regx.regularizers import REGISTRY as REGULARIZERS

MISSHAPEN = ("union_tag_invalid", "union_tag_not_found", "model_type", "model_attributes_type", "list_type")
# Every leaf says what it expects, so other errors are only the members of a union that were tried in passing.
SAID_OF = ("expected", "missing", "extra_forbidden", *MISSHAPEN)


def validated(root: Node) -> tuple[BaseModel | None, list[Problem]]:
    """The model of a tree in its long form without axes, or every problem that it has."""
    if not isinstance(root.value, dict):
        expected = "expected a mapping of keys such as `dataset: sine`"
        return None, [Problem(root.place, (), f"{expected}, found {root.shown()}")]
    problems = list(_repeated(root))
    try:
        model = config_model().model_validate(root.plain())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        problems += [_problem(detail, root) for detail in details if detail["type"] in SAID_OF]
        return None, problems
    return (None if problems else model), problems


def _repeated(root: Node) -> Iterator[Problem]:
    """Regularizers and seeds that are given twice."""
    for section, noun in (("regularizers", "regularizer"), ("seeds", "seed")):
        node = root.child(section)
        seen: dict[Any, Place] = {}
        for index, item in enumerate(node.value if node is not None and isinstance(node.value, list) else []):
            value = kind_of(item.value) if section == "regularizers" else item.value
            if value is None or isinstance(value, (dict, list)):
                continue
            if value in seen:
                first = seen[value]
                message = f"the {noun} {value} was given before, at line {first.line}, column {first.column}"
                yield Problem(item.place, (section, index), message)
            seen.setdefault(value, item.place)


def _data_path(location: tuple[int | str, ...], root: Node) -> Path:
    """Where in the tree an error is: its location without the tags that a union of models adds."""
    path: list[int | str] = []
    tagged = False
    for part in location:
        here = tuple(path)
        node = root.at(here)
        in_list = node is not None and isinstance(node.value, list) and isinstance(part, str)
        tags = here in NAMED or (len(here) == 2 and here[0] == "regularizers") or in_list
        if tags and not tagged:
            tagged = True
            continue
        tagged = False
        path.append(part)
    return tuple(path)


def _problem(detail: ErrorDetails, root: Node) -> Problem:
    """One error of pydantic's in our words, at its place."""
    path, kind = _data_path(detail["loc"], root), detail["type"]
    if kind == "missing":
        parent = root.at(path[:-1])
        assert parent is not None
        parameter = parameters_at(root, path[:-1])[str(path[-1])]
        place = _key_place(root, path[:-1]) or parent.place
        return Problem(place, path, f"expected {in_words(parameter)} ({parameter.help}), found nothing")
    node = root.at(path)
    assert node is not None
    if kind == "extra_forbidden":
        place = _key_place(root, path) or node.place
        known = known_keys(root, path[:-1])
        listed = f"one of {', '.join(known)}" if known else "no key"
        hint = did_you_mean(str(path[-1]), known)
        return Problem(place, path, _said(listed, f"the key '{path[-1]}'", hint))
    if kind in MISSHAPEN:
        return _misshapen(path, node, root)
    context = detail["ctx"]
    expected, options = context["expected"], context["options"]
    hint = did_you_mean(str(node.value), options) if isinstance(node.value, str) else ""
    return Problem(node.place, path, _said(expected, node.shown(), hint or _hint(expected, node)))


def _said(expected: str, found: str, hint: str = "") -> str:
    return f"expected {expected}, found {found}{'.' if hint else ''}{hint}"


def _key_place(root: Node, path: Path) -> Place | None:
    parent = root.at(path[:-1])
    return parent.keys.get(str(path[-1])) if path and parent is not None else None


def _misshapen(path: Path, node: Node, root: Node) -> Problem:
    """Something that is no mapping or list where one belongs, or does not say of what kind it is."""
    registry = named_registry(path)
    if registry is not None:
        name, default = node.child("name"), NAMED[path]
        kinds = f"one of {', '.join(registry)}"
        if not isinstance(node.value, dict):
            return Problem(node.place, path, _said(f"{kinds}, or a mapping such as {{name: {default}}}", node.shown()))
        assert name is not None  # the long form has one
        hint = did_you_mean(name.value, registry) if isinstance(name.value, str) else ""
        return Problem(name.place, (*path, "name"), _said(kinds, name.shown(), hint))
    if len(path) == 2 and path[0] == "regularizers":
        kind = kind_of(node.value)
        if kind is None:
            keys = len(node.value) if isinstance(node.value, dict) else None
            found, hint = (node.shown(), "") if keys is None else (f"{keys} keys", " Give each its own `- `.")
            return Problem(node.place, path, _said("one regularizer, such as `l2: {lam: 0.003}`", found, hint))
        kinds = f"one of {', '.join(REGULARIZERS)}"
        return Problem(node.place, path, _said(kinds, f"'{kind}'", did_you_mean(kind, REGULARIZERS)))
    if path == ("regularizers",):
        return Problem(node.place, path, _said("a list such as [l2: 0.003]", node.shown()))
    known = known_keys(root, path)
    expected = f"a mapping with the keys {', '.join(known)}" if known else "no settings"
    return Problem(node.place, path, _said(expected, node.shown()))


def known_keys(root: Node, path: Path) -> list[str]:
    """The keys that a mapping at this path may have."""
    if not path:
        return list(config_model().model_fields)
    keys = list(parameters_at(root, path))
    return [*keys, "schedule"] if path == ("optimizer",) else keys


def _hint(expected: str, node: Node) -> str:
    """What to type instead, where the mistake is a usual one."""
    value = node.value
    if isinstance(value, str) and "number" in expected and isinstance(scalar(value), (int, float)):
        return " Remove the quotes."
    if expected.startswith("text") and isinstance(value, (bool, int, float)):
        return f" Quote it: '{node.written}'."
    if "whole number" in expected and isinstance(value, float) and value.is_integer():
        return f" Write {int(value)}."
    return ""
