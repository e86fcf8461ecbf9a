"""A sweep: a folder of runs, one for each cell of a grid, and sweep.json, which says where in the grid each stands."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from regx.config.config import Config
from regx.config.grid import Cell, Grid, permitted
from regx.core.errors import InputError
from regx.core.parameters import parameters
from regx.core.streams import stream
from regx.report.baseline import is_plain
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset
from regx.runner.standing import grid_folder
from regx.store.summary import in_optimizer
from regx.studies.sweep.result import Sweep, sweep_of, tried


def chosen_numbers(grid: Grid, max_trials: int | None, random: int | None) -> Sequence[int]:
    """The numbers of the cells to train: all, or `random` of them drawn evenly, and of these the first `max_trials`.

    The draw depends on the grid's size alone, so the same command draws the same cells.
    """
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


def baseline_of(grid: Grid, cells: Sequence[Cell]) -> Config | None:
    """The network that nothing regularizes, otherwise as the first cell, to train beside the cells of a sweep.

    None for a race, whose lanes say what is compared, and where a cell is such a network itself.
    """
    if grid.lanes or not grid.axes or any(is_plain(cell.config.resolved) for cell in cells):
        return None
    first = cells[0].config
    neutral = {name: parameters(type(first.optimizer))[name].neutral for name in in_optimizer(first.resolved)}
    name = permitted(f"{grid.name}-none")
    optimizer = {**first.resolved["optimizer"], **neutral}
    return replace(
        first, name=name, stack=(), optimizer=replace(first.optimizer, **neutral),
        resolved={**first.resolved, "name": name, "regularizers": [], "optimizer": optimizer},
    )  # fmt: skip


def sweep(grid: Grid, cells: Sequence[Cell], out: Path, options: Options = DEFAULT) -> Sweep:
    """Train what the cells lack, and beside them the network that nothing regularizes, where no cell is it.

    Raises InputError without a validation split unless `options.peek`, RegxError where a folder holds something else or
    cannot be written.
    """
    check_choosable(grid, options.peek)
    folder = grid_folder(grid, out)
    beside = baseline_of(grid, cells)
    options = replace(options, pictured="race" if grid.lanes else None)
    runs = train_cells(folder, grid.name, grid.axes, cells, options, beside)
    found = [tried(cell.point, run) for cell, run in zip(cells, runs, strict=False)]
    return replace(
        sweep_of(folder, grid.name, grid.axes, found, options.peek), baseline=None if beside is None else runs[-1]
    )
