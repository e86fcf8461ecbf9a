"""The Pima diabetes table."""

import functools
import hashlib
import io
import logging
import os
from pathlib import Path

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError, RegxError
from regx.core.parameters import choice, text
from regx.data.table import Table, TableSource, Version, version

COLUMNS = (
    "pregnancies", "glucose", "blood_pressure", "skin_thickness", "insulin", "bmi", "diabetes_pedigree", "age",
)  # fmt: skip
HEADER = ",".join((*COLUMNS, "outcome"))
ROWS = 768
# Where a zero cannot be a measurement.
ZERO_IS_MISSING = ("glucose", "blood_pressure", "skin_thickness", "insulin", "bmi")

URL = "https://raw.githubusercontent.com/jbrownlee/Datasets/master/pima-indians-diabetes.data.csv"
SHA256 = "6bfe5d0f379d17a0e0819b996407e3c09bf80febd4287f2ed212190dfff154af"


class Diabetes(TableSource, kw_only=True):
    """Diabetes within five years (1) from 8 measurements of Pima women, 768 rows.

    Found at `path`, else $REGX_DATA_DIR/diabetes.csv, else the user's cache, else downloaded into it once.
    """

    kind = "diabetes"
    source = "Smith et al. 1988, Using the ADAP Learning Algorithm to Forecast the Onset of Diabetes Mellitus"
    known_task = "binary"

    path: str | None = text(None, optional=True, help="the table, where you have it already")
    missing: str = choice(
        "keep", ("keep", "zero"), help="`zero`: a zero that cannot be one is missing, filled with the training median"
    )

    def table(self) -> Table:
        path = self._find()
        x, y = _read(path, version(path))
        columns = {name: x[:, k] for k, name in enumerate(COLUMNS)}
        if self.missing == "zero":
            for name in ZERO_IS_MISSING:
                columns[name] = np.where(columns[name] == 0, np.nan, columns[name])
        return Table(columns, y, "outcome", "binary", self.kind, classes=("no diabetes", "diabetes"))

    def fingerprint(self) -> str:
        return hashlib.sha256(self._find().read_bytes()).hexdigest()

    def _find(self) -> Path:
        if self.path is not None:
            path = Path(self.path).expanduser()
            if not os.path.isfile(path):  # noqa: PTH113  # false where a name is too long, or a folder closed
                raise InputError(
                    f"dataset.path: no file at {path}. Leave dataset.path out to have the table downloaded."
                )
            return path
        folder = os.environ.get("REGX_DATA_DIR")
        if folder and (path := Path(folder).expanduser() / "diabetes.csv").is_file():
            return path
        return download(URL, SHA256, "diabetes.csv")


@functools.lru_cache(maxsize=4)
def _read(path: Path, at_version: Version) -> tuple[Array, Array]:
    """The 8 measurements, (768, 8), and the outcomes, (768,), with or without the header line in the file."""
    expected = f"expected the Pima table: {ROWS} rows of {len(COLUMNS) + 1} numbers, with the header {HEADER} or none"
    try:
        content = path.read_text(encoding="utf-8-sig")
        first, _, rest = content.partition("\n")
        body = rest if first.strip() == HEADER else content
        values = np.loadtxt(io.StringIO(body), delimiter=",", ndmin=2)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); {expected}.") from error
    except ValueError as error:
        raise InputError(f"{path}: {error}; {expected}.") from error
    if values.shape != (ROWS, len(COLUMNS) + 1):
        raise InputError(f"{path}: found {values.shape[0]} rows of {values.shape[1]} numbers; {expected}.")
    if not np.isfinite(values).all() or not np.isin(values[:, -1], (0, 1)).all():
        raise InputError(f"{path}: a value is not finite or an outcome neither 0 nor 1; {expected}.")
    return values[:, :-1], values[:, -1].astype(np.int64)


def download(url: str, sha256: str, name: str) -> Path:
    """The file `name` in the user's cache, downloaded once from `url` if it is not there with that checksum.

    Raises RegxError where it cannot be had; the cache then holds no part of it.
    """
    import pooch

    cache = Path(pooch.os_cache("regx"))
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        # Not streamed: pooch would leave the connection open after an error.
        downloader = pooch.HTTPDownloader(timeout=30, stream=False)
        return Path(pooch.retrieve(url, f"sha256:{sha256}", fname=name, path=cache, downloader=downloader))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, some of a proxy's address ValueErrors too
        # pooch's own message on the checksum speaks of its developers' registry.
        is_another = "does not match the known hash" in str(error)
        found = f"the file is not the expected one (SHA-256 {sha256})" if is_another else error
        raise RegxError(
            f"Cannot download {url} to {cache / name}: {found}.\n"
            f"Save {name} yourself and name its folder in the environment variable REGX_DATA_DIR, or the file itself "
            "in dataset.path."
        ) from error
