"""Reading run folders."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regx.core.arrays import Array
from regx.core.errors import InputError, RegxError
from regx.store.files import (
    ABOUT,
    CONFIG,
    METRICS,
    SNAPSHOTS,
    SUMMARY,
    WEIGHTS,
    damaged,
    expect,
    read_config,
    read_json,
)

if TYPE_CHECKING:
    import pandas

DEPTH = 4  # levels of folders in which runs are looked for


@dataclass(frozen=True)
class StoredRun:
    """One run folder. Metrics and weights are read when they are first asked for.

    config: config.yaml. summary: summary.json. about: run.json.
    """

    folder: Path
    config: dict[str, Any]
    summary: dict[str, Any]
    about: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.summary["name"])

    @property
    def seeds(self) -> list[int]:
        """The finished seeds, completed or diverged."""
        return [int(seed) for seed in self.summary["seeds"]]

    @functools.cached_property
    def metrics(self) -> pandas.DataFrame:
        """The table of metrics.csv, finished seeds only. Raises InputError if the file is missing or damaged."""
        from regx.store.folder import last_epochs
        from regx.store.metrics import columns, read_frame

        return read_frame(self.folder / METRICS, columns(self.summary["task"]), last_epochs(self.summary["seeds"]))

    @functools.cached_property
    def weights(self) -> dict[str, Array]:
        """Arrays by `seed<S>/<init|reported|final>/<layer>/<weight|bias|gain|offset>`, finished seeds only.

        Raises InputError if the file is missing or damaged.
        """
        from regx.store.weights import read_weights

        return read_weights(self.folder / WEIGHTS, self.seeds)

    @functools.cached_property
    def snapshots(self) -> dict[int, dict[str, Array]]:
        """Parameters while the first seed trained: by epoch, then by `<layer>/<tensor>`; empty without any.

        Raises InputError if the file is damaged.
        """
        from regx.store.weights import read_snapshots

        return next(iter(read_snapshots(self.folder / SNAPSHOTS).values()), {})


def read_run(folder: Path | str) -> StoredRun:
    """The run in a folder. Raises InputError, naming the file and the line, if something is missing or damaged."""
    folder = Path(folder)
    if not is_run(folder):
        raise InputError(_no_run(folder))
    about = read_json(folder / ABOUT, ("status", "task", "data_fingerprint"))
    config = read_config(folder / CONFIG)
    if (folder / SUMMARY).exists() or about["status"] in ("completed", "diverged"):
        summary = read_json(folder / SUMMARY)
    else:
        from regx.store import summary as of

        summary = of.summary(config, about, {})
    _check_summary(folder / SUMMARY, summary)
    for file in (METRICS, WEIGHTS) if summary["seeds"] else ():
        if not (folder / file).is_file():
            raise damaged(folder / file, "expected a file, found none")
    return StoredRun(folder, config, summary, about)


def _check_summary(path: Path, summary: dict[str, Any]) -> None:
    """Raise InputError unless what others build on has the form that it was written in."""
    for key in ("name", "task", "stack", "dataset", "data_fingerprint"):
        expect(path, summary, key, str)
    for interval in expect(path, summary, "over_seeds", dict).values():
        if not isinstance(interval, dict) or interval.keys() != {"mean", "low", "high"}:
            raise damaged(path, f"expected mean, low and high under 'over_seeds', found {interval!r}")
        if not all(isinstance(number, int | float | None) for number in interval.values()):
            raise damaged(path, f"expected numbers under 'over_seeds', found {interval!r}")
    for seed, entry in expect(path, summary, "seeds", dict).items():
        if not seed.isdecimal() or not isinstance(entry, dict):
            raise damaged(path, f"expected seeds and what they gave under 'seeds', found {seed!r}: {entry!r}")
        expect(path, entry, "status", str)
        expect(path, entry, "last_epoch", int)
        for number in expect(path, entry, "metrics", dict).values():
            if not isinstance(number, int | float | None):
                raise damaged(path, f"expected numbers under 'metrics' of seed {seed}, found {number!r}")


def read_runs(paths: Iterable[Path | str]) -> tuple[list[StoredRun], list[str]]:
    """All runs at the paths, and what is wrong with those that cannot be read, a message each.

    Raises InputError if a path holds no run, or if none can be read.
    """
    runs, problems = [], []
    for folder in find_runs(paths):
        try:
            runs.append(read_run(folder))
        except RegxError as error:
            problems.append(str(error))
    if not runs:
        raise InputError("\n".join(problems))
    return runs, problems


def find_runs(paths: Iterable[Path | str]) -> list[Path]:
    """The run folders at the paths, each once: a folder that holds runs stands for all of them.

    Raises InputError naming every path that is neither.
    """
    found: dict[Path, Path] = {}
    wrong = []
    for path in map(Path, paths):
        folders = list(_runs_in(path, DEPTH))
        if not folders:
            wrong.append(_no_run(path))
        found.update({folder.resolve(): folder for folder in folders if folder.resolve() not in found})
    if wrong:
        raise InputError("\n".join(wrong))
    if not found:
        raise InputError(
            "Expected one run folder or more, found none. Type the folder that `regx run` printed, or `runs`."
        )
    return list(found.values())


def is_run(folder: Path) -> bool:
    # Either is enough: a folder that has lost one of them is a damaged run, not an ordinary folder.
    return (folder / ABOUT).is_file() or (folder / SUMMARY).is_file()


def _runs_in(folder: Path, depth: int) -> Iterator[Path]:
    if is_run(folder):
        yield folder
    elif depth and folder.is_dir():
        try:
            inside = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
        except PermissionError:
            return
        for entry in inside:
            yield from _runs_in(entry, depth - 1)


def _no_run(path: Path) -> str:
    found = "a folder without runs" if path.is_dir() else "a file" if path.exists() else "nothing there"
    return (
        f"{path}: expected a run folder (it holds {CONFIG}, {METRICS}, {SUMMARY}, {WEIGHTS} and {ABOUT}) or a folder "
        f"of such, found {found}. `regx run CONFIG` prints the folder it writes."
    )
