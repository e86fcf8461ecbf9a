"""What figures are drawn of: runs, sweeps of them, and studies of bias and variance, as folders hold them."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from regx.core.errors import InputError, RegxError
from regx.evidence.folders import DEPTH, folders_at, is_run, left_out
from regx.evidence.run import Run, read_runs
from regx.store.files import BIAS_VARIANCE, SWEEP
from regx.studies.bias_variance.result import BiasVariance, read_bias_variance
from regx.studies.sweep.result import Sweep, read_sweep

T = TypeVar("T")


@dataclass(frozen=True)
class Subjects:
    """All that figures can be drawn of. problems: what is wrong with those that cannot be read, a message each."""

    run: tuple[Run, ...]
    sweep: tuple[Sweep, ...]
    bias_variance: tuple[BiasVariance, ...]
    problems: tuple[str, ...]


def read_subjects(paths: Sequence[Path | str]) -> Subjects:
    """What the paths hold: run folders, and folders that hold runs, sweeps or studies of bias and variance.

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
    every = [one for found in inside.values() for one in found]
    studies = _read([one for one in every if _has(one, BIAS_VARIANCE)], read_bias_variance, problems)
    runs: list[Run] = []
    if with_runs or not studies:
        try:
            runs, unread = read_runs(with_runs)
            problems += unread
        except InputError as error:
            if not studies:
                raise InputError("\n".join([*problems, str(error)]) if problems else str(error)) from error
            problems.append(str(error))
    sweeps = _read([one for one in every if _has(one, SWEEP)], lambda folder: read_sweep(folder, runs), problems)
    return Subjects(tuple(runs), sweeps, studies, tuple(problems))


def _read(folders: Sequence[Path], read: Callable[[Path], T], problems: list[str]) -> tuple[T, ...]:
    """What each folder holds, once; a message for what cannot be read is added to the problems."""
    found: dict[Path, T] = {}
    for folder in folders:
        try:
            found.setdefault(folder.resolve(), read(folder))
        except RegxError as error:
            problems.append(str(error))
    return tuple(found.values())


def _has(folder: Path, file: str) -> bool:
    return os.path.isfile(folder / file)  # noqa: PTH113  # false where a name is too long, or a folder closed
