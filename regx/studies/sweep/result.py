"""What a sweep or a race has found: each cell's losses and its run, as a folder with sweep.json holds them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from regx.config.axes import locate
from regx.config.grid import Axis, Point
from regx.core.arrays import Array
from regx.core.shown import Shown
from regx.evidence.run import Run, read_runs
from regx.metrics import REGISTRY
from regx.report.table import unflattered
from regx.stats.aggregate import UNKNOWN, Interval
from regx.store import networks
from regx.store.files import SWEEP, read_json
from regx.store.opened import damaged
from regx.store.summary import over_seeds

LOSSES = ("test_loss", "val_loss", "train_loss")


@dataclass(frozen=True)
class Tried:
    """One cell: its place in the grid, and what its networks came to.

    losses: by metric, over the completed seeds. judged: of the one that chooses, cross-fitted, where
    early stopping has chosen the epoch by it. unfinished: how many networks diverged or failed. run: None where it
    has no folder, or cannot be read.
    """

    point: Point
    losses: Mapping[str, Interval] = field(default_factory=dict)
    judged: Interval | None = None
    unfinished: int = 0
    run: Run | None = None

    def loss(self, metric: str) -> Interval:
        return self.losses.get(metric, UNKNOWN)

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return bool(self.losses)


@dataclass(frozen=True)
class Sweep(Shown):
    """A folder with sweep.json. A race is one without axes, whose cells' points name their lanes.

    task, dataset: as in the summaries of its runs. peek: the test split chooses. compact: whether its networks share
    networks.csv, so that only the best cells have run folders; all_losses: of such, what chooses, (cells, seeds), NaN
    where a network diverged or failed. baseline: a run that nothing regularizes and that is no cell, where none is.
    """

    folder: Path
    name: str
    axes: tuple[Axis, ...]
    cells: tuple[Tried, ...]
    task: str
    dataset: str
    peek: bool = False
    compact: bool = False
    all_losses: Array | None = None
    baseline: Run | None = None

    def at(self, point: Point) -> Tried | None:
        """The cell at a point; None where there is none of which anything is known."""
        return next((cell for cell in self.cells if cell.known and cell.point == point), None)

    @property
    def runs(self) -> list[Run]:
        return [cell.run for cell in self.cells if cell.run is not None]

    @property
    def chosen_by(self) -> str:
        """The metric that chooses: the validation loss, or the test loss where a run peeked."""
        return "test_loss" if self.peek else "val_loss"

    def ranked(self) -> list[Tried]:
        """The cells that can be chosen, the least mean loss first.

        A cell of which some networks diverged or failed comes after all of which none did.
        """
        known = [cell for cell in self.cells if self.judged(cell)["mean"] is not None]
        return sorted(known, key=lambda cell: (cell.unfinished > 0, self.judged(cell)["mean"]))

    def judged(self, cell: Tried) -> Interval:
        """The loss that a cell is chosen by, not flattered by the epoch having been chosen by it."""
        return cell.loss(self.chosen_by) if cell.judged is None else cell.judged

    @property
    def chosen(self) -> Tried | None:
        """The first of the ranked; None where every network diverged."""
        return next(iter(self.ranked()), None)


def tried(point: Mapping[str, Any], run: Run | None) -> Tried:
    """A cell that has a run folder."""
    if run is None:
        return Tried(dict(point))
    losses = {name: run.summary.over_seeds(name) for name in LOSSES}
    return Tried(dict(point), losses, unflattered(run), len(run.config["seeds"]) - len(run.completed_seeds), run)


def sweep_of(folder: Path, name: str, axes: Sequence[Axis], cells: Sequence[Tried], peek: bool = False) -> Sweep:
    """The sweep of cells with run folders. peek: whether one without any of them is one that peeks."""
    summaries = [cell.run.summary for cell in cells if cell.run is not None]
    task, dataset = (summaries[0].task, summaries[0].dataset) if summaries else ("", "")
    peek = peek or any(summary.peek for summary in summaries)
    return Sweep(folder, name, tuple(axes), tuple(cells), task, dataset, peek)


def read_sweep(folder: Path, runs: Sequence[Run] | None = None, with_folders: bool = False) -> Sweep:
    """The sweep in a folder. runs: those that have been read, of this folder and others; read now if None.

    with_folders: of a compact sweep only the cells that have a run among these. Else all of its cells, without runs.
    Raises InputError if sweep.json or networks.csv is damaged, or none of the runs can be read.
    """
    path = folder / SWEEP
    content, place = read_json(path), folder.resolve()
    compact = content.get("compact", False)
    runs = read_runs([folder])[0] if runs is None else runs
    by_name = {run.folder.name: run for run in runs if run.folder.resolve().parent == place}
    name, axes = content["name"], tuple(Axis(axis["key"], tuple(axis["values"])) for axis in content["axes"])
    plain = by_name.pop(content["baseline"], None) if "baseline" in content else None
    if compact and with_folders:
        best = _with_folders(path, axes, list(by_name.values()))
        return replace(sweep_of(folder, name, axes, best), compact=True, baseline=plain)
    if compact:
        if not content.keys() >= {"config", "task"}:
            raise damaged(path, "expected config and task of a compact sweep, found none")
        kind, task = content["config"]["dataset"]["name"], content["task"]
        cells = _of_networks(path, task, axes)
        return Sweep(folder, name, axes, tuple(cells), task, kind, content.get("peek", False), compact)
    values = {axis.key: set(map(repr, axis.values)) for axis in axes}
    for cell in content.get("cells", []):
        if not all(repr(cell["point"].get(key)) in of for key, of in values.items()):
            raise damaged(path, f"expected every point to have a value of every axis, found {cell['run']}")
    cells = [tried(cell["point"], by_name.get(cell["run"])) for cell in content.get("cells", [])]
    return replace(sweep_of(folder, name, axes, cells), baseline=plain)


def _with_folders(path: Path, axes: Sequence[Axis], runs: Sequence[Run]) -> list[Tried]:
    """A compact sweep's best cells, which sweep.json does not list."""
    try:
        return [tried({axis.key: locate(run.config, axis.key) for axis in axes}, run) for run in runs]
    except (TypeError, KeyError, StopIteration, AssertionError, AttributeError):
        raise damaged(path, "expected axes whose keys the configs of its runs have") from None


def _of_networks(path: Path, task: str, axes: Sequence[Axis]) -> list[Tried]:
    """The cells of a grid whose networks share networks.csv, as far as there are any."""
    completed: dict[int, list[dict[str, float]]] = {}
    others: dict[int, int] = {}
    for line in networks.read(path.parent, task):
        metrics = completed.setdefault(line.cell, [])
        if line.status == "completed":
            metrics.append(line.metrics)
        else:
            others[line.cell] = others.get(line.cell, 0) + 1
    count = math.prod(len(axis.values) for axis in axes)
    if (last := max(completed, default=-1)) >= count:
        raise damaged(path, f"expected axes of more than {last} cells, as networks.csv has, found {count}")
    cells = []
    for number in sorted(completed):
        places = map(int, np.unravel_index(number, [len(axis.values) for axis in axes]))
        point = {axis.key: axis.values[place] for axis, place in zip(axes, places, strict=True)}
        losses = {name: over_seeds(REGISTRY[name], [one[name] for one in completed[number]]) for name in LOSSES}
        cells.append(Tried(point, losses, None, others.get(number, 0)))
    return cells
