"""`regx data`: the files, where their paths and the notes go, and errors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from regx.cli.data import command
from regx.cli.options import with_options
from regx.core.errors import InputError
from regx.data.csv import CSV
from regx.data.sine import Sine

app = typer.Typer()
app.command()(with_options(command))


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def sine(tmp_path: Path) -> Path:
    path = tmp_path / "sine.yaml"
    path.write_text("dataset: {name: sine, n_train: 8}\n", encoding="utf-8")
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rows = "\n".join(f"{k},{k % 2}" for k in range(30))
    (tmp_path / "table.csv").write_text(f"x,y\n{rows}\n", encoding="utf-8")
    path = tmp_path / "own.yaml"
    path.write_text("dataset: {name: csv, path: table.csv, target: y}\n", encoding="utf-8")
    return path


def test_paths_go_to_stdout(sine: Path, tmp_path: Path) -> None:
    result = invoke(sine, "--seed", 3, "--out", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [str(tmp_path / "out" / f"{name}.csv") for name in ("train", "val", "test")]
    values = np.loadtxt(tmp_path / "out" / "train.csv", delimiter=",", skiprows=1)
    expected = Sine(n_train=8).load(3).train
    np.testing.assert_array_equal(values, np.hstack([expected.x, expected.y]))


def test_keys_can_be_set(sine: Path, tmp_path: Path) -> None:
    invoke(sine, "--out", tmp_path / "out", "-s", "dataset.n_train=5", "--set", "dataset.noise=0")
    x, y = np.loadtxt(tmp_path / "out" / "train.csv", delimiter=",", skiprows=1).T
    assert len(x) == 5
    np.testing.assert_array_equal(y, np.sin(x))


def test_notes_go_to_stderr_unless_quiet(table: Path, tmp_path: Path) -> None:
    loud, quiet = (invoke(table, "--out", tmp_path / "out", *more) for more in ([], ["-q"]))
    assert "two values, so the task is binary" in loud.stderr
    assert quiet.stderr == ""
    assert loud.stdout == quiet.stdout


def test_json_is_one_document(table: Path, tmp_path: Path) -> None:
    found = json.loads(invoke(table, "--out", tmp_path / "out", "--json").stdout)
    dataset = CSV(path=str(tmp_path / "table.csv"), target="y").load(0)
    assert [Path(path).name for path in found["files"]] == ["train.csv", "val.csv", "test.csv"]
    assert (found["seed"], found["task"], found["target"], found["features"]) == (0, "binary", "y", ["x"])
    assert (found["classes"], found["notes"]) == (["0", "1"], list(dataset.notes))


def test_a_wrong_table_is_an_input_error(table: Path, tmp_path: Path) -> None:
    result = invoke(table, "--out", tmp_path / "out", "-s", "dataset.target=yy")
    assert isinstance(result.exception, InputError)
    assert "Did you mean 'y'?" in str(result.exception)
    assert not (tmp_path / "out").exists()
