"""What a config may hold: its keys, and the declared parameters of every mapping in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from regx.config.node import Node
from regx.config.problems import Path, stack_path
from regx.core.parameters import Parameter, parameters
from regx.data import REGISTRY as DATASETS
from regx.nn.architecture import Architecture, Training
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.regularizers import REGISTRY as REGULARIZERS

KEYS = {
    "name": "name of the run; the file's name without its ending by default",
    "dataset": "dataset and its settings",
    "architecture": "shape of the network",
    "regularizers": "the stack, in order",
    "lanes": "of a race: a stack for each lane, in place of regularizers",
    "optimizer": "optimizer and its settings",
    "training": "length, steps, precision",
    "seeds": "n for the seeds 0 to n - 1, or a list of seeds",
    "base": "a config that this one extends, beside this file; a stack replaces its stack",
}
# The mappings of fixed keys, and those that choose a class by `name`, with what they choose without one.
FIXED: dict[Path, type] = {("architecture",): Architecture, ("training",): Training}
NAMED: dict[Path, tuple[str, Mapping[str, type]]] = {
    ("dataset",): ("sine", DATASETS),
    ("optimizer",): ("adam", OPTIMIZERS),
    ("optimizer", "schedule"): ("constant", SCHEDULES),
}
ARCHITECTURE_KEYS = parameters(Architecture)
TRAINING_KEYS = parameters(Training)

NAME_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
SEED = Parameter(int, ge=0, lt=2**32, name="seed")
SEED_COUNT = Parameter(int, default=5, ge=1, le=100_000, name="seeds")


def parameters_at(root: Node, path: Path) -> Mapping[str, Parameter]:
    """The parameters of the mapping at this path: those of the class it names, of the default one if it names none."""
    if path in FIXED:
        return parameters(FIXED[path])
    stack = stack_path(path)
    if stack is not None and len(path) == len(stack) + 2:
        return parameters(REGULARIZERS[str(path[-1])]) if path[-1] in REGULARIZERS else {}
    if path not in NAMED:
        return {}
    default, registry = NAMED[path]
    node = root.at((*path, "name"))
    name = default if node is None else node.value
    if isinstance(name, list):
        name = name[0].value if name else default
    words = Parameter(str, f"kind of {path[-1]}", default, options=tuple(registry), name="name")
    # Under a name that is wrong, any class's parameter may be meant.
    classes = [registry[name]] if isinstance(name, str) and name in registry else list(registry.values())
    return {"name": words, **{key: parameter for cls in classes for key, parameter in parameters(cls).items()}}


def known_keys(root: Node, path: Path) -> list[str]:
    """The keys that a mapping at this path may have."""
    keys = list(parameters_at(root, path)) if path else list(KEYS)
    return [*keys, "schedule"] if path == ("optimizer",) else keys


def mappings(root: Node) -> Iterator[Path]:
    """The paths of the mappings that hold parameters, whether the config has them or not."""
    yield from (("dataset",), ("architecture",), ("optimizer",), ("optimizer", "schedule"), ("training",))
    stack = root.child("regularizers")
    for index, item in enumerate(stack.value if stack is not None and isinstance(stack.value, list) else ()):
        if isinstance(item.value, dict):
            yield from (("regularizers", index, kind) for kind in item.value)


def kind_of(item: Node) -> str | None:
    """The kind of an item of the stack in its long form; None if it is none."""
    return next(iter(item.value)) if isinstance(item.value, dict) and len(item.value) == 1 else None


def required(cls: Any) -> list[str]:
    """The parameters of a class that must be given."""
    return [name for name, parameter in parameters(cls).items() if parameter.required]
