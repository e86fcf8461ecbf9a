"""`regx bias-variance` as a user types it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from command_line import Regx
from sklearn.linear_model import Ridge
from typer.testing import CliRunner

import regx as api
from regx.cli.app import app
from regx.config.load import load_grid
from regx.core.errors import InputError, RegxError
from regx.data.sine import Sine
from regx.report.output import Output
from regx.runner import execute
from regx.runner.networks import Options
from regx.store.files import read_json, write_json
from regx.store.lock import Lock
from regx.studies.bias_variance.display import print_study, remarks
from regx.studies.bias_variance.question import bias_variance, study_folder
from regx.studies.bias_variance.result import read_bias_variance

AXIS = ("-s", "regularizers.l2.lam=0.001,0.1,1")
FILE = "bias_variance.json"


def study(regx: Regx, *arguments: object, code: int = 0) -> dict:
    return json.loads(regx("bias-variance", *arguments, "--json", code=code).stdout)


def inside(*arguments: object) -> Result:
    """The command in this process, which is cheaper where nothing but the command itself is looked at."""
    return CliRunner().invoke(app, ["bias-variance", *map(str, arguments), "--jobs", "1"], catch_exceptions=False)


def test_the_parts_add_up_and_without_noise_they_are_the_test_loss_of_the_runs(
    small: Path, regx: Regx, tmp_path: Path
) -> None:
    found = study(regx, small, "--draws", 8)
    (point,) = found["points"]
    mean = {part: point[part]["mean"] for part in ("bias2", "variance", "noise", "error")}
    assert mean["bias2"] + mean["variance"] + mean["noise"] == pytest.approx(mean["error"], rel=1e-9)
    assert mean["noise"] == pytest.approx(0.09, rel=0.5)
    for part in mean:
        assert point[part]["low"] < mean[part] < point[part]["high"]
    run = api.run(small, seeds=8, out=tmp_path / "alone")  # on the same training sets, judged on the clean curve
    assert mean["bias2"] + mean["variance"] == pytest.approx(run.summary["over_seeds"]["test_loss"]["mean"], rel=1e-5)
    assert (found["axis"], found["draws"], found["separable"], point["value"], point["diverged"]) == (
        None, 8, True, None, 0,
    )  # fmt: skip
    stored = json.loads((tmp_path / found["study"] / FILE).read_text())
    assert {key: found[key] for key in stored if key != "sha256"}.items() <= stored.items()
    assert {"name", "axis", "draws", "separable", "points"} <= stored.keys()


def test_a_linear_network_has_the_parts_that_ridge_regression_has(regx: Regx, tmp_path: Path) -> None:
    config = tmp_path / "linear.yaml"
    config.write_text(
        "dataset: {name: sine, n_train: 20, n_test: 30}\narchitecture: {hidden: []}\nregularizers: [l2: 2.0]\n"
        "optimizer: {name: sgd, lr: 0.05}\ntraining: {epochs: 2000, eval_every: 2000, dtype: float64}\n"
    )
    (point,) = study(regx, config, "--draws", 12)["points"]
    splits = [Sine(n_train=20, n_test=30).load(seed) for seed in range(12)]
    # The mean of 20 squares + lam/2·w² has the same minimum as the sum of squares + 20·lam/2·w².
    fitted = [Ridge(alpha=20 * 2.0 / 2).fit(data.train.x, data.train.y) for data in splits]
    predictions = np.stack([ridge.predict(splits[0].test.x) for ridge in fitted]).reshape(12, 30)
    variance = predictions.var(axis=0, ddof=1).mean()
    truth = np.sin(splits[0].test.x).ravel()
    bias2 = np.square(predictions.mean(axis=0) - truth).mean() - variance / 12
    assert point["variance"]["mean"] == pytest.approx(variance, rel=1e-6)
    assert point["bias2"]["mean"] == pytest.approx(bias2, rel=1e-6)


def test_along_an_axis_every_point_is_written_and_the_same_command_trains_only_what_is_missing(
    small: Path, regx: Regx, tmp_path: Path
) -> None:
    first = study(regx, small, *AXIS, "--draws", 4)
    assert first["axis"] == {"key": "regularizers.l2.lam", "values": [0.001, 0.1, 1.0]}
    assert [point["value"] for point in first["points"]] == [0.001, 0.1, 1.0]
    assert first["conclusion"][0].startswith("The test error is least at l2.lam = ")
    path = tmp_path / first["study"] / FILE
    stored = read_json(path)
    # As a study that was killed before its second point, with a first one that can be recognised.
    stored["points"] = [{**stored["points"][0], "diverged": 7}, stored["points"][2]]
    write_json(path, stored)
    planned = regx("bias-variance", small, *AXIS, "--draws", 4, "-n").stdout.splitlines()
    assert [line.split("\t")[1:] for line in planned] == [["4 training sets to draw", "regularizers.l2.lam=0.1"]]
    again = study(regx, small, *AXIS, "--draws", 4, code=3)
    assert again["points"][1:] == first["points"][1:]
    assert again["points"][0]["diverged"] == 7
    assert study(regx, small, *AXIS, "--draws", 4, "--force") == first


def test_the_study_of_a_table_says_that_noise_is_not_separable(tmp_path: Path) -> None:
    config = tmp_path / "table.yaml"
    config.write_text(
        "dataset: {name: digits, n_train: 60}\narchitecture: {hidden: [8]}\n"
        "training: {epochs: 20}\nregularizers: [early_stopping: {patience: 5}]\n"
    )
    arguments = (config, "--draws", 4, "--out", tmp_path / "runs")
    found = json.loads(inside(*arguments, "--json").stdout)
    (point,) = found["points"]
    assert (found["separable"], point["noise"]) == (False, None)
    assert point["bias2"]["mean"] + point["variance"]["mean"] == pytest.approx(point["error"]["mean"], rel=1e-9)
    notes = " ".join(found["notes"])
    assert "bias² and noise are one number" in notes
    assert "bootstrap resample" in notes
    assert "Brier score" in notes
    done = inside(*arguments)
    assert done.stdout.splitlines()[0].split("\t")[::3] == ["bias²+noise", "variance", "error"]
    assert "bias² and noise are one number" in done.stderr


def test_networks_that_diverge_are_counted_and_left_out(small: Path, regx: Regx) -> None:
    found = study(regx, small, "-s", "optimizer={name: sgd, lr: [0.01, 1e20]}", "--draws", 4, code=3)
    assert [point["diverged"] for point in found["points"]] == [0, 4]
    assert found["points"][1]["error"] == {"mean": None, "low": None, "high": None}
    assert "4 of 8 networks diverged and are left out." in found["notes"]


def test_networks_that_cannot_be_trained_are_counted_left_out_and_tried_again(
    small: Path, regx: Regx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    original = execute.train_in_turns

    def train(populations: Any, *arguments: Any) -> None:
        if any(2 in population.seeds for population in populations):
            raise MemoryError
        original(populations, *arguments)

    undisturbed = bias_variance(load_grid(small, (), (), 5), tmp_path / "undisturbed", Options(1))
    with monkeypatch.context() as patch:
        patch.setattr(execute, "train_in_turns", train)
        found = bias_variance(load_grid(small, (), (), 5), tmp_path / "out", Options(1))
    (point,) = found.points
    assert (point.diverged, point.failed, list(point.draws["error"])) == (0, 1, [0, 1, 3, 4])
    assert read_bias_variance(found.folder) == found
    assert "seed 2 failed and is left out: out of memory" in capsys.readouterr().err
    assert print_study(found, Output("json", stream=io.StringIO())) == 3
    assert "1 of 5 networks failed and are left out." in remarks(found)
    assert bias_variance(load_grid(small, (), (), 5), tmp_path / "out", Options(1)).points == undisturbed.points


def test_a_second_start_of_a_study_is_refused(small: Path, tmp_path: Path) -> None:
    grid = load_grid(small, (), (), 4)
    (study_folder(grid, tmp_path)).mkdir()
    stray = study_folder(grid, tmp_path) / f".{FILE}.0123abcd.tmp"
    stray.touch()
    with Lock(study_folder(grid, tmp_path)), pytest.raises(RegxError, match="expected to be the only one who writes"):
        bias_variance(grid, tmp_path)
    assert not stray.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([*AXIS, "-s", "optimizer.lr=0.1,0.2"], "expected at most one axis for a study of bias and variance, found 2"),
        (["--draws", "2"], "--draws: expected at least 3 training sets, found 2"),
        (["--draws", "5", "--seeds", "5"], "expected --draws or --seeds, found both"),
    ],
)
def test_what_cannot_be_studied(options: list[str], message: str, small: Path, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    with pytest.raises(InputError, match=re.escape(message)):
        inside(small, *options, "--out", out)
    assert not out.exists()


def test_other_data_in_the_table_is_refused(tmp_path: Path) -> None:
    table, config = tmp_path / "t.csv", tmp_path / "t.yaml"
    rows = [f"{i},{i * 0.7 % 1}" for i in range(60)]
    table.write_text("a,y\n" + "\n".join(rows) + "\n")
    config.write_text(
        "dataset: {name: csv, path: t.csv, target: y}\narchitecture: {hidden: [3]}\ntraining: {epochs: 3}\n"
    )
    inside(config, "--draws", 3, "--out", tmp_path / "runs")
    table.write_text("a,y\n" + "\n".join(rows[::-1]) + "\n")
    with pytest.raises(InputError, match="the data has changed since this study"):
        inside(config, "--draws", 3, "--out", tmp_path / "runs")
