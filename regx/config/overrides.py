"""Settings from the command line, put into a config's tree: `--set KEY=VALUE` and the short axes of a sweep."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from regx.config.axes import FUNCTION, spaced
from regx.config.forms import NAMED, long_form, settings_of, stacks
from regx.config.problems import ConfigError, Path, Place, Problem, Text, stack_path
from regx.config.reader import NOT_TEXT, Node, read_value, scalar
from regx.config.schema import config_model, mappings, parameters_at
from regx.core.errors import did_you_mean
from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer
from regx.regularizers import REGISTRY as REGULARIZERS

SHORT_AXES = {
    "--dropout": "regularizers.dropout.p",
    "--lr": "optimizer.lr",
    "--hidden": "architecture.hidden",
    "--batch-size": "training.batch_size",
}


@dataclass(frozen=True)
class Override:
    """One option: as typed after `--set`, KEY=VALUE, or the values of a short axis such as `--lam`."""

    option: str
    typed: str


def short_axes(
    *,
    lam: str | None = None,
    dropout: str | None = None,
    lr: str | None = None,
    hidden: str | None = None,
    batch_size: str | None = None,
) -> tuple[Override, ...]:
    """The short axes of a sweep that were given, for `load_grid`: comma lists, log(...) or linear(...)."""
    given = {"--lam": lam, "--dropout": dropout, "--lr": lr, "--hidden": hidden, "--batch-size": batch_size}
    return tuple(Override(option, typed) for option, typed in given.items() if typed is not None)


def with_overrides(root: Node, overrides: list[Override]) -> tuple[Node, list[Problem]]:
    """A tree in its long form with the overrides applied, in order, but for those that have a problem."""
    problems: list[Problem] = []
    for order, override in enumerate(overrides, start=1):
        text = Text(override.option, f"{override.option} {override.typed}", order)
        try:
            root = long_form(_applied(root, override, text))
        except ConfigError as error:
            problems += error.problems
    return root, problems


def _applied(root: Node, override: Override, text: Text) -> Node:
    start = len(override.option) + 2
    if NOT_TEXT.search(override.typed) or "\n" in override.typed or "\r" in override.typed:
        raise ConfigError([Problem(Place(text, 1, start), (), "expected one line of text, found control characters")])
    if override.option == "--seeds":
        return _set(root, ("seeds",), Place(text, 1, start), _listed(text, start, override.typed))
    if override.option != "--set":
        key, place = _short_key(root, override.option, Place(text, 1, start)), Place(text, 1, start)
        value = _value(root, key, text, start, override.typed)
        return _set(root, _path(root, key), place, _widened(root, value) if override.option == "--hidden" else value)
    key, equals, written = override.typed.partition("=")
    place = Place(text, 1, start)
    if not equals or not key.strip():
        raise ConfigError([Problem(place, (), "expected KEY=VALUE, such as optimizer.lr=0.01")])
    key = key.strip()
    _check_known(root, key, written, place)
    column = start + override.typed.index("=") + 1
    path = _path(root, key)
    stack = stack_path(path)
    if stack is not None and written.strip() in ("off", "on"):
        if len(path) == len(stack) + 2:
            return _switched(root, stack, str(path[-1]), written.strip() == "on", place)
        if path[0] == "lanes" and written.strip() == "off":
            return _without_lane(root, stack)
    if stack is not None and len(path) == len(stack) + 2:
        words = [part.strip() for _, part in _parts(written)]
        if len(words) > 1 and {"off", "on"} & {*words}:
            weakest = _weakest(str(path[-1]))
            message = "off and on are no values of an axis. `regx ablate CONFIG` trains every stack with and without"
            message += f"; or write {key}.{weakest},... with the values to try" if weakest else ""
            raise ConfigError([Problem(place, path, message)])
    return _set(root, path, place, _value(root, key, text, column, written))


def _weakest(kind: str) -> str:
    """`lam=0`: the first parameter of a regularizer, at the value where it does nothing; empty if it has none."""
    for name, parameter in parameters(REGULARIZERS[kind]).items():
        neutral = parameter.neutral
        return f"{name}={neutral:g}" if isinstance(neutral, (int, float)) and math.isfinite(neutral) else ""
    return ""


def _value(root: Node, key: str, text: Text, column: int, written: str) -> Node:
    """The value of KEY=VALUE; several, separated by commas, are an axis, or a list where the key takes one."""
    path = _path(root, key)
    parameter = parameters_at(root, path[:-1]).get(str(path[-1]))
    takes_words = parameter is not None and parameter.type is list and key != "architecture.hidden"
    if path in (("regularizers",), ("lanes",), ("name",)) or path == stack_path(path):
        return read_value(text, column, written)
    node = _listed(text, column, written)
    if node.axis and (takes_words or key == "seeds") and not any(isinstance(item.value, list) for item in node.value):
        return Node(node.value, node.place)
    return node


def _listed(text: Text, column: int, written: str) -> Node:
    """One value, or an axis of those between commas that stand outside brackets and quotes."""
    parts = list(_parts(written))
    nodes = [read_value(text, column + start + len(part) - len(part.lstrip()), part.strip()) for start, part in parts]
    if len(nodes) == 1:
        return nodes[0]
    if not parts[-1][1].strip():
        nodes.pop()
    return Node(nodes, nodes[0].place, axis=text.name != "--seeds")


def _parts(written: str) -> Iterator[tuple[int, str]]:
    depth, quote, start = 0, "", 0
    for index, character in enumerate(written):
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "([{":
            depth += 1
        elif character in ")]}":
            depth -= 1
        elif character == "," and depth <= 0:
            yield start, written[start:index]
            start = index + 1
    yield start, written[start:]


def _set(root: Node, path: Path, place: Place, value: Node) -> Node:
    """The tree with a value at a path; mappings on the way and a regularizer are added where they are missing."""
    at = stack_path(path)
    if at is not None and len(path) > len(at):
        index, kind = int(path[len(at)]), str(path[len(at) + 1])
        stack = root.at(at)
        if stack is None:
            stack = Node([], place)
            root = root.replaced(at, stack, place)
        if not isinstance(stack.value, list):
            raise ConfigError([Problem(stack.place, at, f"expected a list, found {stack.shown()}")])
        if index == len(stack.value):
            new = Node({kind: Node({}, place)}, place, keys={kind: place})
            root = root.replaced(at, Node([*stack.value, new], stack.place))
        return root.replaced(path, settings_of(kind, value) if len(path) == len(at) + 2 else value, place)
    for depth in range(1, len(path)):
        node = root.at(path[:depth])
        if node is None:
            root = root.replaced(path[:depth], Node({}, place), place)
        elif not isinstance(node.value, dict):
            raise ConfigError([Problem(node.place, path[:depth], f"expected a mapping, found {node.shown()}")])
    return root.replaced(path, value, place)


def _path(root: Node, key: str) -> Path:
    """The path of a key as it is typed: a regularizer is named by its kind, wherever in the stack it stands."""
    # A lane's name may hold dots.
    lanes = [name for name in _lanes(root) if key == f"lanes.{name}" or key.startswith(f"lanes.{name}.")]
    if lanes:
        lane = max(lanes, key=len)
        stack: Path = ("lanes", lane)
        parts = key.removeprefix(f"lanes.{lane}").split(".")[1:]
    else:
        first, *parts = key.split(".")
        stack = (first,)
        if first == "lanes" and parts:
            return (first, ".".join(parts))
    if stack[0] not in ("regularizers", "lanes") or not parts:
        return (*stack, *parts)
    kinds = _kinds(root, stack)
    index = kinds.index(parts[0]) if parts[0] in kinds else len(kinds)
    return (*stack, index, *parts)


def _lanes(root: Node) -> list[str]:
    return [str(path[1]) for path in stacks(root) if path[0] == "lanes"]


def locate(resolved: object, key: str) -> object:
    """The value under a key, as the user types it, in plain data."""
    parts = key.split(".")
    found: object = resolved
    for part in parts:
        if isinstance(found, list):
            found = next(item for item in found if part in item)
        assert isinstance(found, dict)
        found = found[part]
    return found


def _kinds(root: Node, path: Path = ("regularizers",)) -> list[str]:
    """The kinds of a stack, an empty word for what is no regularizer."""
    stack = root.at(path)
    items = stack.value if stack is not None and isinstance(stack.value, list) else []
    return [next(iter(item.value)) if isinstance(item.value, dict) and item.value else "" for item in items]


def _switched(root: Node, path: Path, kind: str, on: bool, place: Place) -> Node:
    kinds = _kinds(root, path)
    if on:
        return root if kind in kinds else _set(root, (*path, len(kinds), kind), place, Node({}, place))
    if kind not in kinds:
        stack = " + ".join(kinds) if kinds else "empty"
        raise ConfigError([Problem(place, (), f"expected a regularizer of the stack, which is {stack}; found {kind}")])
    stack_node = root.at(path)
    assert stack_node is not None
    kept = [item for item, name in zip(stack_node.value, kinds, strict=True) if name != kind]
    return root.replaced(path, Node(kept, stack_node.place))


def _without_lane(root: Node, path: Path) -> Node:
    lanes = root.value["lanes"]
    kept = {lane: stack for lane, stack in lanes.value.items() if lane != path[1]}
    return root.replaced(("lanes",), Node(kept, lanes.place, keys=lanes.keys))


def _check_known(root: Node, key: str, written: str, place: Place) -> None:
    known = known_paths(root)
    lanes = _lanes(root)
    if lanes and key.partition(".")[0] == "regularizers":
        follows = key.removeprefix("regularizers")
        message = f"a race has no stack but those of its lanes. Name one: lanes.{lanes[0]}{follows}; lanes: "
        raise ConfigError([Problem(place, (), message + ", ".join(lanes))])
    new_lane = key.startswith("lanes.") and key.count(".") == 1 and written.strip().startswith("[")
    if key not in known and not new_lane:
        listed = did_you_mean(key, known) or f" Known: {', '.join(config_model().model_fields)}."
        raise ConfigError([Problem(place, (), f"unknown key '{key}'.{listed}")])


def known_paths(root: Node) -> list[str]:
    """Every key that an override of this tree may set."""
    known = [*config_model().model_fields, *(".".join(path) for path in NAMED if len(path) > 1)]  # type: ignore[arg-type]
    for mapping in mappings(root):
        if mapping[0] != "regularizers":
            prefix = ".".join(str(part) for part in mapping)
            known += [f"{prefix}.{name}" for name in parameters_at(root, mapping)]
    lanes = _lanes(root)
    known += [f"lanes.{lane}" for lane in lanes]
    for stack in [f"lanes.{lane}" for lane in lanes] or ["regularizers"]:
        for kind, cls in REGULARIZERS.items():
            known += [f"{stack}.{kind}", *(f"{stack}.{kind}.{name}" for name in parameters(cls))]
    return known


def _short_key(root: Node, option: str, place: Place) -> str:
    if option != "--lam":
        return SHORT_AXES[option]
    kinds = [kind for kind in _kinds(root) if kind in REGULARIZERS and _is_penalty(REGULARIZERS[kind])]
    strengths = [f"regularizers.{kind}.{next(iter(parameters(REGULARIZERS[kind])))}" for kind in kinds]
    if len(strengths) > 1:
        keys = " or ".join(f"-s {strength}=..." for strength in strengths)
        message = f"the stack has several penalties ({', '.join(kinds)}). Say which: {keys}"
        raise ConfigError([Problem(place, (), message)])
    return strengths[0] if strengths else "regularizers.l2.lam"


def _is_penalty(cls: type[Regularizer]) -> bool:
    return cls.adds_penalty or cls.penalty is not Regularizer.penalty


def _widened(root: Node, value: Node) -> Node:
    """The widths of `--hidden`, each applied to all hidden layers that the config has; lists stay as they are."""
    hidden = root.at(("architecture", "hidden"))
    if hidden is None:
        depths = {len(parameters_at(root, ("architecture",))["hidden"].default)}
    elif any(isinstance(item.value, list) for item in hidden.value if isinstance(hidden.value, list)):
        depths = {len(item.value) for item in hidden.value if isinstance(item.value, list)}
    else:
        depths = {len(hidden.value)} if isinstance(hidden.value, list) else {0}
    items = value.value if value.axis else [value]
    widened = []
    for item in items:
        called = FUNCTION.fullmatch(item.value) if isinstance(item.value, str) else None
        if called is not None and len(depths) == 1 and depths != {0}:
            numbers = spaced(called[1], [scalar(part.strip()) for part in called[2].split(",")])
            if isinstance(numbers, str):
                raise ConfigError([Problem(item.place, ("architecture", "hidden"), f"{numbers}, found {item.shown()}")])
            widths = dict.fromkeys(round(number) for number in numbers)
            widened += [
                Node([Node(width, item.place, str(width))] * next(iter(depths)), item.place) for width in widths
            ]
        elif isinstance(item.value, list):
            widened.append(item)
        elif depths in ({0}, set()) or len(depths) > 1:
            message = "expected lists, such as [64,64],[8], as the config does not say how many hidden layers there are"
            raise ConfigError([Problem(item.place, ("architecture", "hidden"), f"{message}; found {item.shown()}")])
        else:
            widened.append(Node([item] * next(iter(depths)), item.place))
    return Node(widened, value.place, axis=True) if value.axis or len(widened) > 1 else widened[0]
