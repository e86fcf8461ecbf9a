"""From a config's tree in its long form to the typed config, or everything that is wrong with it, at its place."""

import dataclasses
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath
from typing import Any

from regx.config.config import Config, settings_of
from regx.config.node import Node, scalar
from regx.config.problems import ConfigError, Path, Place, Problem, independent
from regx.config.schema import FIXED, NAME_PATTERN, NAMED, SEED, SEED_COUNT, kind_of, known_keys, parameters_at
from regx.core.errors import InputError, did_you_mean
from regx.core.parameters import Parameter, in_words
from regx.core.regularizer import Regularizer
from regx.data.batching import bounds
from regx.data.dataset import Source
from regx.nn.architecture import Training
from regx.regularizers import REGISTRY as REGULARIZERS

NAME = "a name of at most 100 letters, digits, `.`, `_`, `-`, that does not start with `.` or `-`"


def built(tree: Node, problems: Sequence[Problem], folder: FilePath) -> Config:
    """The config of a tree without axes. Raises ConfigError with these problems and what does not follow from them."""
    config, found = validated(tree, folder)
    if config is None or problems:
        raise ConfigError([*problems, *independent(found, problems)])
    if wrong := list(_unusable(config, tree)):
        raise ConfigError(wrong)
    return config


def validated(root: Node, folder: FilePath) -> tuple[Config | None, list[Problem]]:
    """The config of a tree without axes, or every problem that it has.

    folder: where a table named by an option is looked for first; one in a file is looked for beside that file.
    """
    check = _Check(root, folder)
    config = check.config()
    return (None if check.problems else config), check.problems


class _Check:
    """One walk over a tree, which collects the problems."""

    def __init__(self, root: Node, folder: FilePath) -> None:
        self._root, self._folder = root, folder
        self.problems: list[Problem] = []

    def config(self) -> Config | None:
        root = self._root
        if not isinstance(root.value, dict):
            self._wrong((), root, "a mapping of keys such as `dataset: sine`")
            return None
        self._refuse_unknown((), root)
        settings = {path: self._settings(path, root.at(path)) for path in (*FIXED, *NAMED)}
        stack = self._stack(root.child("regularizers"))
        name, seeds = root.child("name"), self._seeds(root.child("seeds"))
        if name is not None and not (isinstance(name.value, str) and re.fullmatch(NAME_PATTERN, name.value)):
            self._wrong(("name",), name, NAME)
        if self.problems:
            return None
        try:
            made: dict[Path, Any] = {path: FIXED[path](**settings[path]) for path in FIXED}
            for path, (default, registry) in NAMED.items():
                made[path] = registry[settings[path].pop("name", default)](**settings[path])
            members = tuple(REGULARIZERS[kind](**values) for kind, values in stack.items())
            made["training",] = self._with_epochs(made["training",], made["dataset",], members, seeds[0])
        except InputError as error:  # a class refuses what its bounds permit
            self.problems.append(Problem(root.place, (), str(error)))
            return None
        if self.problems:
            return None
        dataset, optimizer, schedule = (made[path] for path in NAMED)
        resolved: dict[str, Any] = {
            "name": "config" if name is None else name.value,
            "dataset": {"name": dataset.kind, **settings_of(dataset)},
            "architecture": settings_of(made["architecture",]),
            "regularizers": [{member.kind: settings_of(member)} for member in members],
            "optimizer": {
                "name": optimizer.kind,
                **settings_of(optimizer),
                "schedule": {"name": schedule.kind, **settings_of(schedule)},
            },
            "training": settings_of(made["training",]),
            "seeds": list(seeds),
        }
        return Config(
            name=resolved["name"], dataset=dataset, architecture=made["architecture",], stack=members,
            optimizer=optimizer, schedule=schedule, training=made["training",], seeds=seeds, resolved=resolved,
        )  # fmt: skip

    def _with_epochs(self, training: Training, source: Source, stack: Sequence[Regularizer], seed: int) -> Training:
        """The same with the epochs that its steps take, where it has such a budget."""
        if training.steps is None:
            return training
        makers = [member.kind for member in stack if "on_data" in member.hooks()]
        place = self._root.at(("training", "steps"))
        assert place is not None
        if makers:
            message = f"expected training.epochs where a regularizer makes rows, as {makers[0]} does; found steps"
            self.problems.append(Problem(place.place, ("training", "steps"), message))
            return training
        try:
            rows = len(source.load(seed).train.x)
        except InputError:  # which is said where the data are needed
            return training
        least = max([member.least_batch for member in stack], default=1)
        each = len(bounds(rows, training.batch_size or rows, least))
        epochs = -(-training.steps // each)
        given = self._root.at(("training", "epochs"))
        if given is not None and training.epochs != epochs:
            steps = f"{training.steps} steps on {rows} rows are {epochs} epochs of {each}"
            message = f"expected epochs or steps, found both: {steps}, not {training.epochs}. Take one of them out"
            self.problems.append(Problem(given.place, ("training", "epochs"), message))
        return dataclasses.replace(training, epochs=epochs)

    def _settings(self, path: Path, node: Node | None) -> dict[str, Any]:
        """The values of a mapping's parameters as its class holds them, where they are given."""
        keys = parameters_at(self._root, path)
        if node is None:
            return {}
        if path in NAMED:
            default, registry = NAMED[path]
            name, kinds = node.child("name"), f"one of {', '.join(registry)}"
            if not isinstance(node.value, dict):
                self._wrong(path, node, f"{kinds}, or a mapping such as {{name: {default}}}")
                return {}
            if name is not None and not (isinstance(name.value, str) and name.value in registry):
                self._wrong((*path, "name"), name, kinds, registry)
                return {}
        elif not isinstance(node.value, dict):
            self._wrong(path, node, f"a mapping with the keys {', '.join(keys)}" if keys else "no settings")
            return {}
        self._refuse_unknown(path, node)
        found = {key: self._value((*path, key), node.value[key], keys[key]) for key in keys if key in node.value}
        for key, parameter in keys.items():
            if parameter.required and key not in node.value:
                parent = self._root.at(path[:-1])
                place = parent.keys.get(str(path[-1])) if parent is not None else None
                message = f"expected {in_words(parameter)} ({parameter.help}), found nothing"
                self.problems.append(Problem(place or node.place, (*path, key), message))
        if path == ("dataset",) and isinstance(found.get("path"), str):
            written = node.value["path"].place.text
            folder = self._folder if written.order else FilePath(written.name).parent
            found["path"] = _resolved_path(found["path"], folder)
        return found

    def _value(self, path: Path, node: Node, parameter: Parameter) -> Any:
        plain = node.plain()
        if parameter.accepts(plain):
            return parameter.held(plain)
        parts: Any = dict(enumerate(node.value)) if isinstance(node.value, list) else node.value
        if parameter.item is None or parameter.key or type(node.value) is not parameter.type:
            self._wrong(path, node, in_words(parameter), parameter.options)
            return None
        for part, item in parts.items():
            if not parameter.item.accepts(item.plain()):
                self._wrong((*path, part), item, in_words(parameter.item))
        return None

    def _stack(self, node: Node | None) -> dict[str, dict[str, Any]]:
        """The settings of every regularizer of the stack, by kind."""
        path = ("regularizers",)
        if node is None:
            return {}
        if not isinstance(node.value, list):
            self._wrong(path, node, "a list such as [l2: 0.003]")
            return {}
        self._refuse_repeated(path, [(kind_of(item), item) for item in node.value], "regularizer")
        found = {}
        for index, item in enumerate(node.value):
            kind, keys = kind_of(item), len(item.value) if isinstance(item.value, dict) else None
            if kind is None:
                shown, hint = (None, "") if keys is None else (f"{keys} keys", " Give each its own `- `.")
                self._wrong((*path, index), item, "one regularizer, such as `l2: {lam: 0.003}`", (), shown, hint)
            elif kind not in REGULARIZERS:
                expected = f"one of {', '.join(REGULARIZERS)}"
                self._wrong((*path, index), item, expected, (), f"'{kind}'", did_you_mean(kind, REGULARIZERS))
            elif item.value[kind].value != "off":
                found[kind] = self._settings((*path, index, kind), item.value[kind])
        return found

    def _seeds(self, node: Node | None) -> tuple[int, ...]:
        if node is None:
            return tuple(range(SEED_COUNT.default))
        if isinstance(node.value, list) and 1 <= len(node.value) <= (SEED_COUNT.le or 0):
            wrong = [(index, item) for index, item in enumerate(node.value) if not SEED.accepts(item.value)]
            for index, item in wrong:
                self._wrong(("seeds", index), item, in_words(SEED))
            self._refuse_repeated(("seeds",), [(item.value, item) for item in node.value], "seed")
            return () if wrong else tuple(item.value for item in node.value)
        if SEED_COUNT.accepts(node.value):
            return tuple(range(node.value))
        self._wrong(("seeds",), node, f"a whole number from 1 to {SEED_COUNT.le}, or a list of seeds such as [3, 5, 8]")
        return ()

    def _refuse_unknown(self, path: Path, node: Node) -> None:
        known = known_keys(self._root, path)
        for key in node.value:
            if key not in known:
                place, listed = node.keys.get(key, node.place), f"one of {', '.join(known)}" if known else "no key"
                message = _said(listed, f"the key '{key}'", did_you_mean(key, known))
                self.problems.append(Problem(place, (*path, key), message))

    def _refuse_repeated(self, path: Path, values: list[tuple[Any, Node]], noun: str) -> None:
        seen: dict[Any, Place] = {}
        for index, (value, item) in enumerate(values):
            if value is None or isinstance(value, (dict, list)):
                continue
            if value in seen:
                first = seen[value]
                message = f"the {noun} {value} was given before, at line {first.line}, column {first.column}"
                self.problems.append(Problem(item.place, (*path, index), message))
            seen.setdefault(value, item.place)

    def _wrong(
        self, path: Path, node: Node, expected: str, near: Any = (), found: str | None = None, hint: str = ""
    ) -> None:
        """Note that something else was expected. near: words, one of which may be meant."""
        if near and isinstance(node.value, str):
            hint = did_you_mean(node.value, near)
        said = _said(expected, node.shown() if found is None else found, hint or _hint(expected, node))
        self.problems.append(Problem(node.place, path, said))


def _unusable(config: Config, tree: Node) -> Iterator[Problem]:
    """The regularizers that cannot act on such data, as far as it is known before they are read."""
    task = config.dataset.known_task
    stack = tree.child("regularizers")
    items = {kind_of(item): (index, item) for index, item in enumerate(stack.value if stack is not None else ())}
    images = config.dataset.is_images
    for regularizer in config.stack:
        reason = None
        if task is not None:
            reason = regularizer.unusable(str(task), 1)  # whether rows are left to validate on is --peek's to say
        if regularizer.for_images and not images:
            reason = (
                f"it changes images, and {config.dataset.kind} is a table: take it out with -s regularizers."
                f"{regularizer.kind}=off, use input_noise instead, or if the columns of a csv are pixels, set "
                "dataset.shape=[channels, height, width]"
            )
        if regularizer.on_layers is not None and reason is None:
            reason = _no_such_layers(regularizer.on_layers, config.architecture.depth + 1)
        if reason is not None:
            index, item = items[regularizer.kind]
            place = item.keys.get(regularizer.kind, item.place)
            yield Problem(place, ("regularizers", index, regularizer.kind), reason)
    if config.architecture.conv and not images:
        node = tree.at(("architecture", "conv"))
        yield Problem(
            node.place if node is not None else tree.place,
            ("architecture", "conv"),
            f"expected images to convolve, found a table, {config.dataset.kind}. Leave conv out, or if columns of a "
            "csv are pixels, set dataset.shape=[channels, height, width]",
        )


def _no_such_layers(layers: tuple[int, ...], count: int) -> str | None:
    """What is wrong with layers that a regularizer names of a network with so many, or None."""
    found = next((f"{layer}" for layer in layers if not -count <= layer < count), None if layers else "none")
    if found is None:
        return None
    named = f"its {count} layers with weights, 0 to {count - 1}, or -1 to -{count} from the output on"
    return f"layers: expected numbers of {named if count > 1 else 'its only layer, 0'}, found {found}"


def _said(expected: str, found: str, hint: str = "") -> str:
    return f"expected {expected}, found {found}{'.' if hint else ''}{hint}"


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


def _resolved_path(written: str, folder: FilePath) -> str:
    """The absolute path of what is beside the config, else in the current directory; as written if it is in neither."""
    for place in (folder, FilePath()):
        candidate = place / written
        if os.path.exists(candidate):  # noqa: PTH110  # false where a name is too long, or a folder closed
            return str(candidate.resolve())
    return written
