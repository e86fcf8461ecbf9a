"""ONNX: onnxruntime predicts what regx does, on every kind of column, activation and layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest
from command_line import Regx

import regx as api

onnxruntime = pytest.importorskip("onnxruntime")
N = 90


@pytest.fixture(scope="module")
def frame() -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=N)
    days = pandas.Timestamp("1968-02-20 05:00") + pandas.to_timedelta(rng.integers(0, 24 * 40000, N), "h")
    return pandas.DataFrame({
        "size": [f"{value:.3f}" if k % 8 else "" for k, value in enumerate(size)],
        "town": rng.choice(["Graz", "Linz", "Wien", ""], N), "day": days.strftime("%Y-%m-%d %H:%M:%S"),
        "price": (10 + 5 * size).round(3), "kind": np.where(size > 0.4, "dear", np.where(size > -0.4, "fair", "cheap")),
        "sold": np.where(size > 0, "yes", "no"),
    })  # fmt: skip


CASES = [
    ("price", {"activation": "relu"}, ["batch_norm"]),
    ("price", {"activation": "relu", "scaling": "robust"}, [{"group_norm": {"groups": 2}}]),
    ("price", {"activation": "gelu", "residual": True}, ["layer_norm"]),
    ("kind", {"activation": "silu"}, ["rms_norm"]),
    ("price", {"activation": "tanh", "residual": True}, [{"dropout": {"p": 0.3, "input": 0.2, "inverted": False}}]),
    ("kind", {"activation": "leaky_relu", "tied": True}, [{"layer_norm": {"position": "after"}}]),
    ("sold", {"activation": "tanh"}, ["dropout"]),
    ("kind", {"activation": "tanh"}, ["batch_norm", {"snapshot_ensemble": {"cycles": 2}}]),
    ("sold", {"activation": "sigmoid", "hidden": []}, []),
]


@pytest.mark.parametrize(("target", "shape", "stack"), CASES)
def test_onnxruntime_predicts_the_same(
    target: str, shape: dict, stack: list, frame: pandas.DataFrame, tmp_path: Path, regx: Regx
) -> None:
    frame.to_csv(tmp_path / "table.csv", index=False)
    scaling = {"scaling": shape["scaling"]} if "scaling" in shape else {}
    shape = {key: value for key, value in shape.items() if key != "scaling"}
    drop = [name for name in ("price", "kind", "sold") if name != target]
    run = api.run(
        {
            "dataset": {"name": "csv", "path": str(tmp_path / "table.csv"), "target": target, "drop": drop, **scaling},
            "architecture": {"hidden": [6, 6, 6], **shape}, "regularizers": stack, "training": {"epochs": 8},
            "seeds": 2,
        },
        out=tmp_path / "runs",
    )  # fmt: skip
    regx("export", run.folder, "-o", "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    new = frame.assign(town=["Bregenz" if k % 5 == 0 else word for k, word in enumerate(frame["town"])])
    new.loc[3, "day"] = ""
    stamps = pandas.to_datetime(new["day"], errors="coerce")
    days = ((stamps - pandas.Timestamp(0)) / pandas.Timedelta(days=1)).to_numpy()
    columns = {
        "size": pandas.to_numeric(new["size"], errors="coerce").to_numpy()[:, None],
        "town": new["town"].to_numpy(dtype=object)[:, None], "day": days[:, None],
    }  # fmt: skip
    (found,) = session.run(None, {one.name: columns[one.name] for one in session.get_inputs()})
    expected = run.predict(new)
    classes = session.get_modelmeta().custom_metadata_map["classes"].splitlines()
    names = [f"p_{one}" for one in classes] or ["prediction"]
    np.testing.assert_allclose(found, expected[names].to_numpy(), rtol=1e-5, atol=1e-5)


def test_columns_may_be_called_as_what_is_inside_a_model(tmp_path: Path, regx: Regx) -> None:
    rng = np.random.default_rng(0)
    x = pandas.DataFrame(rng.normal(size=(N, 3)), columns=["prediction", "constant 0", "column prediction"])
    x.assign(y=x.sum(axis=1)).to_csv(tmp_path / "table.csv", index=False)
    config = {
        "dataset": {"name": "csv", "path": str(tmp_path / "table.csv"), "target": "y"},
        "architecture": {"hidden": [4]}, "training": {"epochs": 4}, "seeds": 1,
    }  # fmt: skip
    run = api.run(config, out=tmp_path / "runs")
    regx("export", run.folder, "-o", "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(["prediction_"], {name: x[[name]].to_numpy() for name in x})
    np.testing.assert_allclose(found, run.predict(x)[["prediction"]], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "stack"),
    [
        ({"conv": [4, 4], "kernel": 3, "residual": True, "pooling": "average"}, ["batch_norm"]),
        ({"conv": [4], "kernel": 2, "pool": 1}, [{"group_norm": {"groups": 2}}]),
        ({"conv": [3, 2], "kernel": 2, "pool": 2}, ["layer_norm", "cutout"]),
    ],
)
def test_so_it_does_of_convolutions(shape: dict, stack: list, tmp_path: Path, regx: Regx) -> None:
    rng = np.random.default_rng(0)
    pixels = pandas.DataFrame(rng.integers(0, 256, (N, 42)), columns=[f"p{k}" for k in range(42)])
    pixels.assign(kind=np.where(pixels["p3"] > 120, "light", "dark")).to_csv(tmp_path / "table.csv", index=False)
    table = {"name": "csv", "path": str(tmp_path / "table.csv"), "target": "kind", "shape": [1, 6, 7]}
    config = {
        "dataset": table, "architecture": {"hidden": [6], **shape}, "regularizers": stack, "training": {"epochs": 8},
        "seeds": 2,
    }  # fmt: skip
    run = api.run(config, out=tmp_path / "runs")
    regx("export", run.folder, "-o", "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx", providers=["CPUExecutionProvider"])
    columns = {name: pixels[name].to_numpy(np.float64)[:, None] for name in pixels}
    (found,) = session.run(None, {one.name: columns[one.name] for one in session.get_inputs()})
    np.testing.assert_allclose(found, run.predict(pixels)[["p_dark", "p_light"]].to_numpy(), rtol=1e-5, atol=1e-5)


def test_what_cannot_be_exported_is_said(small: Path, tmp_path: Path, regx: Regx) -> None:
    run = api.run(small, seeds=1, out=tmp_path / "runs")
    assert "trained on generated data" in regx("export", run.folder, "-o", "model.onnx", code=2).stderr
