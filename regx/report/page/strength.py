"""Sweeps: the losses along an axis, and what the network at each strength predicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.overrides import locate
from regx.core.errors import InputError, RegxError
from regx.evidence.predict import predict_seeds
from regx.report.lines import looks_logarithmic
from regx.report.page.curves import completed_seeds
from regx.report.page.surface import Surface
from regx.store.files import SWEEP, damaged, expect, read_json
from regx.store.run import StoredRun

OTHER_SEEDS = 4


@dataclass(frozen=True)
class Strength:
    """One axis of a sweep, ascending, the other axes at the values of the chosen run.

    key: the swept key. fixed: the other axes' values. positions: where each run stands on a linear axis.
    by: the split that chose: validation, or test where a run peeked. chosen: the index of its least loss.
    log: whether the positions are logarithms. compact: whether cells beside these have no run folder.
    """

    name: str
    key: str
    fixed: dict[str, Any]
    values: list[Any]
    positions: list[float]
    log: bool
    runs: list[StoredRun]
    chosen: int
    by: str
    compact: bool = False


def strengths(runs: Sequence[StoredRun]) -> tuple[list[Strength], list[str]]:
    """The axes with at least two values of every sweep that the runs belong to, and what is wrong with a sweep.json."""
    folders = dict.fromkeys(run.folder.parent for run in runs if (run.folder.parent / SWEEP).is_file())
    found: list[Strength] = []
    problems = []
    for folder in folders:
        try:
            found += _axes(folder, [run for run in runs if run.folder.parent == folder])
        except RegxError as error:
            problems.append(str(error))
    return found, problems


def fits(strength: Strength, surface: Surface, seed: int) -> list[dict[str, Any] | None]:
    """What each run predicts on the surface: `drawn` by the seed's network, and on a line `others`, some other seeds'.

    None where the seed did not complete.
    """
    drawn: list[dict[str, Any] | None] = []
    for run in strength.runs:
        seeds = completed_seeds(run)
        if seed not in seeds:
            drawn.append(None)
            continue
        others = [one for one in seeds if one != seed][: OTHER_SEEDS if surface.kind == "line" else 0]
        predicted = [surface.drawn(one) for one in predict_seeds(run, surface.x, [seed, *others])]
        drawn.append({"drawn": predicted[0], "others": predicted[1:]})
    return drawn


def _axes(folder: Path, runs: Sequence[StoredRun]) -> list[Strength]:
    path = folder / SWEEP
    sweep = read_json(path, ("name", "axes"))
    compact = sweep.get("compact") is True
    points = _best_points(path, sweep, runs) if compact else _points(path, sweep)
    known = [run for run in runs if run.folder.name in points]
    by = "test" if any(run.summary.get("peek") for run in known) else "validation"
    losses = {id(run): _loss(run, "test_loss" if by == "test" else "val_loss") for run in known}
    least = min((loss for loss in losses.values() if loss is not None), default=None)
    if least is None:
        return []
    chosen = next(run for run in known if losses[id(run)] == least)
    center = points[chosen.folder.name]
    found = []
    for axis in expect(path, sweep, "axes", list):
        key = str(axis["key"]) if isinstance(axis, dict) and "key" in axis else ""
        fixed = {other: value for other, value in center.items() if other != key}
        along = [
            run
            for run in known
            if key in (point := points[run.folder.name]) and all(point.get(k) == v for k, v in fixed.items())
        ]
        if len(along) < 2:
            continue
        numeric = all(type(points[run.folder.name][key]) in (int, float) for run in along)
        along = sorted(along, key=lambda run: points[run.folder.name][key]) if numeric else along
        values = [points[run.folder.name][key] for run in along]
        positions, log = _positions(values, numeric)
        found.append(
            Strength(str(sweep["name"]), key, fixed, values, positions, log, along, along.index(chosen), by, compact)
        )
    return found


def _points(path: Path, sweep: dict[str, Any]) -> dict[str, Mapping[str, Any]]:
    """By run folder, the value of each axis."""
    points: dict[str, Mapping[str, Any]] = {}
    for cell in expect(path, sweep, "cells", list):
        if not isinstance(cell, dict):
            raise InputError(f"{path}: damaged: expected a mapping for each of 'cells', found {cell!r}.")
        points[expect(path, cell, "run", str)] = expect(path, cell, "point", dict)
    return points


def _best_points(path: Path, sweep: dict[str, Any], runs: Sequence[StoredRun]) -> dict[str, Mapping[str, Any]]:
    """The same of a compact sweep, which lists no cells: only its best ones have folders."""
    try:
        keys = [axis["key"] for axis in expect(path, sweep, "axes", list)]
        return {run.folder.name: {key: locate(run.config, key) for key in keys} for run in runs}
    except (TypeError, KeyError, StopIteration, AssertionError, AttributeError):
        raise damaged(path, "expected axes whose keys the configs of its runs have") from None


def _positions(values: Sequence[Any], numeric: bool) -> tuple[list[float], bool]:
    """Where the values stand, in the scale that their spacing suggests; a 0 before logarithms has its own place."""
    if not numeric:
        return list(map(float, range(len(values)))), False
    if not looks_logarithmic(values):
        return list(map(float, values)), False
    logs = [math.log10(value) for value in values if value > 0]
    step = (logs[-1] - logs[0]) / max(len(logs) - 1, 1)
    return [logs[0] - step] * (len(values) - len(logs)) + logs, True


def _loss(run: StoredRun, name: str) -> float | None:
    mean: float | None = (run.summary["over_seeds"].get(name) or {}).get("mean")
    return mean
