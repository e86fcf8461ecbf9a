"""A sweep: a folder of runs, one for each cell of a grid, and sweep.json, which says where in the grid each stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from regx.config.grid import Cell, Grid
from regx.core.errors import InputError
from regx.core.streams import stream
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset
from regx.runner.standing import grid_folder
from regx.studies.sweep.result import Sweep, sweep_of, tried


def chosen_cells(grid: Grid, max_trials: int | None, random: int | None) -> tuple[Cell, ...]:
    """The cells to train: all, or `random` of them drawn evenly, and of these the first `max_trials`.

    The draw depends on the grid's size alone, so the same command draws the same cells.
    """
    return tuple(grid.cells[number] for number in chosen_numbers(grid, max_trials, random))


def chosen_numbers(grid: Grid, max_trials: int | None, random: int | None) -> Sequence[int]:
    """The numbers in the grid of the cells that `chosen_cells` are."""
    numbers: Sequence[int] = range(len(grid.cells))
    if random is not None and random < len(numbers):
        drawn = stream(len(numbers), "random cells").choice(len(numbers), size=random, replace=False)
        numbers = sorted(drawn.tolist())
    return numbers[:max_trials]


def check_choosable(grid: Grid, peek: bool) -> None:
    """Raises InputError without a validation split to choose by, unless `peek`."""
    config = grid.cells[0].config
    if not peek and not len(dataset(config.dataset, config.seeds[0]).val.x):
        raise InputError(
            f"a {'race' if grid.lanes else 'sweep'} chooses by validation loss: expected a validation split, found "
            "none. Set dataset.val_fraction or dataset.n_val; or choose by the test split with --peek, which makes the "
            "test loss of what is chosen no honest estimate."
        )


def sweep(
    grid: Grid,
    cells: Sequence[Cell],
    out: Path,
    options: Options = DEFAULT,
) -> Sweep:
    """Train what the cells lack.

    Raises InputError without a validation split unless `options.peek`, RegxError where a folder holds something else or
    cannot be written.
    """
    check_choosable(grid, options.peek)
    folder = grid_folder(grid, out)
    axes = [{"key": axis.key, "values": axis.values} for axis in grid.axes]
    runs = train_cells(folder, grid.name, axes, cells, replace(options, pictured="race" if grid.lanes else None))
    found = [tried(cell.point, run) for cell, run in zip(cells, runs, strict=True)]
    return sweep_of(folder, grid.name, grid.axes, found, options.peek)
