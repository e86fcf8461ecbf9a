"""Cells of one folder: runs side by side, and sweep.json, which says where in the grid each stands."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.grid import Axis, Cell
from regx.evidence.run import Run, read_run
from regx.runner.networks import Options
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder
from regx.store.files import FORMAT, SWEEP, write_json
from regx.store.lock import Lock


def train_cells(
    folder: Path, name: str, axes: Sequence[Axis], cells: Sequence[Cell], options: Options,
    baseline: Config | None = None,
) -> list[Run]:  # fmt: skip
    """Train what the cells lack, each in a run folder inside `folder`, and write sweep.json: the run of each cell.

    baseline: what stands beside the cells and is to be compared with; its run is the last. One holds the folder to the
    end.
    """
    configs = [*(cell.config for cell in cells), *([baseline] if baseline is not None else [])]
    targets = [Target(config, run_folder(config, folder)) for config in configs]
    with Lock(folder) as held:
        bring_up_to_date(targets, options, held)
        beside = targets[-1].folder.name if baseline is not None else None
        write_sweep(folder, name, axes, targets[: len(cells)], [cell.point for cell in cells], beside)
    return [read_run(target.folder).of_seeds(target.config.seeds) for target in targets]


def write_sweep(
    folder: Path, name: str, axes: Sequence[Axis], targets: Sequence[Target], points: Sequence[Mapping[str, Any]],
    baseline: str | None = None,
) -> None:  # fmt: skip
    """Write sweep.json. points: where in the grid each target's run stands.

    baseline: the folder of a run that is no cell.

    Raises RegxError if the disk refuses.
    """
    cells = [{"run": target.folder.name, "point": point} for target, point in zip(targets, points, strict=True)]
    beside = {} if baseline is None else {"baseline": baseline}
    along = [{"key": axis.key, "values": axis.values} for axis in axes]
    write_json(folder / SWEEP, {"format": FORMAT, "name": name, "axes": along, "cells": cells, **beside})
