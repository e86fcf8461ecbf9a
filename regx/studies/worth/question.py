"""A study of worth: every lane of a race, or a stack beside none, at a grid of sizes of the training split."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from regx.config.config import Config
from regx.config.grid import Axis, Cell, Grid, permitted
from regx.config.identity import digest, identity
from regx.core.errors import InputError
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset
from regx.studies.worth.result import ROWS, RowsWorth, worth_from

FACTORS = (1, 1.5, 2, 3, 4, 6, 8)  # of the config's rows, where data are generated
SHARES = (0.125, 0.1875, 0.25, 0.375, 0.5, 0.75, 1)  # of the training rows that a table has


def cells_of(grid: Grid, rows: Sequence[int] = ()) -> tuple[list[str], list[int], list[Cell]]:
    """The lanes, the sizes, and the cell of each lane at each size, lane by lane.

    rows: the sizes; else seven, from the config's own on, or up to all that a table has. A lane without regularizers is
    put first where there is none. Raises InputError where the data have no `n_train`, or rows are too few.
    """
    configs = {cell.config.name: cell.config for cell in grid.cells}
    if not grid.lanes:
        if grid.axes:
            raise grid.axes[0].refused("expected one value: what is varied is the number of training rows, with --rows")
        (config,) = configs.values()
        configs = {"stack" if config.stack else "none": config}
    if not any(not config.stack for config in configs.values()):
        first = next(iter(configs.values()))
        configs = {"none": first.keeping((), "none"), **configs}
    if len(configs) < 2:
        raise InputError(
            f"{grid.name}: expected regularizers whose worth is asked for, found none. Add some, such as "
            "-s regularizers.l2.lam=0.003, or write a race with lanes."
        )
    some = next(iter(configs.values()))
    sizes = sorted(set(rows)) if rows else _sizes(some)
    if len(sizes) < 2 or sizes[0] < 1:
        raise InputError(f"--rows: expected two sizes or more, from 1 row on, such as 30,60,120, found {list(rows)}")
    points = [(name, size) for name in configs for size in sizes]
    cells = [Cell(_sized(configs[name], name, size), {"lane": name, ROWS: size}) for name, size in points]
    return list(configs), sizes, cells


def worth(
    grid: Grid, out: Path, rows: Sequence[int] = (), metric: str = "test_loss", options: Options = DEFAULT
) -> RowsWorth:
    """Train what the study lacks in `out`/<name>-worth-<digest>, and ask what each lane is worth.

    Raises RegxError where the folder holds something else or cannot be written.
    """
    lanes, sizes, cells = cells_of(grid, rows)
    asked = [identity(cell.config.resolved) for cell in cells]
    stacks = {cell.point["lane"]: one["regularizers"] for cell, one in zip(cells, asked, strict=True)}
    shared = {key: value for key, value in asked[0].items() if key not in ("name", "regularizers")}
    folder = out / f"{grid.name}-worth-{digest({**shared, 'lanes': stacks, 'sizes': sizes})}"
    runs = train_cells(folder, grid.name, [Axis("lane", tuple(lanes)), Axis(ROWS, tuple(sizes))], cells, options)
    by_place = {(cell.point["lane"], cell.point[ROWS]): run for cell, run in zip(cells, runs, strict=True)}
    return worth_from(folder, lanes, sizes, by_place, metric)


def _sizes(config: Config) -> list[int]:
    if not hasattr(config.dataset, "n_train"):
        raise InputError(f"{config.name}: expected data of which fewer rows can be taken (dataset.n_train).")
    if hasattr(config.dataset, "truth"):
        return [round(factor * config.dataset.n_train) for factor in FACTORS]
    whole = dataclasses.replace(config.dataset, n_train=None)  # type: ignore[call-arg]
    most = len(dataset(whole, config.seeds[0]).train.x)
    return sorted({max(round(share * most), 2) for share in SHARES})


def _sized(config: Config, lane: str, size: int) -> Config:
    source = dataclasses.replace(config.dataset, n_train=size)  # type: ignore[call-arg]
    resolved = {**config.resolved, "dataset": {**config.resolved["dataset"], "n_train": size}}
    name = permitted(f"{lane}-{size}")
    return dataclasses.replace(config, name=name, dataset=source, resolved={**resolved, "name": name})
