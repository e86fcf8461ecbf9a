"""A sweep that is too large for a folder per cell: its networks share one file, and only the best get run folders.

Beside networks.csv and sweep.json the sweep's folder holds a run folder for each of the best cells, trained again: one
seed fixes everything, so they are the same networks, and it is checked that they are. Beside the best stands the
network that nothing regularizes, to compare them with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from regx.config.grid import Grid
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.listener import Following, Keeper, Progress, Wanted, Watchers
from regx.core.notes import note
from regx.core.trained import Trained
from regx.evidence.run import read_run
from regx.report.baseline import is_plain
from regx.runner.networks import DEFAULT, Options, train_networks
from regx.runner.plan import Trainee, dataset, fingerprint, forget_data
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import grid_folder, run_folder
from regx.store import networks
from regx.store.files import FORMAT, SWEEP, read_json, write_json
from regx.store.lock import Lock
from regx.studies.sweep.question import baseline_of, check_choosable
from regx.studies.sweep.result import Sweep, Tried, tried

MOST_FOLDERS = 20_000  # networks, of more a sweep is compact by itself
NETWORKS_AT_ONCE = 50_000  # whose configs are in memory; workers wait for the last of them
BEST = 10  # cells that get a run folder


def is_large(grid: Grid, numbers: Sequence[int]) -> bool:
    """Whether the networks of these cells are too many for a folder per cell."""
    return len(numbers) * len(grid.cells[0].config.seeds) > MOST_FOLDERS


def compact_sweep(grid: Grid, numbers: Sequence[int], out: Path, options: Options = DEFAULT) -> Sweep:
    """Train what networks.csv lacks of the cells of these numbers, and the run folders of the best again.

    The cells of the sweep that is returned are the best alone, with `all_losses` of all.

    Raises InputError without a validation split unless `options.peek`, where the folder was trained on other data, or
    where a cell's values do not go together, when it is its turn; RegxError where the folder cannot be written, or
    somebody else writes there.
    """
    forget_data()
    peek = options.peek
    check_choosable(grid, peek)
    first = grid.cells[0].config
    task = dataset(first.dataset, first.seeds[0]).task
    folder = grid_folder(grid, out, "-compact")
    by = "test_loss" if peek else "val_loss"
    with Lock(folder) as held:
        about = {"task": task, "data_fingerprint": fingerprint(first.dataset), "peek": peek}
        before = _before(folder, about, options.force)
        base = {**first.resolved, "name": grid.name}
        axes = [{"key": axis.key, "values": axis.values} for axis in grid.axes]
        if options.force:  # before sweep.json says of other data that these are its networks
            networks.begin(folder, task, anew=True)
        facts = {"format": FORMAT, "name": grid.name, "axes": axes, "compact": True, "config": base, **about}
        # Until the best are known what stood there as the baseline stays it, so that no reader takes it for a cell.
        write_json(folder / SWEEP, {**facts, "baseline": before["baseline"]} if "baseline" in before else facts)
        networks.begin(folder, task, anew=False)
        _train_missing(grid, numbers, folder, task, options)
        losses = _losses(folder, task, by, numbers, first.seeds)
        ranked = _ranked(losses)[:BEST]
        cells = [grid.cells[numbers[row]] for row in ranked]
        plain = None
        if not any(is_plain(cell.config.resolved) for cell in cells):  # the first cell that is, else one beside them
            every = (grid.cells[number].config for number in numbers)
            plain = next((config for config in every if is_plain(config.resolved)), None)
            plain = plain or baseline_of(grid, [grid.cells[numbers[0]]])
        configs = [*(cell.config for cell in cells), *([plain] if plain is not None and cells else [])]
        targets = [Target(config, run_folder(config, folder)) for config in configs]
        if targets:
            bring_up_to_date(targets, replace(options, watchers=Watchers()), held)
        beside = targets[len(cells) :]
        write_json(folder / SWEEP, {**facts, "baseline": beside[0].folder.name} if beside else facts)
    best = [tried(cell.point, read_run(target.folder)) for cell, target in zip(cells, targets, strict=False)]
    baseline = read_run(beside[0].folder) if beside else None
    _check_the_same(best, [dict(zip(first.seeds, losses[row].tolist(), strict=True)) for row in ranked], by)
    return Sweep(folder, grid.name, grid.axes, tuple(best), task, first.dataset.kind, peek, True, losses, baseline)


def _before(folder: Path, about: dict[str, object], force: bool) -> dict[str, Any]:
    """What sweep.json says, {} where there is none. Raises InputError where it is of other networks, unless `force`."""
    if not (folder / SWEEP).exists():
        return {}
    try:
        before = read_json(folder / SWEEP)
    except InputError:
        if force:
            return {}
        raise
    for key, value in about.items() if not force else ():
        if (of_them := before.get(key)) != value:
            raise InputError(
                f"{folder / SWEEP}: expected `{key}` {of_them}, as of the networks that are there, found {value}. "
                "Choose another --out, or --force to train anew."
            )
    return before


def _train_missing(grid: Grid, numbers: Sequence[int], folder: Path, task: str, options: Options) -> None:
    """Cell by cell, so many at once that their configs fit in memory."""
    seeds = grid.cells[0].config.seeds
    done = np.zeros((len(numbers), len(seeds)), bool)
    for place, _ in _placed(folder, task, numbers, seeds):
        done[place] = True
    to_train, trained_before = int(done.size - done.sum()), 0
    at_once = max(NETWORKS_AT_ONCE // len(seeds), 1)
    lacking = np.flatnonzero(~done.all(axis=1)).tolist()
    for start in range(0, len(lacking), at_once):
        part = lacking[start : start + at_once]
        cells = [numbers[index] for index in part]
        configs = [grid.cells[number].config for number in cells]
        trainees = [
            Trainee(number, seed)
            for number, index in enumerate(part)
            for seed, there in zip(seeds, done[index].tolist(), strict=True)
            if not there
        ]

        def tell(progress: Progress, before: int = trained_before, part: int = len(trainees)) -> None:
            share = (before + progress.share * part) / to_train
            options.watchers.on_progress(Progress(share, before + progress.networks, to_train))

        of_part = replace(options, watchers=Watchers(Following(tell)))
        train_networks(configs, trainees, _Lines(folder, task, cells), of_part)
        trained_before += len(trainees)


class _Lines(Keeper):
    """Adds networks to networks.csv. cells: by the number of a trainee's config, the number in the grid."""

    wanted = Wanted(slim=True)

    def __init__(self, folder: Path, task: str, cells: Sequence[int]) -> None:
        self._folder, self._task, self._cells = folder, task, cells

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        networks.add(self._folder, self._task, [self._cells[trainee.config] for trainee in trainees], trained)

    def on_failed(self, trainees: Sequence[Trainee], reason: str) -> None:
        where = ", ".join(f"cell {self._cells[trainee.config]}, seed {trainee.seed}" for trainee in trainees)
        note(f"warning: {self._folder}: {where} failed, the others go on: {reason}")


def _losses(folder: Path, task: str, by: str, numbers: Sequence[int], seeds: Sequence[int]) -> Array:
    """What is chosen by, not flattered by early stopping, (C, S); NaN where a network diverged or failed."""
    losses = np.full((len(numbers), len(seeds)), np.nan)
    for place, line in _placed(folder, task, numbers, seeds):
        if line.status == "completed":
            losses[place] = line.judged(by)
    return losses


def _placed(
    folder: Path, task: str, numbers: Sequence[int], seeds: Sequence[int]
) -> Iterator[tuple[tuple[int, int], networks.NetworkLine]]:
    """The lines of networks.csv that are of these cells and seeds, each with its place among them."""
    column = {seed: index for index, seed in enumerate(seeds)}
    row = {number: index for index, number in enumerate(numbers)}
    for line in networks.read(folder, task):
        if line.cell in row and line.seed in column:
            yield (row[line.cell], column[line.seed]), line


def _ranked(losses: Array) -> list[int]:
    """The rows, best mean first. One of which some networks diverged comes after all of which none did."""
    with np.errstate(all="ignore"):
        there = np.isfinite(losses)
        count = there.sum(axis=1)
        mean = np.where(count > 0, np.where(there, losses, 0).sum(axis=1) / np.maximum(count, 1), np.inf)
    order = np.lexsort((mean, count < losses.shape[1], count == 0))
    return [int(row) for row in order if count[row]]


def _check_the_same(cells: Sequence[Tried], losses: Sequence[dict[int, float]], by: str) -> None:
    """Say so where a network that was trained again is another, as on another kind of processor."""
    for cell, expected in zip(cells, losses, strict=True):
        run = cell.run
        assert run is not None
        for seed, loss in expected.items():
            found = run.judged(by).get(seed)
            if found != (loss if np.isfinite(loss) else None):
                note(
                    f"warning: {run.folder}: seed {seed} trained again has a {by} of {found}, in the sweep {loss}: it "
                    "was trained on another kind of processor, or by other versions"
                )
