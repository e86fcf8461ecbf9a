"""Export: what is read back is what the network sees, and no half-written file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from regx.core.errors import InputError
from regx.data.breast_cancer import BreastCancer
from regx.data.dataset import Dataset, Source, Split
from regx.data.digits import Digits
from regx.data.export import export
from regx.data.sine import Sine


def read(path: Path) -> tuple[list[str], np.ndarray]:
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header, np.array([[float(cell) for cell in row] for row in rows]).reshape(-1, len(header))


@pytest.mark.parametrize("source", [Sine(), Sine(n_val=0), BreastCancer(), Digits()], ids=lambda source: source.kind)
def test_what_is_read_back_is_what_the_network_sees(source: Source, tmp_path: Path) -> None:
    dataset = source.load(2)
    paths = export(dataset, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["train.csv", "val.csv", "test.csv"]
    for path in paths:
        split = getattr(dataset, path.stem)
        header, values = read(path)
        assert header == [*dataset.features, "target"]
        np.testing.assert_array_equal(values[:, :-1], split.x)
        expected = split.y.argmax(axis=1) if dataset.task == "multiclass" else split.y[:, 0]
        np.testing.assert_array_equal(values[:, -1], expected)
        if dataset.task != "regression" and len(values):
            assert path.read_text(encoding="utf-8").splitlines()[1].rsplit(",", 1)[1].isdigit()


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    export(Sine().load(0), tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    broken = Split(np.zeros((3, 1)), np.zeros((2, 1)))
    with pytest.raises(ValueError, match="zip"):
        export(Dataset("regression", broken, broken, broken, ("x",), "y"), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_feature_called_target_is_refused(tmp_path: Path) -> None:
    split = Split(np.zeros((3, 1)), np.zeros((3, 1)))
    with pytest.raises(InputError, match="A feature is called 'target'"):
        export(Dataset("regression", split, split, split, ("target",), "y"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"Cannot write to .*file.*: File exists"):
        export(Sine().load(0), tmp_path / "file")
