"""What a shell completes: names, kinds, metrics, columns, keys, configs, and the folders of runs.

Names come from completions.json, which `tests/benchmarks/write_docs.py` writes and a test keeps current: a shell asks
at every press of a key, and importing what declares them would take three times as long as the command line itself.
"""

import functools
import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("completions.json")
OF_RUN = ("run.json", "summary.json", "sweep.json", "bias_variance.json")
CONFIGS = (".yaml", ".yml")
TABLES = (".csv", ".tsv", ".parquet", ".xlsx")


def named(part: str, incomplete: str) -> list[str]:
    """The names of a part of completions.json that begin like this; of a comma list the last one is completed."""
    before, comma, last = incomplete.rpartition(",")
    found = json.loads(FILE.read_text("utf-8"))[part]
    return [before + comma + name for name in found if name.startswith(last)]


def keys(incomplete: str) -> list[str]:
    """`optimizer.lr=` and the like."""
    return [] if "=" in incomplete else named("keys", incomplete)


def runs(incomplete: str) -> list[str]:
    """Folders of runs and of studies, and folders that hold some."""

    def is_run(folder: str) -> bool:
        return any(os.path.isfile(os.path.join(folder, name)) for name in OF_RUN)  # noqa: PTH113, PTH118

    found = [path for path in _inside(incomplete) if os.path.isdir(path)]  # noqa: PTH112
    holders = [path for path in found if not is_run(path) and any(map(is_run, _inside(f"{path}/")))]
    return [f"{path}/" if path in holders else path for path in found if path in holders or is_run(path)]


def files(endings: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Files with these endings, and folders."""

    def complete(incomplete: str) -> list[str]:
        found = _inside(incomplete)
        folders = {path for path in found if os.path.isdir(path)}  # noqa: PTH112
        fitting = [path for path in found if path in folders or path.endswith(endings)]
        return [f"{path}/" if path in folders else path for path in fitting]

    return complete


def completes(parameter: Any, command: str) -> Callable[[str], Iterable[str]] | None:
    """What completes a parameter of a command, by its name or by what its help calls it; None where nothing does."""
    part = {"metric": "metrics", "sort": "columns"}.get(parameter.name)
    part = {("try", "name"): "regularizers", ("lesson", "names"): "lessons"}.get((command, parameter.name), part)
    if part is not None:
        return functools.partial(named, part)
    return BY_METAVAR.get(str(parameter.metavar or "").strip("[].").removesuffix("..."))


def _inside(incomplete: str) -> list[str]:
    """The paths that begin like this, without hidden ones."""
    folder, slash, begun = incomplete.rpartition("/")
    try:
        entries = sorted(os.listdir(folder + slash or "."))  # noqa: PTH208
    except OSError:
        return []
    return [folder + slash + name for name in entries if name.startswith(begun) and not name.startswith(".")]


BY_METAVAR: dict[str, Callable[[str], Iterable[str]]] = {
    **dict.fromkeys(("RUN", "PATH", "A", "B"), runs),
    "CONFIG": files(CONFIGS),
    "TABLE": files(TABLES),
    "KEY=VALUE": keys,
    "KIND": functools.partial(named, "kinds"),
    "A,B,C": functools.partial(named, "columns"),
    "NAME": functools.partial(named, "names"),
}
