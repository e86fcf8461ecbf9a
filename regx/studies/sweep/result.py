"""Sweeps as their folders hold them: the axes, and the run at each point of the grid."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.overrides import locate
from regx.stats.aggregate import mean_interval
from regx.store import networks
from regx.store.files import SWEEP, damaged, expect, read_json
from regx.store.run import StoredRun
from regx.studies.ablation.result import LOSSES

Point = dict[str, Any]  # the axes' values by key
Cell = tuple[Point, StoredRun | None]


@dataclass(frozen=True)
class Axis:
    """A config key that was swept, and its values: numbers, words, booleans or lists."""

    key: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Sweep:
    """A folder with sweep.json. cells: each point, and its run where it can be read.

    compact: whether its networks share networks.csv, so that only the best cells have run folders.
    """

    folder: Path
    name: str
    axes: tuple[Axis, ...]
    cells: tuple[Cell, ...]
    compact: bool = False

    def at(self, point: Point) -> StoredRun | None:
        """The run at a point; None where there is none."""
        return next((run for found, run in self.cells if found == point), None)

    @property
    def chosen_by(self) -> str:
        """The split whose loss chooses: validation, or test where a run peeked."""
        return "test" if any(run.summary.get("peek") for _, run in self.cells if run is not None) else "validation"

    @property
    def chosen(self) -> tuple[Point, StoredRun] | None:
        """The point of the least mean loss, and its run; None where every network diverged.

        A cell of which some seeds diverged is not chosen while one is there of which none did.
        """
        loss = "test_loss" if self.chosen_by == "test" else "val_loss"
        ranked = [
            ((len(run.completed_seeds) < len(run.seeds), mean), (point, run))
            for point, run in self.cells
            if run is not None and (mean := (run.summary["over_seeds"].get(loss) or {}).get("mean")) is not None
        ]
        return min(ranked, key=lambda one: one[0], default=(None, None))[1]


def read_sweep(folder: Path, runs: Sequence[StoredRun], with_folders: bool = False) -> Sweep:
    """The sweep in a folder. runs: those that have been read, of this folder and others.

    with_folders: of a compact sweep only the cells that have a run among these. Else all of its cells: their runs have
    the means of their losses, the seeds that diverged, and no files. Raises InputError if sweep.json or networks.csv
    is damaged.
    """
    path = folder / SWEEP
    content = read_json(path, ("name", "axes"))
    compact = content.get("compact") is True
    given, listed = expect(path, content, "axes", list), [] if compact else expect(path, content, "cells", list)
    by_folder = {run.folder.resolve(): run for run in runs}
    try:
        axes = tuple(Axis(axis["key"], tuple(axis["values"])) for axis in given)
        if not all(cell["point"][axis.key] in axis.values for axis in axes for cell in listed):
            raise damaged(path, "expected every point to have a value of every axis")
        cells = [(dict(cell["point"]), by_folder.get((folder / cell["run"]).resolve())) for cell in listed]
    except (TypeError, KeyError, ValueError):
        raise damaged(path, "expected key and values of every axis, run and point of every cell") from None
    if compact and with_folders:
        cells = _with_folders(path, axes, [run for where, run in by_folder.items() if where.parent == folder.resolve()])
    elif compact:
        cells = _of_networks(path, content, axes)
    return Sweep(folder, str(content["name"]), axes, tuple(cells), compact)


def _with_folders(path: Path, axes: Sequence[Axis], runs: Sequence[StoredRun]) -> list[Cell]:
    """The points of a compact sweep's best cells, which sweep.json does not list."""
    try:
        return [({axis.key: locate(run.config, axis.key) for axis in axes}, run) for run in runs]
    except (TypeError, KeyError, StopIteration, AssertionError, AttributeError):
        raise damaged(path, "expected axes whose keys the configs of its runs have") from None


def _of_networks(path: Path, content: dict[str, Any], axes: Sequence[Axis]) -> list[Cell]:
    """The cells of a grid whose networks share networks.csv."""
    kinds = {"config": dict, "task": str, "peek": bool}
    config, task, peek = (expect(path, content, key, kind) for key, kind in kinds.items())
    try:
        shared = {"name": content["name"], "task": task, "dataset": str(config["dataset"]["name"]), "peek": peek}
    except (TypeError, KeyError):
        raise damaged(path, "expected the dataset's name under 'config'") from None
    completed: dict[int, list[dict[str, float]]] = {}
    others: dict[int, dict[str, dict[str, str]]] = {}
    for line in networks.read(path.parent, task):
        metrics = completed.setdefault(line.cell, [])
        if line.status == "completed":
            metrics.append(line.metrics)
        else:
            others.setdefault(line.cell, {})[str(line.seed)] = {"status": line.status}
    cells: list[Cell] = []
    for number, values in enumerate(itertools.product(*(axis.values for axis in axes))):
        run = None
        if number in completed:
            means = {name: mean_interval([one[name] for one in completed[number]]) for name in LOSSES}
            run = StoredRun(path.parent, config, {**shared, "seeds": others.get(number, {}), "over_seeds": means}, {})
        cells.append(({axis.key: value for axis, value in zip(axes, values, strict=True)}, run))
    if (last := max(completed, default=-1)) >= len(cells):
        raise damaged(path, f"expected axes of more than {last} cells, as networks.csv has, found {len(cells)}")
    return cells
