"""Sweeps: the losses along an axis, and what the network at each strength predicts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regx.config.grid import Point
from regx.core.errors import RegxError
from regx.evidence.predict import predict_seeds
from regx.evidence.run import Run
from regx.figures.scale import AxisScale, scale_of
from regx.page.curves import SPLITS
from regx.page.surface import DrawnSurface
from regx.report.numbers import in_full
from regx.store.files import SWEEP
from regx.store.summary import Summary
from regx.studies.sweep.result import Sweep, read_sweep

OTHER_SEEDS = 4


@dataclass(frozen=True)
class Strength:
    """One axis of a sweep, ascending, the other axes at the values of the chosen run.

    key: the swept key. fixed: the other axes' values. positions: where each run stands on a linear axis. log: whether
    these are logarithms. chosen: the index of what was chosen. compact: whether cells beside these have no run folder.
    """

    sweep: Sweep
    key: str
    fixed: Point
    values: list[Any]
    positions: list[float]
    log: bool
    runs: list[Run]
    chosen: int
    compact: bool


def strengths(runs: Sequence[Run]) -> tuple[list[Strength], list[str]]:
    """The axes with at least two values of every sweep that the runs belong to, and what is wrong with a sweep.json."""
    folders = dict.fromkeys(run.folder.parent for run in runs if (run.folder.parent / SWEEP).is_file())
    found: list[Strength] = []
    problems = []
    for folder in folders:
        try:
            found += _axes(read_sweep(folder, runs, with_folders=True))
        except RegxError as error:
            problems.append(str(error))
    return found, problems


def fits(strength: Strength, surface: DrawnSurface, seed: int) -> list[dict[str, Any] | None]:
    """What each run predicts on the surface: `drawn` by the seed's network, and on a line `others`, some other seeds'.

    None where the seed did not complete.
    """
    drawn: list[dict[str, Any] | None] = []
    for run in strength.runs:
        seeds = run.completed_seeds
        if seed not in seeds:
            drawn.append(None)
            continue
        others = [one for one in seeds if one != seed][: OTHER_SEEDS if surface.where.is_line else 0]
        predicted = [surface.drawn(one) for one in predict_seeds(run, surface.where.x, [seed, *others])]
        drawn.append({"drawn": predicted[0], "others": predicted[1:]})
    return drawn


def _axes(sweep: Sweep) -> list[Strength]:
    if sweep.chosen is None or sweep.chosen.run is None:
        return []
    found = []
    for axis in sweep.axes:
        key = axis.key
        fixed = {other: value for other, value in sweep.chosen.point.items() if other != key}
        along = [
            (cell.point[key], cell.run)
            for cell in sweep.cells
            if cell.run is not None and {**cell.point, **fixed} == cell.point
        ]
        if len(along) < 2:
            continue
        scale = scale_of([value for value, _ in along])
        runs = [run for _, run in sorted(along, key=lambda one: scale.values.index(one[0]))]
        lacking = sweep.compact and len(along) < len(axis.values)
        at = runs.index(sweep.chosen.run)
        found.append(Strength(sweep, key, fixed, list(scale.values), *_positions(scale), runs, at, lacking))
    return found


def _positions(scale: AxisScale) -> tuple[list[float], bool]:
    """Where the values stand, and whether these are logarithms, before which a 0 has its own place."""
    if scale.kind not in ("log", "symlog"):
        return list(scale.positions), False
    logs = [math.log10(position) for position in scale.positions if position > 0]
    step = (logs[-1] - logs[0]) / max(len(logs) - 1, 1)
    return [logs[0] - step] * (len(scale.positions) - len(logs)) + logs, True


def losses_text(summary: Summary, verdict: str | None) -> str:
    """The losses of a run with their intervals, and its verdict."""
    said = []
    for split in SPLITS:
        interval = summary.over_seeds(f"{split}_loss")
        if interval["mean"] is not None:
            said.append(f"{split} loss {in_full(interval)}")
    return ", ".join(said) + (f"; verdict: {verdict}" if verdict else "")
