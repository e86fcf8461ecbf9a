"""Where runs lie: which folders are some, and which of those in a folder."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from regx.core.errors import InputError
from regx.store.files import ABOUT, CONFIG, METRICS, SUMMARY, WEIGHTS

DEPTH = 4  # levels of folders in which runs are looked for


def find_runs(paths: Iterable[Path | str]) -> tuple[list[Path], list[str]]:
    """The run folders at the paths, each once, and what is left out: a folder that holds runs stands for all of them.

    Left out is what is there and holds no run, as a shell's `runs/*` also names studies, pictures and pages.
    Raises InputError naming every path that holds no run if there is nothing at one of them, or no run at any.
    """
    found: dict[Path, Path] = {}
    without = []
    for path in map(Path, paths):
        # One that is closed may be a run: reading it says so.
        folders = [folder for folder in folders_at(path, DEPTH) if is_run(folder) or _is_closed(folder)]
        if not folders:
            without.append(path)
        found.update({folder.resolve(): folder for folder in folders if folder.resolve() not in found})
    messages = left_out(without, bool(found))
    if not found:
        raise InputError(
            "Expected one run folder or more, found none. Type the folder that `regx run` printed, or `runs`."
        )
    return list(found.values()), messages


def left_out(paths: Sequence[Path], found: bool) -> list[str]:
    """A message for each path that holds no run.  found: whether others do.

    Raises InputError naming all of them if there is nothing at one of them, or if no other holds a run.
    """
    if paths and not (found and all(os.path.exists(path) for path in paths)):  # noqa: PTH110
        raise InputError("\n".join(no_run(path) for path in paths))
    return [f"{path}: left out, since it is {_kind(path)}" for path in paths]


def is_run(folder: Path) -> bool:
    """Whether run.json or summary.json is there: a folder that has lost one of them is a damaged run."""
    # os.path says no where a name is too long or a folder closed to us; pathlib raises.
    return os.path.isfile(folder / ABOUT) or os.path.isfile(folder / SUMMARY)  # noqa: PTH113


def _is_closed(folder: Path) -> bool:
    return os.path.isdir(folder) and not os.access(folder, os.R_OK | os.X_OK)  # noqa: PTH112


def folders_at(path: Path, depth: int) -> Iterator[Path]:
    """A path and the folders inside it, so many levels deep; hidden ones and a run's own are not looked into."""
    yield path
    if depth and os.path.isdir(path) and not is_run(path):  # noqa: PTH112
        try:
            # A link may lead anywhere, so only one that is typed is followed.
            found = (entry for entry in path.iterdir() if entry.is_dir() and not entry.is_symlink())
            inside = sorted(entry for entry in found if not entry.name.startswith("."))
        except OSError:
            return
        for entry in inside:
            yield from folders_at(entry, depth - 1)


def no_run(path: Path) -> str:
    """The message that a path holds no run."""
    return (
        f"{path}: expected a run folder (it holds {CONFIG}, {METRICS}, {SUMMARY}, {WEIGHTS} and {ABOUT}) or a folder "
        f"of such, found {_kind(path)}. `regx run CONFIG` prints the folder it writes."
    )


def _kind(path: Path) -> str:
    if os.path.isdir(path):  # noqa: PTH112
        return "a folder that is closed to you" if _is_closed(path) else "a folder without runs"
    return "a file" if os.path.exists(path) else "nothing there"  # noqa: PTH110
