"""From files and options to configs, grids and races.

A config is given as the path of a file, as YAML text, or as the mapping that it is. A word with a line break, or with
a colon and a space, is text, unless there is such a file. overrides are KEY=VALUE each; seeds are `5`, `3,5,8`, one
number or several, in place of the config's. Everything that is wrong is raised as one InputError.
"""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from pathlib import Path
from typing import Any, Self

from regx.config.axes import FoundAxis, at_first, find_axes
from regx.config.config import Config
from regx.config.forms import extended, long_form, without
from regx.config.grid import Axis, Cell, Grid, LazyCells, permitted
from regx.config.identity import known
from regx.config.node import Node
from regx.config.overrides import Override, with_overrides
from regx.config.problems import ConfigError, Problem, independent
from regx.config.reader import MAX_BYTES, read_text
from regx.config.validation import built, validated
from regx.core.errors import InputError, did_you_mean
from regx.data.dataset import Source

MAX_CELLS = 2_000_000
MAX_BUILT = 20_000  # cells whose configs are all in memory; of more each is built when it is asked for
BUILT_IN = "none.yaml"
BUILT_IN_RACE = "race.yaml"

Seeds = str | int | Sequence[int] | None
Given = str | Path | Mapping[str, Any]
OF_LANE = (("regularizers",), ("name",))  # keys of a lane's config that stand in `lanes`
WRITTEN_HERE = "config"  # what messages call a config that is no file; its paths start in the current directory


def configs_folder() -> Path:
    """The example configs: in the installed package, else beside the package in its repository."""
    package = Path(__file__).parents[1]
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


def load_config(given: Given, overrides: Sequence[str] = (), seeds: Seeds = None) -> Config:
    """One config.  A sweep and a race are refused."""
    return _draft(given, overrides, seeds).config()


def config_of(mapping: Mapping[str, Any], where: str, overrides: Sequence[str] = (), seeds: Seeds = None) -> Config:
    """The config of a plain mapping, as if it stood in a file; `where` is what messages call it.

    Paths are relative to the current directory.
    """
    return _draft(mapping, overrides, seeds, where).config()


def stored_config(
    resolved: Mapping[str, Any], where: Path, table: str | None = None, overrides: Sequence[str] = ()
) -> Config:
    """The config of a run folder, whose file is `where`. What a later version of the same format added is left out.

    table: where the table was when it was trained on, for a folder that has been moved alone.
    """
    config = _draft(known(resolved), overrides, None, str(where)).config()
    path = getattr(config.dataset, "path", None)
    if table and path and not os.path.exists(path):  # noqa: PTH110
        config = replace(config, dataset=replace(config.dataset, path=table))  # type: ignore[call-arg]  # it has one
    return config


def load_grid(
    given: Given | None, overrides: Sequence[str] = (), axes: Sequence[Override] = (), seeds: Seeds = None
) -> Grid:
    """The grid of a config, of the built-in sine config without one; a config without axes is a grid of one cell.

    Several values of an override, separated by commas, are an axis; axes: from `short_axes`. More than MAX_CELLS cells
    are refused, and a race is.
    """
    draft = _draft(configs_folder() / BUILT_IN if given is None else given, overrides, seeds)
    draft.refuse_race()
    return draft.with_options(list(axes)).grid()


def load_lanes(given: Given | None, overrides: Sequence[str] = (), seeds: Seeds = None) -> Grid:
    """The lanes of a race, of the built-in one without a config: a cell for each, whose point is `{"lane": name}`.

    Along an axis there is a lane for every value, whose point has it too. A config without lanes is refused.
    """
    return _draft(configs_folder() / BUILT_IN_RACE if given is None else given, overrides, seeds).race()


def load_any(given: Given, overrides: Sequence[str] = (), seeds: Seeds = None) -> Grid:
    """The lanes of a config that is a race, the grid of any other."""
    draft = _draft(given, overrides, seeds)
    return draft.race() if draft.is_race else draft.grid()


def load_source(given: Given, overrides: Sequence[str] = ()) -> Source:
    """The dataset of a config, which the lanes of a race share."""
    draft = _draft(given, overrides, None)
    return draft.race().cells[0].config.dataset if draft.is_race else draft.config().dataset


@dataclass(frozen=True)
class _Draft:
    """A config before it is checked: its tree in its long form, with the options in it, and what is wrong with them.

    where: what messages call it, a path if it is of a file. folder: where tables are that options name.
    """

    tree: Node
    problems: tuple[Problem, ...]
    where: str
    folder: Path

    def with_options(self, options: Sequence[Override]) -> Self:
        tree, wrong = with_overrides(self.tree, options)
        return replace(self, tree=tree, problems=(*self.problems, *wrong))

    def config(self) -> Config:
        self.refuse_race()
        axes, wrong = find_axes(self.tree)
        config, _ = self._checked(axes, wrong)
        if axes:
            node = self.tree.at(axes[0].path)
            assert node is not None
            count = len(axes[0].values)
            message = f"expected one value, found {count}: this config is a sweep. Type: regx sweep {self.where}"
            raise ConfigError([Problem(node.place, axes[0].path, message)])
        return config

    def grid(self) -> Grid:
        found, wrong = find_axes(self.tree)
        first, axes = self._checked(found, wrong)
        cells = LazyCells(self.tree, found, first.name, self.folder)
        if len(cells) > MAX_CELLS:
            sizes = ", ".join(f"{axis.key} ({len(axis.values)})" for axis in found)
            expected = f"expected a grid of at most {MAX_CELLS:,} cells"
            raise InputError(f"{self.where}: {expected}, found {len(cells):,}: {sizes}")
        return Grid(first.name, axes, cells if len(cells) > MAX_BUILT else tuple(cells.all()))

    def race(self) -> Grid:
        if not self.is_race:
            self._checked([], [])
            raise InputError(
                f"{self.where}: expected a race, whose `lanes:` is a mapping from a lane's name to its stack, found no "
                f"lanes. Give it some, such as `lanes: {{none: [], l2: [l2: 0.003]}}`, or type: regx run {self.where}"
            )
        tree, found = self.tree, list(self.problems)
        lanes, stack = tree.value["lanes"], tree.child("regularizers")
        if not isinstance(lanes.value, dict) or not lanes.value:
            shown = "an empty mapping" if lanes.value == {} else lanes.shown()
            expected = "expected a mapping from a lane's name to its stack, such as `l2: [l2: 0.003]`"
            found.append(Problem(lanes.place, ("lanes",), f"{expected}, found {shown}"))
        if stack is not None and stack.value != []:
            message = "a race has no stack but those of its lanes: put these into every lane that is to have them"
            found.append(Problem(tree.keys["regularizers"], ("regularizers",), message))
        shared = without(tree, ("lanes", "regularizers"))
        axes, wrong = find_axes(shared)
        for axis in axes:
            if axis.path[0] == "dataset":
                node = shared.at(axis.path)
                assert node is not None
                said = f"expected one value, found {len(axis.values)}: the lanes of a race share their data"
                wrong.append(Problem(node.place, axis.path, f"{said}. Write a sweep for several"))
        first = at_first(shared, axes)
        found += independent([*wrong, *validated(first, self.folder)[1]], found)
        cells: list[Cell] = []
        for name, own in lanes.value.items() if isinstance(lanes.value, dict) else ():
            named = shared.replaced(("name",), Node(name, lanes.keys[name], name)).replaced(("regularizers",), own)
            try:
                along = _Draft(named, (), self.where, self.folder).grid()
                cells += [Cell(cell.config, {"lane": name, **cell.point}) for cell in along.cells]
            except ConfigError as error:
                of_lane = [
                    replace(one, path=("lanes", name, *one.path[1:])) if one.path[:1] in OF_LANE else one
                    for one in error.problems
                ]
                found += independent(of_lane, found)
        if found:
            raise ConfigError(found)
        return Grid(str(tree.value["name"].value), (), tuple(cells), lanes=True)

    @property
    def is_race(self) -> bool:
        return isinstance(self.tree.value, dict) and "lanes" in self.tree.value

    def refuse_race(self) -> None:
        if self.is_race:
            self.race()
            message = f"expected one stack, found lanes: this config is a race. Type: regx race {self.where}"
            raise ConfigError([Problem(self.tree.keys["lanes"], ("lanes",), message)])

    def _checked(self, axes: Sequence[FoundAxis], wrong: Sequence[Problem]) -> tuple[Config, tuple[Axis, ...]]:
        """The config at the first value of every axis, and the axes.

        Raises ConfigError with the problems of every value of every axis.
        """
        problems, found = [*self.problems, *wrong], []
        first = at_first(self.tree, axes)
        checked = []
        for axis in axes:
            points: dict[str, Any] = {}
            switched_on = None
            for position, value in enumerate(axis.values):
                config, own = validated(first.replaced(axis.path, value), self.folder)
                point = axis.point(position, config.resolved) if config is not None else value.plain()
                if repr(point) in points:
                    own = [Problem(value.place, axis.path, f"the value {value.shown()} is given twice")]
                points[repr(point)] = point
                if point == "on" and config is not None:
                    switched_on = config.resolved["regularizers"]
                found += own
            checked.append(Axis(axis.key, tuple(points.values()), switched_on, axis.values[0].place))
        return built(first, [*problems, *independent(found, problems)], self.folder), tuple(checked)


def as_text(value: Any, where: str = WRITTEN_HERE) -> str:
    """A plain value as YAML reads it again; numbers and arrays of NumPy and paths among them.  where: for messages."""

    def plain(value: Any) -> Any:
        if hasattr(value, "tolist"):
            return value.tolist()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise InputError(f"{where}: expected numbers, words, true, false, None, lists or mappings, found {value!r}")

    return json.dumps(value, default=plain, ensure_ascii=False)


def _draft(given: Given, overrides: Sequence[str], seeds: Seeds, where: str = WRITTEN_HERE) -> _Draft:
    """A config with its options and a name."""
    content: str | bytes
    if isinstance(given, Mapping):
        content = as_text(given)
    elif isinstance(given, str) and ("\n" in given or (": " in given and not os.path.exists(given))):  # noqa: PTH110
        content = given
    else:
        where = str(given)
        content = _content(Path(where))
    root, problems = read_text(content, where)
    tree = long_form(root)
    options = [Override("--set", text) for text in overrides]
    if seeds is not None:
        # NumPy's whole numbers are no int. The comma at the end makes a list of a single seed.
        if not isinstance(seeds, (str, int, Integral)):
            seeds = "".join(f"{int(seed)}," for seed in seeds)
        options.append(Override("--seeds", str(seeds)))
    if isinstance(tree.value, dict):
        tree, wrong = extended(tree, lambda path: read_text(_content(path), str(path)))
        problems += wrong
        if "name" not in tree.value:
            stem = permitted(Path(where).stem)
            tree = tree.replaced(("name",), Node(stem, tree.place, stem))
    return _Draft(tree, tuple(problems), where, Path(where).parent).with_options(options)


def _content(path: Path) -> bytes:
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            # A pipe may never be written into, and can be read only once.
            raise InputError(f"{path}: expected a config file, found a pipe or a device. Write the config into a file.")
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        folder = path.parent if os.path.isdir(path.parent) else Path()  # noqa: PTH112  # false for a name too long
        near = did_you_mean(path.name, [file.name for file in folder.glob("*.y*ml")])
        raise InputError(f"{path}: expected a config file, found nothing there.{near}") from None
    except IsADirectoryError:
        raise InputError(f"{path}: expected a config file, found a folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(f"{path}: expected a config file that can be read: {reason}") from None
