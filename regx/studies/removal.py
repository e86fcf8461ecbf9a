"""`regx rm`, without its options: folders of runs and studies, which hold nothing else and which nobody writes into."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from regx.core.errors import InputError, RegxError
from regx.core.text import clean
from regx.evidence.folders import DEPTH, is_run
from regx.runner.checkpoints import FOLDER as CHECKPOINTS
from regx.store import files
from regx.store.atomic import TEMPORARY
from regx.store.lock import LOCK, Lock, check_free
from regx.store.networks import NETWORKS
from regx.studies.recommendation.result import RECOMMENDED

# Of a run or a study; the last to go.
MARKS = (
    files.ABOUT, files.SUMMARY, files.SWEEP, files.BIAS_VARIANCE, files.OUTCOME, files.TUNING, NETWORKS,
)  # fmt: skip
OTHERS = (files.CONFIG, files.METRICS, files.WEIGHTS, files.PREPARATION, files.SNAPSHOTS, RECOMMENDED, LOCK)


def removable(paths: Sequence[str]) -> list[Path]:
    """The folders, each once, and none inside another of them.

    Raises InputError naming every path that is no run or study, is a link, or holds what regx has not written there;
    RegxError if somebody writes into one of them. Whether what a run holds is damaged makes no difference.
    """
    problems, found = [], dict[Path, Path]()
    for path in map(Path, paths):
        if problem := _problem(path):
            problems.append(problem)
        else:
            found[path.resolve()] = path
    if problems:
        raise InputError("\n".join(problems))
    folders = [path for whole, path in found.items() if not any(other in found for other in whole.parents)]
    for folder in folders:
        # A study is locked as a whole, and so is the folder of runs that are trained together.
        for place in (folder, *folder.resolve().parents[:DEPTH], *(one for one in _inside(folder) if one.is_dir())):
            check_free(place)
    return folders


def remove(folder: Path) -> None:
    """Remove a folder that `removable` let pass. Where that is interrupted, the same command goes on.

    Raises RegxError naming the file if the disk refuses, or somebody has begun to write here.
    """
    try:
        with Lock(folder):
            for entry in sorted(folder.iterdir(), key=lambda entry: entry.name in MARKS):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry.name != LOCK:
                    entry.unlink()
        folder.rmdir()
    except OSError as error:
        raise RegxError(f"{error.filename or folder}: cannot be removed: {error.strerror or error}.") from error


def size(folder: Path) -> int:
    """How many bytes its files have."""
    return sum(entry.lstat().st_size for entry in _inside(folder) if not entry.is_dir())


def _problem(path: Path) -> str | None:
    expected = f"{path}: expected the folder of a run or a study, found"
    if os.path.islink(path):  # noqa: PTH114  # pathlib raises where a name is too long
        return f"{expected} a link, which is not followed."
    if not os.path.isdir(path):  # noqa: PTH112
        return (
            f"{expected} {'a file' if os.path.lexists(path) else 'nothing there'}. `regx ls` lists the runs there are."
        )
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return f"{expected} a folder that is closed to you."
    if not (is_run(path) or any(os.path.isfile(path / name) for name in MARKS)):  # noqa: PTH113
        return f"{expected} another folder. `regx ls {path}` lists the runs in it, if there are any."
    if foreign := [str(entry.relative_to(path)) for entry in _inside(path) if not _is_own(entry)]:
        return (
            f"{expected} also {clean(', '.join(sorted(foreign)[:3]))}, which regx did not write there. Move it "
            "to another place first."
        )
    return None


def _is_own(entry: Path) -> bool:
    """Whether this is a folder, or a regular file as runs and studies have them."""
    if entry.is_symlink():
        return False
    if entry.is_dir():
        return os.access(entry, os.R_OK | os.W_OK | os.X_OK)
    name = entry.name
    known = name in MARKS or name in OTHERS or TEMPORARY.fullmatch(name) or entry.parent.name == CHECKPOINTS
    return bool(known) and entry.is_file()


def _inside(folder: Path) -> Iterator[Path]:
    """Everything in a folder at any depth; links are named and not followed."""
    for entry in folder.iterdir():
        yield entry
        if entry.is_dir() and not entry.is_symlink() and os.access(entry, os.R_OK | os.X_OK):
            yield from _inside(entry)
