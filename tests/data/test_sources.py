"""The laws that every dataset keeps."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import regx.data
from regx.core.parameters import parameters
from regx.data import MEMBERS, REGISTRY
from regx.data.circle import Circle
from regx.data.dataset import Dataset, Source
from regx.data.digits import Digits
from regx.data.redrawn import Redrawn
from regx.data.sine import Sine
from regx.data.table import TableSource

# One canonical setting per member; the table that `csv` and `diabetes` read is made by the fixture.
SETTINGS: dict[str, dict[str, object]] = {
    "sine": {},
    "circle": {},
    "diabetes": {},
    "breast_cancer": {},
    "digits": {},
    "csv": {"target": "price"},
    "images": {},
}


@pytest.fixture(params=sorted(REGISTRY))
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    settings = dict(SETTINGS[request.param])
    if request.param == "diabetes":
        settings["path"] = str(request.getfixturevalue("diabetes_path"))
    if request.param == "images":
        pixels = np.arange(60 * 12).reshape(60, 3, 4) * 7 % 256
        np.savez(tmp_path / "pictures.npz", x=pixels.astype(np.uint8), y=np.arange(60) % 3)
        settings["path"] = str(tmp_path / "pictures.npz")
    if request.param == "csv":
        rows = "\n".join(f"{k * 37 % 101},{'red' if k % 3 else 'blue'},{k % 7 + k / 10}" for k in range(60))
        path = tmp_path / "houses.csv"
        path.write_text(f"size,colour,price\n{rows}\n", encoding="utf-8")
        settings["path"] = str(path)
    return REGISTRY[request.param](**settings)


def arrays(dataset: Dataset) -> dict[str, np.ndarray]:
    splits = ("train", "val", "test")
    return {f"{name}.{axis}": getattr(getattr(dataset, name), axis) for name in splits for axis in ("x", "y")}


def test_the_registry_is_complete() -> None:
    modules = [
        importlib.import_module(f"regx.data.{module.name}") for module in pkgutil.iter_modules(regx.data.__path__)
    ]
    found = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Source) and "kind" in vars(value)
    }
    assert found - {Redrawn} == set(MEMBERS)  # which no config can name
    assert len(REGISTRY) == len(MEMBERS)
    for kind, member in REGISTRY.items():
        assert member.__module__ == f"regx.data.{kind}"
        assert member.source
        assert member.__doc__
        assert all(parameter.static and parameter.help for parameter in parameters(member).values())


def test_a_seed_gives_the_same_arrays_and_another_seed_others(source: Source) -> None:
    first, again, other = (arrays(source.load(seed)) for seed in (3, 3, 4))
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name], err_msg=name)
    assert not np.array_equal(first["train.x"], other["train.x"])


def test_arrays_are_as_the_engine_wants_them(source: Source) -> None:
    dataset = source.load(0)
    outputs = len(dataset.classes) if dataset.task == "multiclass" else 1
    for name, values in arrays(dataset).items():
        assert values.dtype == np.float64, name
        assert values.flags.c_contiguous, name
        assert np.isfinite(values).all(), name
        assert values.shape[1] == (outputs if name.endswith("y") else len(dataset.features)), name
        if dataset.task != "regression" and name.endswith("y"):
            assert set(np.unique(values)) <= {0.0, 1.0}, name
    if dataset.task == "multiclass":
        assert (dataset.train.y.sum(axis=1) == 1).all()


def test_label_noise_changes_training_labels_and_nothing_else(source: Source) -> None:
    clean, noisy = (arrays(dataclasses.replace(source, label_noise=share).load(1)) for share in (0.0, 0.5))
    for name in clean:
        assert np.array_equal(clean[name], noisy[name]) == (name != "train.y"), name


def test_n_train_changes_the_training_split_alone(source: Source) -> None:
    few, more = (dataclasses.replace(source, n_train=n).load(1) for n in (12, 20))
    assert (len(few.train.x), len(more.train.x)) == (12, 20)
    np.testing.assert_array_equal(few.test.y.shape, more.test.y.shape)
    if not isinstance(
        source, TableSource
    ):  # of tables: tests/data/test_split.py; their scaling follows the training rows
        np.testing.assert_array_equal(few.val.x, more.val.x)
        np.testing.assert_array_equal(few.test.x, more.test.x)


def test_validation_may_be_empty(source: Source) -> None:
    none = {"val_fraction": 0.0} if isinstance(source, TableSource) else {"n_val": 0}
    dataset = dataclasses.replace(source, **none).load(0)
    assert dataset.val.x.shape == (0, len(dataset.features))
    assert dataset.val.y.shape == (0, dataset.train.y.shape[1])


def test_fingerprint_is_a_sha256_that_stays(source: Source) -> None:
    assert source.fingerprint() == source.fingerprint()
    assert len(bytes.fromhex(source.fingerprint())) == 32


def test_sine_is_the_lesson_s() -> None:
    dataset = Sine(n_train=4000, n_val=4000).load(0)
    for split in (dataset.train, dataset.val):
        residual = split.y - np.sin(split.x)
        assert residual.std() == pytest.approx(0.3, rel=0.05)
        assert residual.mean() == pytest.approx(0, abs=0.02)
        assert split.x.min() >= -3
        assert split.x.max() <= 3
    np.testing.assert_allclose(dataset.test.x[:, 0], np.linspace(-3, 3, 200))
    np.testing.assert_array_equal(dataset.test.y, np.sin(dataset.test.x))
    assert [len(split.x) for split in (Sine().load(0).train, Sine().load(0).val)] == [30, 30]


def test_circle_is_the_lesson_s() -> None:
    dataset = Circle().load(0)
    assert [len(split.x) for split in (dataset.train, dataset.val, dataset.test)] == [200, 100, 1000]
    x, y = dataset.test.x, dataset.test.y
    np.testing.assert_array_equal(y[:, 0] == 1, x[:, 0] ** 2 + x[:, 1] ** 2 < 1.5)
    assert np.abs(x).max() <= 2
    assert y.mean() == pytest.approx(np.pi * 1.5 / 16, abs=0.05)


def test_digits_are_whole_images_in_row_order() -> None:
    from sklearn.datasets import load_digits

    table = Digits().table()
    np.testing.assert_array_equal(np.column_stack(list(table.columns.values())), load_digits().data)
    assert list(table.columns)[:9] == [*(f"pixel_0_{k}" for k in range(8)), "pixel_1_0"]
    dataset = Digits().load(0)
    assert dataset.train.x.shape[1] == 64
    assert dataset.images is not None
    assert set(np.unique(np.rint(dataset.images.pixels(dataset.train.x) * 16))) == set(range(17))


def test_classes_are_numbered_as_scikit_learn_does(diabetes_path: Path) -> None:
    tables = [REGISTRY["breast_cancer"]().table(), REGISTRY["diabetes"](path=str(diabetes_path)).table()]
    counts = [dict(zip(t.classes, np.bincount(t.y), strict=True)) for t in tables]
    assert counts == [{"malignant": 212, "benign": 357}, {"no diabetes": 500, "diabetes": 268}]


def test_importing_the_registry_loads_nothing_heavy() -> None:
    code = "import sys, regx.data; print([m for m in ('pandas', 'sklearn', 'scipy', 'pooch') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
