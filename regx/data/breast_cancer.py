"""Breast cancer, Wisconsin: the table that comes with scikit-learn."""

import functools
import hashlib

import numpy as np

from regx.core.arrays import Array
from regx.data.table import Table, TableSource


class BreastCancer(TableSource, kw_only=True):
    """Malignant or benign (1) from 30 measurements of cell nuclei, 569 rows."""

    kind = "breast_cancer"
    source = "scikit-learn; Street, Wolberg & Mangasarian 1993, Nuclear Feature Extraction for Breast Tumor Diagnosis"
    known_task = "binary"

    def table(self) -> Table:
        x, y, features, classes = _read()
        return Table(dict(zip(features, x.T, strict=True)), y, "diagnosis", "binary", self.kind, classes)

    def fingerprint(self) -> str:
        x, y, _, _ = _read()
        return hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()


@functools.cache
def _read() -> tuple[Array, Array, tuple[str, ...], tuple[str, ...]]:
    from sklearn.datasets import load_breast_cancer

    bunch = load_breast_cancer()
    features, classes = (tuple(map(str, names)) for names in (bunch.feature_names, bunch.target_names))
    return np.asarray(bunch.data, dtype=np.float64), bunch.target.astype(np.int64), features, classes
