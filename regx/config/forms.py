"""The long form of a config: what a tree of nodes holds once every short form is written out.

    dataset: sine              ->  dataset: {name: sine}            and so optimizer, optimizer.schedule
    optimizer: [adam, sgd]     ->  optimizer: {name: [adam, sgd]}   an axis
    regularizers: [batch_norm] ->  - batch_norm: {}
    - l2: 0.003                ->  - l2: {lam: 0.003}               the scalar is the first parameter
    - l2: on                   ->  - l2: {}                         off stays: the regularizer is left out
    - l2: [off, 0.003]         ->  - l2: [off, {lam: 0.003}]        an axis, along which it is left out once
    training:                  ->  left out: a key whose value is commented out has its default
    lanes: {l2: [l2: 0.003]}   ->  lanes: {l2: [l2: {lam: 0.003}]}  as in `regularizers`; a lane without a value: []

What is neither a short nor a long form is left as it is, for the check to refuse.
"""

from collections.abc import Callable
from pathlib import Path as FilePath

from regx.config.node import Node
from regx.config.problems import ConfigError, Path, Problem
from regx.config.schema import KEYS, NAMED
from regx.core.errors import InputError
from regx.core.parameters import parameters
from regx.regularizers import REGISTRY as REGULARIZERS

SECTIONS = set(KEYS) - {"name", "base", "seeds"}
SWITCH = ("off", "on")


def long_form(root: Node) -> Node:
    """The tree with every short form written out, each value keeping its place."""
    if not isinstance(root.value, dict):
        return root
    kept = {key: node for key, node in root.value.items() if not (key in SECTIONS and node.value is None)}
    root = Node(kept, root.place, keys=root.keys)
    for path in NAMED:
        node = root.at(path)
        if node is None:
            continue
        items = node.value if isinstance(node.value, list) else [node]
        if all(isinstance(item.value, str) for item in items):
            root = root.replaced(path, Node({"name": node}, node.place, keys={"name": node.place}))
    for path in stacks(root):
        stack = root.at(path)
        assert stack is not None
        if isinstance(stack.value, list):
            root = root.replaced(path, Node([_regularizer(item) for item in stack.value], stack.place))
        elif stack.value is None and path[0] == "lanes":
            root = root.replaced(path, Node([], stack.place))
    return root


def stacks(root: Node) -> list[Path]:
    """The paths of the stacks that a tree has: `regularizers`, and every lane of a race."""
    lanes = root.child("lanes")
    names = list(lanes.value) if lanes is not None and isinstance(lanes.value, dict) else []
    own: list[Path] = [("regularizers",)] if root.child("regularizers") is not None else []
    return own + [("lanes", name) for name in names]


def _regularizer(item: Node) -> Node:
    if isinstance(item.value, str):
        return Node({item.value: Node({}, item.place)}, item.place, keys={item.value: item.place})
    if not isinstance(item.value, dict) or len(item.value) != 1:
        return item
    ((kind, settings),) = item.value.items()
    return item.replaced((kind,), long_settings(kind, settings))


def long_settings(kind: str, settings: Node) -> Node:
    """The long form of what stands after `l2:`."""
    if settings.value is None or settings.value == "on":
        return Node({}, settings.place, settings.written)
    if is_switched(settings):
        return Node([long_settings(kind, item) for item in settings.value], settings.place, axis=True)
    names = list(parameters(REGULARIZERS[kind])) if kind in REGULARIZERS else []
    if isinstance(settings.value, dict) or settings.value == "off" or not names:
        return settings
    return Node({names[0]: settings}, settings.place, keys={names[0]: settings.place})


def is_switched(settings: Node) -> bool:
    """Whether the list after `l2:` holds settings, `on` or `off`, and not only values of its first parameter."""
    items = settings.value if isinstance(settings.value, list) else []
    return any(isinstance(item.value, dict) or item.written in SWITCH for item in items)


def extended(tree: Node, read: Callable[[FilePath], tuple[Node, list[Problem]]]) -> tuple[Node, list[Problem]]:
    """A tree with what it does not say itself from the file that its `base` names, and so on from that one's.

    Mappings are merged key by key, unless they name another class; anything else, a stack too, replaces what the base
    has. A base's name is its own. read: the tree of a file, and what is wrong with it.
    Raises ConfigError at the `base` of a file that extends itself, by way of others or not.
    """
    problems: list[Problem] = []
    read_already = []
    while "base" in tree.value:
        node, place = tree.value["base"], tree.keys["base"]
        tree = without(tree, ("base",))
        if not isinstance(node.value, str):
            problems.append(Problem(node.place, ("base",), f"expected the path of a config, found {node.shown()}"))
            break
        name = FilePath(node.place.text.name)
        path = name.parent / node.value
        read_already.append(name.resolve())
        if path.resolve() in read_already:
            rest = "itself" if path == name else f"{path}, which extends it in turn"
            message = f"{name} extends {rest}. Take the `base` out of one of them"
            raise ConfigError([*problems, Problem(place, ("base",), message)])
        try:
            beneath, wrong = read(path)
        except ConfigError:
            raise
        except InputError as error:
            raise ConfigError([*problems, Problem(node.place, ("base",), str(error))]) from None
        problems += wrong
        beneath = long_form(beneath)
        if not isinstance(beneath.value, dict):
            problems.append(Problem(beneath.place, (), f"expected a mapping of keys, found {beneath.shown()}"))
            break
        stacks_of_own = [key for key in ("regularizers", "lanes") if key in tree.value]
        tree = _merged(without(beneath, ("name", *(("regularizers", "lanes") if stacks_of_own else ()))), tree)
    return tree, problems


def without(tree: Node, keys: tuple[str, ...]) -> Node:
    """A mapping less some of its keys."""
    kept = {key: node for key, node in tree.value.items() if key not in keys}
    return Node(kept, tree.place, keys={key: place for key, place in tree.keys.items() if key in kept})


def _merged(beneath: Node, own: Node, path: Path = ()) -> Node:
    if not isinstance(beneath.value, dict) or not isinstance(own.value, dict):
        return own
    if path in NAMED and "name" in own.value:
        name = beneath.child("name")
        if own.value["name"].value != (NAMED[path][0] if name is None else name.value):
            return own
    both = {
        key: _merged(old, own.value[key], (*path, key)) if key in own.value else old
        for key, old in beneath.value.items()
    }
    return Node({**own.value, **both}, own.place, keys={**beneath.keys, **own.keys})
