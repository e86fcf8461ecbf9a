"""weights.npz: the parameters of every finished seed, without pickle."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path

from regx.core.arrays import Array
from regx.store.files import damaged


def format_weights(weights: dict[str, Array]) -> bytes:
    """The file from arrays by `seed<S>/<init|reported|final>/<layer>/<weight|bias|gain|offset>`."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **weights)  # type: ignore[arg-type]  # no name here is `allow_pickle`
    return buffer.getvalue()


def read_weights(path: Path, seeds: list[int]) -> dict[str, Array]:
    """The arrays of the finished seeds, by name. Raises InputError naming the file if one is missing or damaged."""
    if not seeds:
        return {}
    weights = _read_arrays(path, {f"seed{seed}" for seed in seeds})
    for seed in seeds:
        if not any(name.startswith(f"seed{seed}/reported/") for name in weights):
            raise damaged(path, f"expected the weights of seed {seed}, found none")
    return weights


def read_snapshots(path: Path) -> dict[int, dict[int, dict[str, Array]]]:
    """By seed and epoch, the parameters by `<layer>/<tensor>`; empty without a file.

    Raises InputError naming the file if it is damaged.
    """
    found: dict[int, dict[int, dict[str, Array]]] = {}
    for name, array in _read_arrays(path, None).items() if path.exists() else ():
        match = re.fullmatch(r"seed(\d+)/epoch(\d+)/(.+)", name)
        if match is None:
            raise damaged(path, f"expected arrays named seed<S>/epoch<E>/<layer>/<tensor>, found {name!r}")
        found.setdefault(int(match[1]), {}).setdefault(int(match[2]), {})[match[3]] = array
    return found


def _read_arrays(path: Path, seeds: set[str] | None) -> dict[str, Array]:
    """The arrays whose name begins with one of `seeds`, or all."""
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            return {
                name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if seeds is None or name.partition("/")[0] in seeds
            }
    except FileNotFoundError:
        raise damaged(path, "expected a file, found none") from None
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, f"expected arrays without pickle, found: {error}") from None
