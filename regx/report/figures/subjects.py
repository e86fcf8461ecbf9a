"""What figures are drawn of: runs, sweeps of them, and decompositions into bias and variance, as folders hold them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError
from regx.report.figures.style import LOSSES
from regx.stats.aggregate import mean_interval
from regx.store import networks
from regx.store.files import BIAS_VARIANCE, SWEEP, damaged, expect, read_json
from regx.store.run import DEPTH, StoredRun, find_runs, is_run, read_runs


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
            if not any(_has(one, BIAS_VARIANCE) for one in inside[folder]):
                wrong.append(str(error))
    if wrong:
        raise InputError("\n".join(wrong))
    problems: list[str] = []
    decompositions: dict[Path, Decomposition] = {}
    for folder in (one for found in inside.values() for one in found if _has(one, BIAS_VARIANCE)):
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
    for folder in (one for found in inside.values() for one in found if _has(one, SWEEP)):
        try:
            sweeps.setdefault(folder.resolve(), _sweep(folder, runs))
        except RegxError as error:
            problems.append(str(error))
    return Subjects(tuple(runs), tuple(sweeps.values()), tuple(decompositions.values()), tuple(problems))


def _has(folder: Path, file: str) -> bool:
    return os.path.isfile(folder / file)  # noqa: PTH113  # false where a name is too long, or a folder closed


def _folders(folder: Path, depth: int) -> Iterator[Path]:
    """A folder and those inside it; a run's own are not looked into."""
    yield folder
    if depth and os.path.isdir(folder) and not is_run(folder):  # noqa: PTH112  # false where a name is too long
        try:
            inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        except PermissionError:
            return
        for entry in inside:
            yield from _folders(entry, depth - 1)


def _sweep(folder: Path, runs: Sequence[StoredRun]) -> Sweep:
    path = folder / SWEEP
    content = read_json(path, ("name", "axes"))
    if content.get("compact") is True:
        return _compact(path, content)
    axes, cells = expect(path, content, "axes", list), expect(path, content, "cells", list)
    by_folder = {run.folder.resolve(): run for run in runs}
    try:
        if not all(cell["point"][axis["key"]] in list(axis["values"]) for axis in axes for cell in cells):
            raise damaged(path, "expected every point to have a value of every axis")
        return Sweep(
            folder=folder,
            name=str(content["name"]),
            axes=tuple(Axis(axis["key"], tuple(axis["values"])) for axis in axes),
            cells=tuple((dict(cell["point"]), by_folder.get((folder / cell["run"]).resolve())) for cell in cells),
        )
    except (TypeError, KeyError, ValueError):
        raise damaged(path, "expected key and values of every axis, run and point of every cell") from None


def _compact(path: Path, content: dict[str, Any]) -> Sweep:
    """A sweep whose networks share networks.csv: its runs have the means of their losses and no files."""
    kinds = {"config": dict, "task": str, "peek": bool}
    config, task, peek = (expect(path, content, key, kind) for key, kind in kinds.items())
    try:
        axes = tuple(Axis(axis["key"], tuple(axis["values"])) for axis in expect(path, content, "axes", list))
        shared = {"task": task, "dataset": str(config["dataset"]["name"]), "peek": peek}
    except (TypeError, KeyError):
        raise damaged(path, "expected key and values of every axis, and the dataset's name") from None
    found: dict[int, list[dict[str, float]]] = {}
    for line in networks.read(path.parent, task):
        completed = found.setdefault(line.cell, [])
        if line.status == "completed":
            completed.append(line.metrics)
    cells: list[tuple[dict[str, Any], StoredRun | None]] = []
    for number, values in enumerate(itertools.product(*(axis.values for axis in axes))):
        run = None
        if number in found:
            means = {name: mean_interval([one[name] for one in found[number]]) for name in LOSSES.values()}
            summary = {**shared, "name": content["name"], "seeds": {}, "over_seeds": means}
            run = StoredRun(path.parent, config, summary, {})
        cells.append(({axis.key: value for axis, value in zip(axes, values, strict=True)}, run))
    if found and max(found) >= len(cells):
        raise damaged(path, f"expected axes of more than {max(found)} cells, as networks.csv has, found {len(cells)}")
    return Sweep(path.parent, str(content["name"]), axes, tuple(cells))


def _decomposition(folder: Path) -> Decomposition:
    path = folder / BIAS_VARIANCE
    content = read_json(path, ("name", "axis", "draws", "points"))
    points = expect(path, content, "points", list)
    if not points or not all(isinstance(point, dict) and point.keys() >= PARTS.keys() for point in points):
        raise damaged(path, f"expected a list of points under 'points', each with {', '.join(PARTS)}")
    return Decomposition(folder, content)


PARTS = {"error": "expected test error", "bias2": "bias²", "variance": "variance", "noise": "noise"}
