"""What figures are drawn of: runs, sweeps of them, and decompositions into bias and variance, as folders hold them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError
from regx.evidence.run import DEPTH, Run, folders_at, is_run, left_out, read_runs
from regx.store.files import BIAS_VARIANCE, SWEEP, damaged, expect, read_json
from regx.studies.sweep.result import Sweep, read_sweep


@dataclass(frozen=True)
class Decomposition:
    """A folder with bias_variance.json, and what that says."""

    folder: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.content["name"])


@dataclass(frozen=True)
class Subjects:
    """All that figures can be drawn of. problems: what is wrong with those that cannot be read, a message each."""

    run: tuple[Run, ...]
    sweep: tuple[Sweep, ...]
    decomposition: tuple[Decomposition, ...]
    problems: tuple[str, ...]


def read_subjects(paths: Sequence[Path | str]) -> Subjects:
    """What the paths hold: run folders, and folders that hold runs, sweeps or decompositions.

    Raises InputError if there is nothing at a path, or if nothing can be read.
    """
    folders = [path.parent if path.name in (SWEEP, BIAS_VARIANCE) else path for path in map(Path, paths)]
    inside = {folder: list(folders_at(folder, DEPTH)) for folder in folders}
    with_runs, others = [], []
    for folder in folders:
        if any(is_run(one) for one in inside[folder]):
            with_runs.append(folder)
        elif not any(_has(one, BIAS_VARIANCE) for one in inside[folder]):
            others.append(folder)
    problems = left_out(others, len(others) < len(folders))
    decompositions: dict[Path, Decomposition] = {}
    for folder in (one for found in inside.values() for one in found if _has(one, BIAS_VARIANCE)):
        try:
            decompositions.setdefault(folder.resolve(), _decomposition(folder))
        except RegxError as error:
            problems.append(str(error))
    runs: list[Run] = []
    if with_runs or not decompositions:
        try:
            runs, unread = read_runs(with_runs)
            problems += unread
        except InputError as error:
            if not decompositions:
                raise InputError("\n".join([*problems, str(error)]) if problems else str(error)) from error
            problems.append(str(error))
    sweeps: dict[Path, Sweep] = {}
    for folder in (one for found in inside.values() for one in found if _has(one, SWEEP)):
        try:
            sweeps.setdefault(folder.resolve(), read_sweep(folder, runs))
        except RegxError as error:
            problems.append(str(error))
    return Subjects(tuple(runs), tuple(sweeps.values()), tuple(decompositions.values()), tuple(problems))


def _has(folder: Path, file: str) -> bool:
    return os.path.isfile(folder / file)  # noqa: PTH113  # false where a name is too long, or a folder closed


def _decomposition(folder: Path) -> Decomposition:
    path = folder / BIAS_VARIANCE
    content = read_json(path, ("name", "axis", "draws", "points"))
    points = expect(path, content, "points", list)
    if not points or not all(isinstance(point, dict) and point.keys() >= PARTS.keys() for point in points):
        raise damaged(path, f"expected a list of points under 'points', each with {', '.join(PARTS)}")
    return Decomposition(folder, content)


PARTS = {"error": "expected test error", "bias2": "bias²", "variance": "variance", "noise": "noise"}
