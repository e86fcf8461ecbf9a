"""weights.npz: the parameters of every finished seed, without pickle."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regx.core.arrays import Array
from regx.core.errors import InputError, RegxError
from regx.store.files import most_bytes
from regx.store.opened import damaged, opened

# What reading a damaged archive of arrays raises: of the archive, of its compression, of an array's header.
DAMAGES = (
    OSError, ValueError, EOFError, RuntimeError, NotImplementedError, MemoryError, OverflowError, SyntaxError,
    TypeError, KeyError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def format_weights(weights: dict[str, Array]) -> bytes:
    """The file from arrays by `seed<S>/<init|reported|final>/<layer>/<weight|bias|gain|offset>`."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **weights)  # type: ignore[arg-type]  # no name here is `allow_pickle`
    return buffer.getvalue()


def digest(arrays: Mapping[str, Array]) -> str:
    """The SHA-256 of arrays with their names, types and shapes."""
    import numpy as np

    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
        found.update(np.ascontiguousarray(array).data)
    return found.hexdigest()


def read_weights(path: Path, seeds: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of the finished seeds, by name. seeds: what summary.json says of each.

    Raises InputError naming the file if one is missing or not as it was written.
    """
    if not seeds:
        return {}
    weights = read_arrays(path, {f"seed{seed}" for seed in seeds})
    for seed, entry in seeds.items():
        if not any(name.startswith(f"seed{seed}/reported/") for name in weights):
            raise damaged(path, f"expected the weights of seed {seed}, found none")
        _check(path, weights, seed, entry, "weights")
    return weights


def read_snapshots(path: Path, seeds: Mapping[str, Any]) -> dict[int, dict[int, dict[str, Array]]]:
    """By seed and epoch, the parameters by `<layer>/<tensor>`; empty without a file. seeds: as for `read_weights`.

    Raises InputError naming the file if it is missing or not as it was written.
    """
    found: dict[int, dict[int, dict[str, Array]]] = {}
    expected = [seed for seed, entry in seeds.items() if "snapshots" in entry.get("sha256", {})]
    arrays = read_arrays(path, None) if expected or path.exists() else {}
    for seed in expected:
        _check(path, arrays, seed, seeds[seed], "snapshots")
    for name, array in arrays.items():
        match = re.fullmatch(r"seed(\d+)/epoch(\d+)/(.+)", name)
        if match is None:
            raise damaged(path, f"expected arrays named seed<S>/epoch<E>/<layer>/<tensor>, found {name!r}")
        found.setdefault(int(match[1]), {}).setdefault(int(match[2]), {})[match[3]] = array
    return found


def _check(path: Path, arrays: Mapping[str, Array], seed: str, entry: Mapping[str, Any], kind: str) -> None:
    written = entry.get("sha256", {}).get(kind)
    own = {name: array for name, array in arrays.items() if name.startswith(f"seed{seed}/")}
    if written is not None and digest(own) != written:
        raise damaged(path, f"expected the {kind} of seed {seed} as they were written, found others")


def _check_claims(path: Path, archive: zipfile.ZipFile, size: int) -> None:
    """Raise InputError where an archive would give more than is in it: regx stores arrays without compression."""
    members = archive.infolist()
    if any(one.compress_type != zipfile.ZIP_STORED for one in members):
        raise damaged(path, "expected arrays without compression, found some with")
    if sum(one.file_size for one in members) > size:
        raise damaged(path, f"expected arrays of {size:,} bytes in all, as large as the file, found larger ones")


def read_arrays(path: Path, seeds: set[str] | None = None) -> dict[str, Array]:
    """The arrays whose name begins with one of `seeds`, or all.

    Raises InputError naming the file if it is damaged, RegxError if the disk refuses.
    """
    import numpy as np

    try:
        with opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            size = os.fstat(descriptor).st_size
            if size > most_bytes():
                raise damaged(path, f"expected at most {most_bytes():,} bytes, found {size:,}")
            with zipfile.ZipFile(file) as archive:
                _check_claims(path, archive, size)
                return {
                    name.removesuffix(".npy"): np.lib.format.read_array(
                        io.BytesIO(archive.read(name)), allow_pickle=False
                    )
                    for name in archive.namelist()
                    if seeds is None or name.partition("/")[0] in seeds
                }
    except FileNotFoundError:
        raise damaged(path, "expected a file, found none") from None
    except InputError:  # which is also a ValueError in some places
        raise
    except DAMAGES as error:
        # Of a damaged archive a place before the file's beginning is sought.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
        raise damaged(path, f"expected arrays without pickle, found: {error}") from None
