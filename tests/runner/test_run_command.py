"""`regx run` as a user types it."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx
from sklearn.metrics import brier_score_loss

import regx as api
from regx.config.load import load_any, load_grid
from regx.metrics import REGISTRY as METRICS
from regx.metrics import columns
from regx.regularizers import REGISTRY
from regx.studies.sweep.question import sweep

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def test_a_run_leaves_the_files_of_the_contract(small: Path, regx: Regx, tmp_path: Path) -> None:
    document = json.loads(regx("run", small, "--json").stdout)
    folder = tmp_path / document["run"]
    assert document["status"] == "completed"
    assert document["summary"] == json.loads((folder / "summary.json").read_text())
    assert {path.name for path in folder.iterdir()} == {
        "config.yaml", "metrics.csv", "summary.json", "weights.npz", "snapshots.npz", "run.json",
    }  # fmt: skip
    with (folder / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["seed", *columns("regression")]
    expected = [(str(seed), str(epoch)) for seed in range(3) for epoch in (0, 2, 4, 6, 7)]
    assert [(row["seed"], row["epoch"]) for row in rows] == expected
    assert all((row["objective"] == "") == (row["epoch"] == "0") for row in rows)
    with np.load(folder / "weights.npz", allow_pickle=False) as weights:
        assert weights["seed0/init/0/weight"].shape == (1, 6)
        assert set(weights) == {
            f"seed{seed}/{state}/{layer}/{tensor}"
            for seed in range(3) for state in ("init", "reported", "final")
            for layer in (0, 1) for tensor in ("weight", "bias")
        }  # fmt: skip


def test_the_summary_has_the_diagnostics(regx: Regx, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(
        "dataset: {name: circle, n_train: 20}\narchitecture: {hidden: [6]}\ntraining: {epochs: 30}\nseeds: 1\n"
    )
    run = api.load(tmp_path / json.loads(regx("run", config, "--json").stdout)["run"])
    found = run.summary["seeds"]["0"]["diagnostics"]
    kept = {name for name, metric in METRICS.items() if metric.kept}
    trivial = {f"trivial_{split}_{of}" for split in ("train", "val", "test") for of in ("loss", "accuracy")}
    assert set(found) == {*kept, *trivial, "initial_mean_absolute_weight", "seconds_per_epoch"}
    hidden, output = run.weights["seed0/reported/0/weight"], run.weights["seed0/reported/1/weight"]
    mean = np.abs(np.concatenate([hidden.ravel(), output.ravel()])).mean()
    assert found["mean_absolute_weight"] == pytest.approx(mean, rel=1e-5)
    data = load_grid(config).cells[0].config.dataset.load(0)
    h = np.maximum(data.train.x @ hidden + run.weights["seed0/reported/0/bias"], 0)
    assert found["dead_units"] == pytest.approx(np.mean(h.min(axis=0) == h.max(axis=0)))
    p = run.predict(data.test.x)[:, 0]
    assert found["test_brier_score"] == pytest.approx(brier_score_loss(data.test.y[:, 0], p), rel=1e-5)
    assert found["first_layer_gradient_norm"] > 0
    assert 0 < found["seconds_per_epoch"] < 1


@pytest.mark.parametrize("stack", ["[]", "[clip_norm: {max_norm: 1e-4}]", "[l2: 10, clip_norm: {max_norm: 1e-4}]"])
def test_the_gradient_norm_is_of_the_loss_alone_at_the_first_weight_matrix(stack: str, tmp_path: Path) -> None:
    """One step, so that it was taken at the initial weights; nothing that regularizers do to it is in it."""
    config = tmp_path / "c.yaml"
    config.write_text(
        "dataset: {name: circle, n_train: 20}\narchitecture: {hidden: [6]}\ntraining: {epochs: 1, dtype: float64}\n"
        f"regularizers: {stack}\nseeds: 2\n"
    )
    run = api.run(config, out=tmp_path)
    for seed in (0, 1):
        train = load_grid(config).cells[0].config.dataset.load(seed).train
        w0, b0, w1, b1 = (
            run.weights[f"seed{seed}/init/{layer}/{tensor}"] for layer in (0, 1) for tensor in ("weight", "bias")
        )
        z = train.x @ w0 + b0
        p = 1 / (1 + np.exp(-(np.maximum(z, 0) @ w1 + b1)))
        dz = (p - train.y) / len(train.x) @ w1.T * (z > 0)  # the mean cross-entropy's, through output and ReLU
        found = run.summary["seeds"][str(seed)]["diagnostics"]["first_layer_gradient_norm"]
        assert found == pytest.approx(np.linalg.norm(train.x.T @ dz), rel=1e-9)


def test_the_resolved_config_repeats_the_run(small: Path, regx: Regx, tmp_path: Path) -> None:
    first = json.loads(regx("run", small, "--json").stdout)
    again = json.loads(regx("run", tmp_path / first["run"] / "config.yaml", "--out", "again", "--json").stdout)
    assert Path(again["run"]).name == Path(first["run"]).name
    one, other = (tmp_path / done["run"] / "metrics.csv" for done in (first, again))
    assert one.read_bytes() == other.read_bytes()


def test_a_run_prints_its_row_and_progress_elsewhere(small: Path, regx: Regx) -> None:
    header, row = regx("run", small).stdout.splitlines()
    told = dict(zip(header.split("\t"), row.split("\t"), strict=True))
    assert told["stack"] == "l2(0.01) + dropout(0.2)"
    assert told["seeds"] == "3"
    assert math.isfinite(float(told["test_loss"]))


def test_a_dry_run_trains_nothing(small: Path, regx: Regx, tmp_path: Path) -> None:
    assert "seeds to train: 0, 1, 2" in regx("run", small, "-n").stdout
    assert not (tmp_path / "runs").exists()


def test_a_diverged_run_ends_with_3_and_says_where(small: Path, regx: Regx) -> None:
    done = regx("run", small, "-s", "optimizer={name: sgd, lr: 1e20}", "--json", code=3)
    document = json.loads(done.stdout)
    assert document["status"] == "diverged"
    assert document["summary"]["seeds"]["0"]["divergence"]["epoch"] >= 1
    assert document["summary"]["over_seeds"]["test_loss"] == {"mean": None, "low": None, "high": None}


def test_early_stopping_reports_the_best_epoch_of_each_seed(small: Path, regx: Regx, tmp_path: Path) -> None:
    stop = "regularizers.early_stopping.patience=20"
    training = ("-s", "training.epochs=2000", "-s", "training.eval_every=1")
    run = api.load(tmp_path / json.loads(regx("run", small, "-s", stop, *training, "--json").stdout)["run"])
    for seed, entry in run.summary["seeds"].items():
        own = run.metrics[run.metrics.seed == int(seed)]
        best = own.loc[own.val_loss.idxmin()]
        assert entry["reported_epoch"] == best.epoch
        assert own.epoch.iloc[-1] == best.epoch + 20
        assert entry["metrics"]["test_loss"] == pytest.approx(best.test_loss, rel=1e-8)
        assert "early_stopping" in entry["reported_because"]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_trains(config: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if "diabetes" in config.stem:
        request.getfixturevalue("diabetes_path")
    length = "steps" if "{steps:" in config.read_text() else "epochs"
    grid = load_any(config, [f"training.{length}=2"], seeds=2)
    for run in sweep(grid, grid.cells, tmp_path).runs:
        assert run.summary["seeds"].keys() == {"0", "1"}
        assert run.metrics.epoch.max() == run.typed.training.epochs <= 2
        assert all(math.isfinite(entry["metrics"]["test_loss"]) for entry in run.summary["seeds"].values())


def test_every_regularizer_has_a_config() -> None:
    shown = {member.kind for path in CONFIGS for cell in load_any(path).cells for member in cell.config.stack}
    assert shown == set(REGISTRY)
