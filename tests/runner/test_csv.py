"""The user's own table from the file to the prediction."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx

import regx as api
from regx.config.load import load_config
from regx.core.streams import stream

ROWS = 120


def write_table(path: Path, draw: int = 0) -> None:
    """Numbers, words and cells left empty in both; `price` is a number and `kind` a word that follow from them."""
    rng = stream(draw, "test data")
    lines = ["size,age,town,price,kind"]
    for _ in range(ROWS):
        size, age = rng.standard_normal(2)
        town = ("Graz", "Linz", "Wien")[rng.integers(3)]
        price = 2 * size - age + (town == "Wien") + 0.1 * rng.standard_normal()
        cells = [f"{size:.4f}", f"{age:.4f}", town]
        if rng.random() < 0.2:
            cells[rng.integers(3)] = ""
        lines.append(",".join([*cells, f"{price:.4f}", ("cheap", "fair", "dear")[int(price > -1) + int(price > 1)]]))
    path.write_text("\n".join(lines) + "\n")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A config of the regression, with early stopping so that what is reported is not what was last."""
    write_table(tmp_path / "table.csv")
    path = tmp_path / "own.yaml"
    path.write_text(
        f"dataset: {{name: csv, path: {tmp_path / 'table.csv'}, target: price, drop: [kind]}}\n"
        "architecture: {hidden: [8]}\nregularizers: [early_stopping: {patience: 3}]\n"
        "optimizer: {name: adam, lr: 0.05}\ntraining: {epochs: 30, batch_size: 16, dtype: float64}\nseeds: 2\n"
    )
    return path


CLASSES = {"dataset.target": "kind", "dataset.drop": ["price"]}


def test_predictions_of_a_regression_have_the_recorded_losses(config: Path, tmp_path: Path) -> None:
    run = api.run(config, out=tmp_path)
    assert run.summary["task"] == "regression"
    for seed in range(2):
        data = load_config(config).dataset.load(seed)
        assert data.features[:2] == ("size", "age")
        assert len(data.features) > 4, "the towns are columns of their own"
        recorded = run.summary["seeds"][str(seed)]["metrics"]
        for part in ("train", "val", "test"):
            split = getattr(data, part)
            assert np.isfinite(split.x).all()
            loss = np.mean((run.predict(split.x, seed=seed) - split.y) ** 2)
            assert loss == pytest.approx(recorded[f"{part}_loss"], rel=1e-6)
        own = run.metrics[run.metrics.seed == seed]
        assert recorded["val_loss"] == pytest.approx(own.val_loss.min(), rel=1e-6)
        assert recorded["val_loss"] < own.val_loss.iloc[0] / 2, "something was learned"


def test_predictions_of_a_classification_have_the_recorded_losses(config: Path, tmp_path: Path) -> None:
    run = api.run(config, set=CLASSES, out=tmp_path)
    assert run.summary["task"] == "multiclass"
    for seed in range(2):
        data = load_config(config, [f"{key}={json.dumps(value)}" for key, value in CLASSES.items()]).dataset.load(seed)
        assert data.classes == ("cheap", "dear", "fair")
        recorded = run.summary["seeds"][str(seed)]["metrics"]
        for part in ("train", "val", "test"):
            split = getattr(data, part)
            p = run.predict(split.x, seed=seed)
            np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
            loss = -np.mean(np.log(p[split.y == 1]))
            assert loss == pytest.approx(recorded[f"{part}_loss"], rel=1e-6)
            right = np.mean(p.argmax(axis=1) == split.y.argmax(axis=1))
            assert right == pytest.approx(recorded[f"{part}_accuracy"], rel=1e-6)
        assert recorded["val_accuracy"] > 0.6, "something was learned"


def test_a_run_says_how_the_table_was_understood(config: Path, regx: Regx) -> None:
    done = regx("run", config, "--json")
    notes = load_config(config).dataset.load(0).notes
    assert any("so the task is regression" in note for note in notes)
    assert any("'town' (3 values)" in note for note in notes)
    for note in notes:
        assert done.stderr.count(note) == 1, "once, not for every seed"
    json.loads(done.stdout)  # and nothing else there
    assert notes[0] not in regx("run", config, "--quiet", "--force").stderr


def test_a_table_that_has_changed_is_an_error_though_nothing_is_missing(
    config: Path, regx: Regx, tmp_path: Path
) -> None:
    folder = tmp_path / json.loads(regx("run", config, "--json").stdout)["run"]
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert regx("run", config, "--json").returncode == 0
    write_table(tmp_path / "table.csv", draw=1)
    for arguments in ((), ("--seeds", "3")):
        assert "the data has changed" in regx("run", config, *arguments, code=2).stderr
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    regx("run", config, "--force")
    assert (folder / "metrics.csv").read_bytes() != before["metrics.csv"]
