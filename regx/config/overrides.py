"""Settings from the command line, put into a config's tree: `--set KEY=VALUE` and the short axes of a sweep."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from regx.config.axes import expanded
from regx.config.forms import long_form, long_settings, stacks, without
from regx.config.node import Node
from regx.config.problems import ConfigError, Path, Place, Problem, Text, stack_path
from regx.config.reader import NOT_TEXT, read_value
from regx.config.schema import ARCHITECTURE_KEYS, KEYS, mappings, parameters_at
from regx.core.errors import did_you_mean
from regx.core.parameters import Parameter, parameters
from regx.core.regularizer import Regularizer
from regx.regularizers import REGISTRY as REGULARIZERS

Typed = str | None
OVERRIDABLE = [key for key in KEYS if key != "base"]
SHORT_AXES = {
    "--lam": "",  # of the stack's one penalty
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
    *, lam: Typed = None, dropout: Typed = None, lr: Typed = None, hidden: Typed = None, batch_size: Typed = None
) -> tuple[Override, ...]:
    """The short axes of a sweep that were given, for `load_grid`: comma lists, log(...) or linear(...)."""
    given = zip(SHORT_AXES, (lam, dropout, lr, hidden, batch_size), strict=True)
    return tuple(Override(option, typed) for option, typed in given if typed is not None)


def with_overrides(root: Node, overrides: Sequence[Override]) -> tuple[Node, list[Problem]]:
    """A tree in its long form with the overrides applied, in order, but for those that have a problem.

    To a tree that is no mapping there is nothing to apply.
    """
    problems: list[Problem] = []
    for order, override in enumerate(overrides if isinstance(root.value, dict) else (), start=1):
        text = Text(override.option, f"{override.option} {override.typed}", order)
        try:
            root = long_form(_applied(root, override, text))
        except ConfigError as error:
            problems += error.problems
    return root, problems


def _applied(root: Node, override: Override, text: Text) -> Node:
    column = len(override.option) + 2
    place, key, written = Place(text, 1, column), "seeds", override.typed
    if NOT_TEXT.search(written) or "\n" in written or "\r" in written:
        raise ConfigError([Problem(place, (), "expected one line of text, found control characters")])
    if override.option == "--set":
        key, equals, written = written.partition("=")
        if not equals or not key.strip():
            raise ConfigError([Problem(place, (), "expected KEY=VALUE, such as optimizer.lr=0.01")])
        column += override.typed.index("=") + 1
        key = key.strip()
        _check_known(root, key, written, place)
    elif override.option != "--seeds":
        key = _short_key(root, override.option, place)
    path = _path(root, key)
    stack = stack_path(path)
    if path == stack and path[0] == "lanes" and written.strip() == "off":
        return root.replaced(("lanes",), without(root.value["lanes"], (str(path[1]),)))
    value = _value(root, path, text, column, written)
    if override.option == "--hidden":
        value = _widened(root, value)
    if stack is not None and len(path) == len(stack) + 2:
        if value.value == "off":
            return _left_out(root, stack, str(path[-1]), place)
        value = _switched(value, root.at(path))
    return _set(root, path, place, value)


def _switched(value: Node, present: Node | None) -> Node:
    """A value of a regularizer with its present settings in the place of `on`."""
    if value.axis:
        return Node([_switched(item, present) for item in value.value], value.place, axis=True)
    if value.value != "on" or present is None or not isinstance(present.value, dict):
        return value
    return Node(present.value, value.place, "on", present.keys)


def _value(root: Node, path: Path, text: Text, column: int, written: str) -> Node:
    """The value of KEY=VALUE; several, separated by commas, are an axis, or a list where the key takes one."""
    parameter = parameters_at(root, path[:-1]).get(str(path[-1]))
    takes_list = parameter is not None and parameter.type is list and path != ("architecture", "hidden")
    if path in (("lanes",), ("name",)) or path == stack_path(path):
        return read_value(text, column, written)
    node = _listed(text, column, written)
    lists = node.axis and any(isinstance(item.value, list) for item in node.value)
    return Node(node.value, node.place) if node.axis and not lists and (takes_list or path == ("seeds",)) else node


def _listed(text: Text, column: int, written: str) -> Node:
    """One value, or an axis of those between commas that stand outside brackets and quotes."""
    parts = list(_parts(written))
    nodes = [read_value(text, column + start + len(part) - len(part.lstrip()), part.strip()) for start, part in parts]
    if len(nodes) == 1:
        return nodes[0]
    return Node(nodes if parts[-1][1].strip() else nodes[:-1], nodes[0].place, axis=True)


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
    at, first = stack_path(path), 1
    if at is not None and len(path) > len(at):
        index, kind = int(path[len(at)]), str(path[len(at) + 1])
        if (stack := root.at(at)) is None:
            stack = Node([], place)
            root = root.replaced(at, stack, place)
        if not isinstance(stack.value, list):
            raise ConfigError([Problem(stack.place, at, f"expected a list, found {stack.shown()}")])
        if index == len(stack.value):
            new = Node({kind: Node({}, place)}, place, keys={kind: place})
            root = root.replaced(at, Node([*stack.value, new], stack.place))
        first = len(at) + 2
        if len(path) == first:
            value = long_settings(kind, value)
    for depth in range(first, len(path)):
        if (node := root.at(path[:depth])) is None:
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


def _kinds(root: Node, path: Path = ("regularizers",)) -> list[str]:
    """The kinds of a stack, an empty word for what is no regularizer."""
    stack = root.at(path)
    items = stack.value if stack is not None and isinstance(stack.value, list) else []
    return [next(iter(item.value)) if isinstance(item.value, dict) and item.value else "" for item in items]


def _left_out(root: Node, path: Path, kind: str, place: Place) -> Node:
    kinds, stack = _kinds(root, path), root.at(path)
    if kind not in kinds or stack is None:
        shown = " + ".join(kinds) if kinds else "empty"
        raise ConfigError([Problem(place, (), f"expected a regularizer of the stack, which is {shown}; found {kind}")])
    kept = [item for item, name in zip(stack.value, kinds, strict=True) if name != kind]
    return root.replaced(path, Node(kept, stack.place))


def _check_known(root: Node, key: str, written: str, place: Place) -> None:
    known = known_paths(root)
    lanes = _lanes(root)
    if lanes and key.partition(".")[0] == "regularizers":
        follows = key.removeprefix("regularizers")
        message = f"a race has no stack but those of its lanes. Name one: lanes.{lanes[0]}{follows}; lanes: "
        raise ConfigError([Problem(place, (), message + ", ".join(lanes))])
    new_lane = key.startswith("lanes.") and key.count(".") == 1 and written.strip().startswith("[")
    if key not in known and not new_lane:
        listed = did_you_mean(key, known) or f" Known: {', '.join(OVERRIDABLE)}."
        raise ConfigError([Problem(place, (), f"unknown key '{key}'.{listed}")])


def known_paths(root: Node) -> list[str]:
    """Every key that an override of this tree may set."""
    known = [*OVERRIDABLE, "optimizer.schedule"]
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
    if SHORT_AXES[option]:
        return SHORT_AXES[option]
    known = {kind: REGULARIZERS[kind] for kind in _kinds(root) if kind in REGULARIZERS}
    kinds = [kind for kind, cls in known.items() if cls.adds_penalty or cls.penalty is not Regularizer.penalty]
    strengths = [f"regularizers.{kind}.{next(iter(parameters(REGULARIZERS[kind])))}" for kind in kinds]
    if len(strengths) > 1:
        keys = " or ".join(f"-s {strength}=..." for strength in strengths)
        message = f"the stack has several penalties ({', '.join(kinds)}). Say which: {keys}"
        raise ConfigError([Problem(place, (), message)])
    return strengths[0] if strengths else "regularizers.l2.lam"


def _widened(root: Node, value: Node) -> Node:
    """The widths of `--hidden`, each applied to all hidden layers that the config has; lists stay as they are."""
    path = ("architecture", "hidden")
    hidden = root.at(path)
    written = ARCHITECTURE_KEYS["hidden"].default if hidden is None else hidden.plain()
    shapes = written if isinstance(written, list) else []
    depths = {len(shape) for shape in shapes if isinstance(shape, list)} or {len(shapes)}
    depth = depths.pop() if len(depths) == 1 else 0
    widened = []
    for item in value.value if value.axis else [value]:
        if isinstance(item.value, list):
            widened.append(item)
            continue
        if not depth:
            message = "expected lists, such as [64,64],[8], as the config does not say how many hidden layers there are"
            raise ConfigError([Problem(item.place, path, f"{message}; found {item.shown()}")])
        widths, wrong = expanded(item, Parameter(int), path)
        if wrong:
            raise ConfigError(wrong)
        widened += [Node([width] * depth, item.place) for width in widths]
    return Node(widened, value.place, axis=True) if value.axis or len(widened) > 1 else widened[0]
