"""weights.npz: the parameters of every finished seed, without pickle."""

from __future__ import annotations

import io
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
    import numpy as np

    if not seeds:
        return {}
    try:
        with zipfile.ZipFile(path) as archive:
            weights = {
                name.removesuffix(".npy"): np.lib.format.read_array(io.BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name.partition("/")[0] in {f"seed{seed}" for seed in seeds}
            }
    except FileNotFoundError:
        raise damaged(path, "expected a file, found none") from None
    except (OSError, ValueError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise damaged(path, f"expected arrays without pickle, found: {error}") from None
    for seed in seeds:
        if not any(name.startswith(f"seed{seed}/reported/") for name in weights):
            raise damaged(path, f"expected the weights of seed {seed}, found none")
    return weights
