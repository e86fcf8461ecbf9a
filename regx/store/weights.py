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
from typing import IO, TYPE_CHECKING, Any

from regx.core.arrays import Array
from regx.core.errors import InputError, RegxError
from regx.store.files import CONFIG, most_bytes
from regx.store.opened import NO_FILE, damaged, opened

if TYPE_CHECKING:
    from regx.config.config import Config

# What reading a damaged archive of arrays raises: of the archive, of its compression, of an array's header.
DAMAGES = (
    OSError, ValueError, EOFError, RuntimeError, NotImplementedError, MemoryError, OverflowError, SyntaxError,
    TypeError, KeyError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip

# Of an archive: the end of its list, what stands before it of a large one, and the most that it says of a member.
_END, _LARGE_END, LONGEST_ENTRY = 22, 76, 192
_NAME = re.compile(r"seed\d{1,10}/(init|reported|final)/\d{1,5}/[a-z0-9_]{1,40}")
TENSORS_OF_A_LAYER = 8  # at most: weight, bias, gain, offset, running statistics
MOST_PICTURES = 500  # of a training whose config leaves open how many
MOST_ARRAYS = 10_000  # of a checkpoint


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


def read_weights(path: Path, seeds: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Array]:
    """The arrays of the finished seeds, by name. seeds: what summary.json says of each. config: config.yaml.

    Raises InputError naming the file if one is missing or not as it was written.
    """
    if not seeds:
        return {}
    members = 3 * len({*config["seeds"], *map(int, seeds)}) * _tensors(config)
    weights = read_arrays(path, {f"seed{seed}" for seed in seeds}, members)
    if odd := next((name for name in weights if not _NAME.fullmatch(name)), None):
        raise damaged(path, f"expected arrays named seed<S>/<init|reported|final>/<layer>/<tensor>, found {odd!r}")
    for seed, entry in seeds.items():
        if not any(name.startswith(f"seed{seed}/reported/") for name in weights):
            raise damaged(path, f"expected the weights of seed {seed}, found none")
        _check(path, weights, seed, entry, "weights")
    return weights


def read_snapshots(
    path: Path, seeds: Mapping[str, Any], config: Mapping[str, Any]
) -> dict[int, dict[int, dict[str, Array]]]:
    """By seed and epoch, the parameters by `<layer>/<tensor>`; empty without a file. Arguments as of `read_weights`.

    Raises InputError naming the file if it is missing or not as it was written.
    """
    found: dict[int, dict[int, dict[str, Array]]] = {}
    expected = [seed for seed, entry in seeds.items() if "snapshots" in entry.get("sha256", {})]
    pictures = max(config["training"].get("snapshots") or 0, MOST_PICTURES) + 2
    members = max(len(expected), 1) * pictures * _tensors(config)
    arrays = read_arrays(path, None, members) if expected or path.exists() else {}
    for seed in expected:
        _check(path, arrays, seed, seeds[seed], "snapshots")
        if not any(name.startswith(f"seed{seed}/") for name in arrays):
            raise damaged(path, f"expected the snapshots of seed {seed}, found none")
    for name, array in arrays.items():
        if (match := re.fullmatch(r"seed(\d{1,10})/epoch(\d{1,15})/(.+)", name)) is None:
            raise damaged(path, f"expected arrays named seed<S>/epoch<E>/<layer>/<tensor>, found {name!r}")
        found.setdefault(int(match[1]), {}).setdefault(int(match[2]), {})[match[3]] = array
    return found


def check_network(path: Path, config: Config, named: Mapping[str, Array]) -> None:
    """Raise InputError unless the tensors of one network, by `<layer>/<tensor>`, are those of the config.

    Where it convolves, the size of its images is known to its data alone, so that only names and dimensions are looked
    at; `nn.Layout` looks at the rest when the network is used.
    """
    from regx.nn.layout import Layout

    architecture, found = config.architecture, {name: array.shape for name, array in named.items()}
    first, last = found.get("0/weight", ()), found.get(f"{architecture.depth}/bias", ())
    image = architecture.conv and (1, *(architecture.kernel * (architecture.pool ** len(architecture.conv)),) * 2)
    expected = {}
    if first and len(last) == 1 and first[0] and last[0]:
        layout = Layout(image or first[0], architecture, last[0], config.stack)
        expected = {name: tensor.shape for name, tensor in layout.tensors.items()}
    if image:
        found, expected = ({name: (0,) * len(one) for name, one in shapes.items()} for shapes in (found, expected))
    if found != expected or not found:
        wrong = next((name for name in (*expected, *found) if found.get(name) != expected.get(name)), "0/weight")
        raise damaged(path, f"expected the tensors that {CONFIG} asks for, found {wrong} of shape {found.get(wrong)}")
    if any(array.dtype.str not in ("<f4", "<f8") for array in named.values()):
        raise damaged(path, "expected numbers of 4 or 8 bytes, found others")


def _tensors(config: Mapping[str, Any]) -> int:
    """How many tensors a network of a config has at most."""
    architecture = config["architecture"]
    cycles = [given.get("cycles", 0) for item in config["regularizers"] for given in item.values()]  # copies of itself
    copies = 1 + max((each for each in cycles if isinstance(each, int)), default=0)
    return copies * TENSORS_OF_A_LAYER * (len(architecture.get("conv", ())) + len(architecture["hidden"]) + 1)


def _check(path: Path, arrays: Mapping[str, Array], seed: str, entry: Mapping[str, Any], kind: str) -> None:
    written = entry.get("sha256", {}).get(kind)
    own = {name: array for name, array in arrays.items() if name.startswith(f"seed{seed}/")}
    if written is not None and digest(own) != written:
        raise damaged(path, f"expected the {kind} of seed {seed} as they were written, found others")


def _check_list(path: Path, file: IO[bytes], size: int, most: int) -> None:
    """Raise InputError where an archive lists more than so many members, by the size of its list, before it is read."""
    file.seek(max(size - _LARGE_END - _END, 0))
    tail = file.read()
    end = tail[-_END:]
    if end[:4] != b"PK\5\6" or end[-2:] != b"\0\0":
        raise damaged(path, "expected the end of an archive of arrays, found another")
    listed = int.from_bytes(end[12:16], "little")
    if tail[:4] == b"PK\6\6":  # of more than 65,535 members, or 4 GB
        listed = int.from_bytes(tail[40:48], "little")
    if listed > most * LONGEST_ENTRY:
        raise damaged(path, f"expected at most {most:,} arrays, as its run has, found more")


def _check_claims(path: Path, archive: zipfile.ZipFile, size: int, most: int) -> None:
    """Raise InputError where an archive would give more than is in it: regx stores arrays without compression."""
    members = archive.infolist()
    if len(members) > most:
        raise damaged(path, f"expected at most {most:,} arrays, as its run has, found {len(members):,}")
    if any(one.compress_type != zipfile.ZIP_STORED for one in members):
        raise damaged(path, "expected arrays without compression, found some with")
    if sum(one.file_size for one in members) > size:
        raise damaged(path, f"expected arrays of {size:,} bytes in all, as large as the file, found larger ones")


def read_arrays(path: Path, seeds: set[str] | None = None, most: int = MOST_ARRAYS) -> dict[str, Array]:
    """The arrays whose name begins with one of `seeds`, or all, of a file of at most so many.

    Raises InputError naming the file if it is damaged, RegxError if the disk refuses.
    """
    import numpy as np

    try:
        with opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            size = os.fstat(descriptor).st_size
            if size > most_bytes():
                raise damaged(path, f"expected at most {most_bytes():,} bytes, found {size:,}")
            _check_list(path, file, size, most)
            with zipfile.ZipFile(file) as archive:
                _check_claims(path, archive, size, most)
                return {
                    name.removesuffix(".npy"): np.lib.format.read_array(
                        io.BytesIO(archive.read(name)), allow_pickle=False
                    )
                    for name in archive.namelist()
                    if seeds is None or name.partition("/")[0] in seeds
                }
    except FileNotFoundError:
        raise damaged(path, NO_FILE) from None
    except InputError:  # which is also a ValueError in some places
        raise
    except DAMAGES as error:
        # Of a damaged archive a place before the file's beginning is sought.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
        raise damaged(path, f"expected arrays without pickle, found: {error}") from None
