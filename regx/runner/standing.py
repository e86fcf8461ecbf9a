"""Where the runs of a config stand, or are to stand: in the folder of its question, or in one that 0.1.0 named."""

import contextlib
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from pathlib import Path

from regx.config.config import Config
from regx.config.grid import Grid
from regx.config.identity import Identity, former_identity, identity
from regx.core.errors import RegxError
from regx.store.files import ABOUT, CONFIG, read_config, read_json

Digest = Callable[[Identity], str]


def run_folder(config: Config, out: Path) -> Path:
    """The folder of a config's run in `out`."""
    return standing(out, config.name, config.digest, config)


def grid_folder(grid: Grid, out: Path, suffix: str = "") -> Path:
    """The folder of a sweep or a race in `out`. suffix: what its name ends in."""
    return standing(out, grid.prefix, grid.digest, grid.cells[0].config, suffix)


def standing(out: Path, prefix: str, digest: Digest, config: Config, suffix: str = "") -> Path:
    """The folder in `out` whose name is `prefix`, a digest and `suffix`; of an earlier version if there is one.

    The digest is of the table's name, so that two tables have a folder each; one that has only been renamed keeps its
    own. digest(identity): by what resolved configs are told apart. config: that the folder starts from.
    """
    folder = out / f"{prefix}-{digest(identity)}{suffix}"
    former = out / f"{prefix}-{digest(former_identity)}{suffix}"
    if folder.exists() or not out.is_dir():
        return folder
    if former.exists():
        return former
    if "path" in config.resolved["dataset"]:
        for other in _alike(out).get((prefix, suffix), ()):
            for path, fingerprint in islice(_tables(out / other), 1):
                if other == f"{prefix}-{digest(_with_table(former_identity, path))}{suffix}":
                    return out / other  # of 0.1.0, whose digest was of where the table lay
                renamed = other == f"{prefix}-{digest(_with_table(identity, path))}{suffix}"
                if renamed and fingerprint == config.dataset.fingerprint():
                    return out / other
    return folder


@lru_cache(maxsize=4)
def _alike(out: Path) -> dict[tuple[str, str], list[str]]:
    """The names in a folder that end in a digest, by what stands around it. Looked up once for all cells of a sweep."""
    found: dict[tuple[str, str], list[str]] = {}
    for name in sorted(entry.name for entry in out.iterdir()):
        if match := re.fullmatch(r"(.+)-[0-9a-f]{8}(|-compact)", name):
            found.setdefault((match[1], match[2]), []).append(name)
    return found


def _tables(folder: Path) -> Iterator[tuple[str, str]]:
    """The path and the fingerprint of the table that a run, or the runs in a folder, were trained on."""
    for file in [folder / CONFIG, *sorted(folder.glob(f"*/{CONFIG}"))]:
        with contextlib.suppress(RegxError):
            path = read_config(file)["dataset"].get("path")
            if isinstance(path, str):
                yield path, read_json(file.with_name(ABOUT))["data_fingerprint"]


def _with_table(of: Identity, path: str) -> Identity:
    return lambda resolved: of({**resolved, "dataset": {**resolved["dataset"], "path": path}})
