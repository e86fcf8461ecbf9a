"""From files and options to configs and grids."""

from __future__ import annotations

import itertools
import json
import math
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from pathlib import Path
from typing import Any, overload

from regx.config.axes import FoundAxis, find_axes
from regx.config.config import Config, typed
from regx.config.forms import long_form
from regx.config.grid import Axis, Cell, Grid, as_point, cell_name, labels_of, permitted
from regx.config.overrides import Override, locate, with_overrides
from regx.config.problems import ConfigError, Problem, dotted
from regx.config.problems import Path as KeyPath
from regx.config.reader import MAX_BYTES, Node, read_text
from regx.config.validation import validated
from regx.core.errors import InputError, did_you_mean
from regx.data.dataset import Source

MAX_CELLS = 2_000_000
MAX_BUILT = 20_000  # cells whose configs are all in memory; of more each is built when it is asked for
BUILT_IN = "none.yaml"
BUILT_IN_RACE = "race.yaml"

Seeds = str | int | Sequence[int] | None
Given = str | Path | Mapping[str, Any]  # a config: the path of a file, YAML text, or the mapping that it is
WRITTEN_HERE = Path("config")  # what messages call one that is no file; its paths start in the current directory


class LazyCells(Sequence[Cell]):
    """The cells of a grid, each built when it is asked for.  Raises InputError then if its values do not go together.

    Names are as in a small grid, but that two cells may share one; their digests tell them apart.
    """

    def __init__(self, tree: Node, axes: tuple[FoundAxis, ...], name: str, folder: Path) -> None:
        self._tree, self._axes, self._name, self._folder = tree, axes, name, folder
        self._keys = [dotted(axis.path) for axis in axes]
        self._labels = labels_of(self._keys)

    def __len__(self) -> int:
        return math.prod(len(axis.values) for axis in self._axes)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Cell, ...]: ...
    def __getitem__(self, index: int | slice) -> Cell | tuple[Cell, ...]:
        if isinstance(index, slice):
            return tuple(self[each] for each in range(*index.indices(len(self))))
        rest = range(len(self))[index]
        choice = []
        for axis in reversed(self._axes):
            rest, position = divmod(rest, len(axis.values))
            choice.append(position)
        return self._cell(choice[::-1])

    def axes(self) -> tuple[Axis, ...]:
        """The axes with their values as configs hold them."""
        first = [0] * len(self._axes)
        found = []
        for number, (axis, key) in enumerate(zip(self._axes, self._keys, strict=True)):
            along = [[*first[:number], position, *first[number + 1 :]] for position in range(len(axis.values))]
            found.append(Axis(key, tuple(self._cell(choice).point[key] for choice in along)))
        return tuple(found)

    def _cell(self, choice: Sequence[int]) -> Cell:
        tree = self._tree
        for axis, position in zip(self._axes, choice, strict=True):
            tree = tree.replaced(axis.path, axis.values[position])
        config = _built(tree, [], self._folder)
        point = {key: as_point(locate(config.resolved, key)) for key in self._keys}
        name = cell_name(self._name, self._labels, list(point.values()), set())
        return Cell(replace(config, name=name, resolved={**config.resolved, "name": name}), point)


def configs_folder() -> Path:
    """The example configs: in the installed package, else beside the package in its repository."""
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def path_of(given: Given) -> Path:
    """The path of a config's file, or what one is called that is none.

    A word with a line break, or with a colon and a space, is YAML text, unless there is such a file.
    """
    if isinstance(given, Path):
        return given
    if isinstance(given, str) and not ("\n" in given or (": " in given and not os.path.exists(given))):  # noqa: PTH110
        return Path(given)
    return WRITTEN_HERE


def as_text(value: Any, where: str = "config") -> str:
    """A plain value as YAML reads it again; numbers and arrays of NumPy and paths among them.  where: for messages.

    Raises InputError for anything else.
    """

    def plain(value: Any) -> Any:
        if hasattr(value, "tolist"):
            return value.tolist()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise InputError(f"{where}: expected numbers, words, true, false, None, lists or mappings, found {value!r}")

    return json.dumps(value, default=plain, ensure_ascii=False)


def load_config(given: Given, overrides: Sequence[str] = (), seeds: Seeds = None) -> Config:
    """The config of a file, or as it is given.

    overrides: KEY=VALUE each.  seeds: `5`, `3,5,8`, a number or several, in place of the file's.
    Raises InputError with everything that is wrong, and where the config is a sweep or a race.
    """
    path = path_of(given)
    tree, problems = _tree(given, overrides, (), seeds)
    _refuse_race(tree, problems, path)
    axes, wrong = find_axes(tree)
    problems += wrong
    if axes:
        _check_values(tree, axes, problems, path.parent)
        axis = axes[0]
        node = tree.at(axis.path)
        assert node is not None
        message = f"expected one value, found {len(axis.values)}: this config is a sweep. Type: regx sweep {path}"
        raise ConfigError([Problem(node.place, axis.path, message)])
    return _built(tree, problems, path.parent)


def config_of(mapping: Mapping[str, Any], where: str, overrides: Sequence[str] = (), seeds: Seeds = None) -> Config:
    """The config of a plain mapping, as if it stood in a file; `where` is what messages call it.

    overrides, seeds: as for `load_config`. Paths are relative to the current directory.
    """
    options = [Override("--set", text) for text in overrides]
    if seeds is not None:
        options.append(Override("--seeds", _seeds_text(seeds)))
    named = {"name": permitted(Path(where).stem), **mapping}
    root, problems = read_text(json.dumps(named, ensure_ascii=False), where)
    tree, wrong = with_overrides(long_form(root), options)
    return _built(tree, [*problems, *wrong], Path())


def load_grid(
    given: Given | None,
    overrides: Sequence[str] = (),
    axes: Sequence[Override] = (),
    seeds: Seeds = None,
) -> Grid:
    """The grid of a file, of the built-in sine config without one; a config without axes is a grid of one cell.

    overrides: KEY=VALUE each, several values separated by commas being an axis.  axes: from `short_axes`.
    Raises InputError with everything that is wrong, for more than MAX_CELLS cells, and where the config is a race.
    """
    given = configs_folder() / BUILT_IN if given is None else given
    path = path_of(given)
    tree, problems = _tree(given, overrides, (), seeds)
    _refuse_race(tree, problems, path)
    if axes:
        tree, problems = _tree(given, overrides, axes, seeds)
    found, wrong = find_axes(tree)
    base = _check_values(tree, found, [*problems, *wrong], path.parent)
    cells = math.prod(len(axis.values) for axis in found)
    if cells > MAX_CELLS:
        sizes = ", ".join(f"{dotted(axis.path)} ({len(axis.values)})" for axis in found)
        raise InputError(f"{path}: expected a grid of at most {MAX_CELLS:,} cells, found {cells:,}: {sizes}")
    keys = [dotted(axis.path) for axis in found]
    labels = labels_of(keys)
    if cells > MAX_BUILT:
        lazy = LazyCells(tree, tuple(found), base.name, path.parent)
        return Grid(base.name, lazy.axes(), lazy)
    built: list[Cell] = []
    names: set[str] = set()
    plain_points = []
    for nodes in itertools.product(*(axis.values for axis in found)):
        cell = tree
        for axis, node in zip(found, nodes, strict=True):
            cell = cell.replaced(axis.path, node)
        config = _built(cell, [], path.parent)
        point = {key: as_point(locate(config.resolved, key)) for key in keys}
        name = cell_name(base.name, labels, list(point.values()), names)
        names.add(name)
        config = replace(config, name=name, resolved={**config.resolved, "name": name})
        built.append(Cell(config, point))
        plain_points.append(tuple(point.values()))
    axes_found = tuple(
        Axis(key, tuple({repr(point[index]): point[index] for point in plain_points}.values()))
        for index, key in enumerate(keys)
    )
    return Grid(base.name, axes_found, tuple(built))


def load_lanes(given: Given | None, overrides: Sequence[str] = (), seeds: Seeds = None) -> Grid:
    """The lanes of a race, of the built-in one without a path: a cell for each, whose point is `{"lane": name}`.

    Raises InputError with everything that is wrong, and where the config has no lanes.
    """
    given = configs_folder() / BUILT_IN_RACE if given is None else given
    tree, problems = _tree(given, overrides, (), seeds)
    return _race(tree, problems, path_of(given))


def load_any(path: str | Path, overrides: Sequence[str] = (), seeds: Seeds = None) -> Grid:
    """The lanes of a file that is a race, the grid of any other."""
    tree, problems = _tree(path, overrides, (), seeds)
    return _race(tree, problems, Path(path)) if _is_race(tree) else load_grid(path, overrides, (), seeds)


def load_source(path: str | Path, overrides: Sequence[str] = ()) -> Source:
    """The dataset of a config, which the lanes of a race share.  Raises InputError as `load_config` does."""
    tree, problems = _tree(path, overrides, (), None)
    if _is_race(tree):
        return _race(tree, problems, Path(path)).cells[0].config.dataset
    return load_config(path, overrides).dataset


def _is_race(tree: Node) -> bool:
    return isinstance(tree.value, dict) and "lanes" in tree.value


def _refuse_race(tree: Node, problems: Sequence[Problem], path: str | Path) -> None:
    if not _is_race(tree):
        return
    _race(tree, problems, Path(path))
    message = f"expected one stack, found lanes: this config is a race. Type: regx race {path}"
    raise ConfigError([Problem(tree.keys["lanes"], ("lanes",), message)])


def _race(tree: Node, problems: Sequence[Problem], path: Path) -> Grid:
    """The lanes of a tree.  Raises ConfigError with the problems of all of them."""
    if not _is_race(tree):
        _check_values(tree, [], problems, path.parent)
        raise InputError(
            f"{path}: expected a race, whose `lanes:` is a mapping from a lane's name to its stack, found no lanes. "
            f"Give it some, such as `lanes: {{none: [], l2: [l2: 0.003]}}`, or type: regx run {path}"
        )
    lanes = tree.value["lanes"]
    found = list(problems)
    if not isinstance(lanes.value, dict) or not lanes.value:
        expected = "expected a mapping from a lane's name to its stack, such as `l2: [l2: 0.003]`"
        found.append(Problem(lanes.place, ("lanes",), f"{expected}, found {_shown(lanes)}"))
    stack = tree.child("regularizers")
    if stack is not None and stack.value != []:
        message = "a race has no stack but those of its lanes: put these into every lane that is to have them"
        found.append(Problem(tree.keys["regularizers"], ("regularizers",), message))
    rest = {key: node for key, node in tree.value.items() if key not in ("lanes", "regularizers")}
    shared, wrong = _without_axes(Node(rest, tree.place, keys=tree.keys), ())
    found += _independent([*wrong, *validated(shared)[1]], found)
    if not isinstance(lanes.value, dict):
        raise ConfigError(found)
    cells = []
    for name, own in lanes.value.items():
        named = shared.replaced(("name",), Node(name, lanes.keys[name], name))
        lane, wrong = _without_axes(named.replaced(("regularizers",), own), ("lanes", name))
        try:
            config = _built(lane, [], path.parent)
            cells.append(Cell(config, {"lane": name}))
        except ConfigError as error:
            wrong += [replace(problem, path=_in_lane(problem.path, name)) for problem in error.problems]
        found += _independent(wrong, found)
    if found:
        raise ConfigError(found)
    return Grid(str(tree.value["name"].value), (), tuple(cells), lanes=True)


def _shown(node: Node) -> str:
    return "an empty mapping" if node.value == {} else node.shown()


def _in_lane(path: KeyPath, lane: str) -> KeyPath:
    """Where in a race's file the problem of a lane is."""
    return ("lanes", lane, *path[1:]) if path[:1] in (("regularizers",), ("name",)) else path


def _without_axes(tree: Node, lane: KeyPath) -> tuple[Node, list[Problem]]:
    """A tree with the first value of each axis, and the problem that each axis is in a race."""
    axes, problems = find_axes(tree)
    for axis in axes:
        node = tree.at(axis.path)
        assert node is not None
        remedy = "Give each value a lane of its own" if lane else "Its lanes share one value; write a sweep for several"
        path = _in_lane(axis.path, str(lane[1])) if lane else axis.path
        problems.append(
            Problem(node.place, path, f"expected one value, found {len(axis.values)}: a race has no axes. {remedy}")
        )
        tree = tree.replaced(axis.path, axis.values[0])
    return tree, problems


def _tree(given: Given, overrides: Sequence[str], axes: Sequence[Override], seeds: Seeds) -> tuple[Node, list[Problem]]:
    """The tree of a file in its long form, with the options of the command line in it and a name; and its problems."""
    path = path_of(given)
    if isinstance(given, Mapping) or (isinstance(given, str) and path == WRITTEN_HERE and given != str(path)):
        root, problems = read_text(given if isinstance(given, str) else as_text(given), str(path))
    else:
        root, problems = _read_file(path)
    tree = long_form(root)
    options = [Override("--set", text) for text in overrides] + list(axes)
    if seeds is not None:
        options.append(Override("--seeds", _seeds_text(seeds)))
    if isinstance(tree.value, dict):
        if "name" not in tree.value:
            stem = permitted(path.stem)
            tree = tree.replaced(("name",), Node(stem, tree.place, stem))
        tree, wrong = with_overrides(tree, options)
        problems += wrong
    return tree, problems


def _seeds_text(seeds: str | int | Sequence[int]) -> str:
    if isinstance(seeds, (str, int, Integral)):  # NumPy's whole numbers are no int
        return str(seeds)
    # The comma at the end makes a list of a single seed.
    return "".join(f"{int(seed)}," for seed in seeds)


def _read_file(path: Path) -> tuple[Node, list[Problem]]:
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            # A pipe may never be written into, and can be read only once.
            raise InputError(f"{path}: expected a config file, found a pipe or a device. Write the config into a file.")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        folder = path.parent if os.path.isdir(path.parent) else Path()  # noqa: PTH112  # false for a name too long
        near = did_you_mean(path.name, [file.name for file in folder.glob("*.y*ml")])
        raise InputError(f"{path}: expected a config file, found nothing there.{near}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: expected a config file, found a folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: expected a config file that can be read: {reason}") from None
    return read_text(content, str(path))


def _check_values(tree: Node, axes: list[FoundAxis], problems: Sequence[Problem], folder: Path) -> Config:
    """The config of the axes' first values.  Raises ConfigError with the problems of every value of every axis."""
    found: list[Problem] = []
    first = tree
    for axis in axes:
        first = first.replaced(axis.path, axis.values[0])
    for axis in axes:
        seen: list[Any] = []
        for value in axis.values:
            plain = value.plain()
            if plain in seen and type(plain) is type(seen[seen.index(plain)]):
                found.append(Problem(value.place, axis.path, f"the value {value.shown()} is given twice"))
            seen.append(plain)
            found += validated(first.replaced(axis.path, value))[1]
    return _built(first, [*problems, *_independent(found, problems)], folder)


def _independent(found: Sequence[Problem], before: Sequence[Problem]) -> list[Problem]:
    """The problems that do not follow from others: those at other places."""
    places = {problem.place for problem in before}
    return [problem for problem in found if problem.place not in places]


def _built(tree: Node, problems: Sequence[Problem], folder: Path) -> Config:
    model, found = validated(tree)
    if problems or found:
        raise ConfigError([*problems, *_independent(found, problems)])
    assert model is not None
    dataset: Any = getattr(model, "dataset")  # noqa: B009  # the model's fields are made at run time
    if isinstance(getattr(dataset, "path", None), str):
        dataset.path = _resolved_path(dataset.path, folder)
    try:
        config = typed(model)
    except ConfigError:
        raise
    except InputError as error:
        raise ConfigError([Problem(tree.place, (), str(error))]) from None
    unusable = list(_unusable(config, tree))
    if unusable:
        raise ConfigError(unusable)
    return config


def _unusable(config: Config, tree: Node) -> Iterator[Problem]:
    """The regularizers that cannot act on such data, as far as it is known before they are read."""
    task = config.dataset.known_task
    for index, regularizer in enumerate(config.stack if task is not None else ()):
        reason = regularizer.unusable(str(task), 1)  # whether rows are left to validate on is --peek's to say
        if reason is not None:
            item = tree.at(("regularizers", index))
            assert item is not None
            place = item.keys.get(regularizer.kind, item.place)
            yield Problem(place, ("regularizers", index, regularizer.kind), reason)


def _resolved_path(written: str, folder: Path) -> str:
    """The absolute path of what is beside the config, else in the current directory; as written if it is in neither."""
    for place in (folder, Path()):
        candidate = place / written
        if os.path.exists(candidate):  # noqa: PTH110  # false where a name is too long, or a folder closed
            return str(candidate.resolve())
    return written
