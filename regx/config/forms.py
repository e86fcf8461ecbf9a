"""The long form of a config: what a tree of nodes holds once every short form is written out.

    dataset: sine              ->  dataset: {name: sine}            and so optimizer, optimizer.schedule
    optimizer: [adam, sgd]     ->  optimizer: {name: [adam, sgd]}   an axis
    regularizers: [batch_norm] ->  - batch_norm: {}
    - l2: 0.003                ->  - l2: {lam: 0.003}               the scalar is the first parameter
    optimizer: {lr: 0.1}       ->  optimizer: {name: adam, lr: 0.1}
    training:                  ->  left out: a key whose value is commented out has its default
    lanes: {l2: [l2: 0.003]}   ->  lanes: {l2: [l2: {lam: 0.003}]}  as in `regularizers`; a lane without a value: []

What is neither a short nor a long form is left as it is, for the schema to refuse.
"""

from __future__ import annotations

from regx.config.problems import Path
from regx.config.reader import Node
from regx.core.parameters import parameters
from regx.regularizers import REGISTRY as REGULARIZERS

# The mappings that choose by name, and what they choose without one.
NAMED: dict[Path, str] = {("dataset",): "sine", ("optimizer",): "adam", ("optimizer", "schedule"): "constant"}
SECTIONS = ("dataset", "architecture", "regularizers", "lanes", "optimizer", "training")


def long_form(root: Node) -> Node:
    """The tree with every short form written out, each value keeping its place."""
    if not isinstance(root.value, dict):
        return root
    kept = {key: node for key, node in root.value.items() if not (key in SECTIONS and node.value is None)}
    root = Node(kept, root.place, keys=root.keys)
    for path, default in NAMED.items():
        node = root.at(path)
        if node is not None and (isinstance(node.value, str) or _is_words(node)):
            root = root.replaced(path, Node({"name": node}, node.place, keys={"name": node.place}))
        elif node is not None and isinstance(node.value, dict) and "name" not in node.value:
            root = root.replaced((*path, "name"), Node(default, node.place, default))
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


def _is_words(node: Node) -> bool:
    return isinstance(node.value, list) and all(isinstance(item.value, str) for item in node.value)


def _regularizer(item: Node) -> Node:
    if isinstance(item.value, str):
        return Node({item.value: Node({}, item.place)}, item.place, keys={item.value: item.place})
    if not isinstance(item.value, dict) or len(item.value) != 1:
        return item
    ((kind, settings),) = item.value.items()
    return item.replaced((kind,), settings_of(kind, settings))


def settings_of(kind: str, settings: Node) -> Node:
    """The long form of what stands after `l2:`."""
    if settings.value is None:
        return Node({}, settings.place)
    names = list(parameters(REGULARIZERS[kind])) if kind in REGULARIZERS else []
    if isinstance(settings.value, dict) or not names:
        return settings
    return Node({names[0]: settings}, settings.place, keys={names[0]: settings.place})
