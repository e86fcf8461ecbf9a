"""Handwritten digits: the small images that come with scikit-learn."""

import functools
import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from regx.core.arrays import Array
from regx.data.table import Table, TableSource, pixel_names


class Digits(TableSource, kw_only=True):
    """Which of ten digits an image of 8 x 8 grey pixels shows, 1797 rows.

    Pixels, which are from 0 to 16, are standardised by their mean and deviation in the training split.
    """

    kind = "digits"
    source = "scikit-learn; Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Repository"
    known_task = "multiclass"
    of_images = True
    mirrored = "a digit in a mirror is no digit, or another one"

    def table(self) -> Table:
        x, y = _read()
        shape = (1, 8, 8)
        columns = dict(zip(pixel_names(shape), x.T, strict=True))
        return Table(columns, y, "digit", "multiclass", self.kind, tuple("0123456789"), shape=shape, white=16)

    def fingerprint(self) -> str:
        x, y = _read()
        return hashlib.sha256(b"standardised" + x.tobytes() + y.tobytes()).hexdigest()


@functools.cache
def _read() -> tuple[Array, Array]:
    # Found without importing scikit-learn, which would take longer than most trainings.
    package = find_spec("sklearn")
    assert package is not None
    assert package.origin is not None
    rows = np.loadtxt(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", delimiter=",")
    return np.ascontiguousarray(rows[:, :-1]), rows[:, -1].astype(np.int64)
