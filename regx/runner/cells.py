"""Cells of one folder: runs side by side, and sweep.json, which says where in the grid each stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.config.grid import Cell
from regx.evidence.run import Run, read_run
from regx.runner.networks import Options
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder
from regx.store.files import FORMAT, SWEEP, write_json
from regx.store.lock import Lock


def train_cells(
    folder: Path,
    name: str,
    axes: Sequence[Mapping[str, Any]],
    cells: Sequence[Cell],
    options: Options,
) -> list[Run]:
    """Train what the cells lack, each in a run folder inside `folder`, and write sweep.json: the run of each cell.

    axes: `key` and `values` of each. One holds the folder to the end.
    """
    targets = [Target(cell.config, run_folder(cell.config, folder)) for cell in cells]
    with Lock(folder) as held:
        bring_up_to_date(targets, options, held)
        write_sweep(folder, name, axes, targets, [cell.point for cell in cells])
    return [read_run(target.folder) for target in targets]


def write_sweep(
    folder: Path,
    name: str,
    axes: Sequence[Mapping[str, Any]],
    targets: Sequence[Target],
    points: Sequence[Mapping[str, Any]],
) -> None:
    """Write sweep.json. axes: `key` and `values` of each. points: where in the grid each target's run stands.

    Raises RegxError if the disk refuses.
    """
    cells = [{"run": target.folder.name, "point": point} for target, point in zip(targets, points, strict=True)]
    write_json(folder / SWEEP, {"format": FORMAT, "name": name, "axes": axes, "cells": cells})
