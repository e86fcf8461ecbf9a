"""What figures are drawn of: runs, sweeps of them, and decompositions into bias and variance, as folders hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError
from regx.store.files import damaged, expect, read_json
from regx.store.run import DEPTH, StoredRun, find_runs, is_run, read_runs

SWEEP, BIAS_VARIANCE = "sweep.json", "bias_variance.json"


@dataclass(frozen=True)
class Axis:
    """A config key that was swept, and its values: numbers, words, booleans or lists."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sweep:
    """A folder with sweep.json. cells: each point, the axes' values by key, and its run where it can be read."""

    folder: Path
    name: str
    axes: tuple[Axis, ...]
    cells: tuple[tuple[dict[str, Any], StoredRun | None], ...]

    def at(self, point: dict[str, Any]) -> StoredRun | None:
        """The run at a point; None where there is none."""
        return next((run for found, run in self.cells if found == point), None)


@dataclass(frozen=True)
class Decomposition:
    """A folder with bias_variance.json, and what that says."""

    folder: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.content["name"])


@dataclass(frozen=True)
class Subjects:
    """All that figures can be drawn of. problems: what is wrong with those that cannot be read, a message each."""

    run: tuple[StoredRun, ...]
    sweep: tuple[Sweep, ...]
    decomposition: tuple[Decomposition, ...]
    problems: tuple[str, ...]


def read_subjects(paths: Sequence[Path | str]) -> Subjects:
    """What the paths hold: run folders, and folders that hold runs, sweeps or decompositions.

    Raises InputError if a path holds none of these, or if nothing can be read.
    """
    folders = [path.parent if path.name in (SWEEP, BIAS_VARIANCE) else path for path in map(Path, paths)]
    inside = {folder: list(_folders(folder, DEPTH)) for folder in folders}
    with_runs, wrong = [], []
    for folder in folders:
        try:
            find_runs([folder])
            with_runs.append(folder)
        except InputError as error:
            if not any((one / BIAS_VARIANCE).is_file() for one in inside[folder]):
                wrong.append(str(error))
    if wrong:
        raise InputError("\n".join(wrong))
    problems: list[str] = []
    decompositions: dict[Path, Decomposition] = {}
    for folder in (one for found in inside.values() for one in found if (one / BIAS_VARIANCE).is_file()):
        try:
            decompositions.setdefault(folder.resolve(), _decomposition(folder))
        except RegxError as error:
            problems.append(str(error))
    runs: list[StoredRun] = []
    if with_runs or not decompositions:
        try:
            runs, unread = read_runs(with_runs)
            problems += unread
        except InputError as error:
            if not decompositions:
                raise InputError("\n".join([*problems, str(error)]) if problems else str(error)) from error
            problems.append(str(error))
    sweeps: dict[Path, Sweep] = {}
    for folder in (one for found in inside.values() for one in found if (one / SWEEP).is_file()):
        try:
            sweeps.setdefault(folder.resolve(), _sweep(folder, runs))
        except RegxError as error:
            problems.append(str(error))
    return Subjects(tuple(runs), tuple(sweeps.values()), tuple(decompositions.values()), tuple(problems))


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """A folder and those inside it; a run's own are not looked into."""
    yield folder
    if depth and folder.is_dir() and not is_run(folder):
        try:
            inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        except PermissionError:
            return
        for entry in inside:
            yield from _folders(entry, depth - 1)


def _sweep(folder: Path, runs: Sequence[StoredRun]) -> Sweep:
    path = folder / SWEEP
    content = read_json(path, ("name", "axes", "cells"))
    axes, cells = expect(path, content, "axes", list), expect(path, content, "cells", list)
    by_folder = {run.folder.resolve(): run for run in runs}
    try:
        return Sweep(
            folder=folder,
            name=str(content["name"]),
            axes=tuple(Axis(axis["key"], tuple(axis["values"])) for axis in axes),
            cells=tuple((dict(cell["point"]), by_folder.get((folder / cell["run"]).resolve())) for cell in cells),
        )
    except (TypeError, KeyError, ValueError):
        raise damaged(path, "expected key and values of every axis, run and point of every cell") from None


def _decomposition(folder: Path) -> Decomposition:
    path = folder / BIAS_VARIANCE
    content = read_json(path, ("name", "axis", "draws", "points"))
    points = expect(path, content, "points", list)
    if not points or not all(isinstance(point, dict) and point.keys() >= PARTS.keys() for point in points):
        raise damaged(path, f"expected a list of points under 'points', each with {', '.join(PARTS)}")
    return Decomposition(folder, content)


PARTS = {"error": "expected test error", "bias2": "bias²", "variance": "variance", "noise": "noise"}
