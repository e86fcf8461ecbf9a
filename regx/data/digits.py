"""Handwritten digits: the small images that come with scikit-learn."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.data.table import Table, TableSource


@dataclass(frozen=True, kw_only=True)
class Digits(TableSource):
    """Which of ten digits an image of 8 x 8 pixels shows, 1797 rows. Pixels are divided by 16 into [0, 1]."""

    kind = "digits"
    source = "scikit-learn; Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Repository"
    known_task = "multiclass"

    def table(self) -> Table:
        x, y = _read()
        columns = {f"pixel_{k // 8}_{k % 8}": x[:, k] for k in range(64)}
        return Table(columns, y, "digit", "multiclass", self.kind, tuple("0123456789"), scaled=True)

    def fingerprint(self) -> str:
        x, y = _read()
        return hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()


@functools.cache
def _read() -> tuple[Array, Array]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return np.asarray(x, dtype=np.float64) / 16, y.astype(np.int64)
