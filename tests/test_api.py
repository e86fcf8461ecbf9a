"""The calls from Python do what the commands do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import yaml

import regx
from regx.evidence.run import Run
from regx.studies.ablation.result import read_ablation
from regx.studies.bias_variance.result import read_bias_variance
from regx.studies.sweep.result import read_sweep

SMALL = """
name: small
dataset: {name: sine, n_train: 20, n_val: 30, n_test: 40}
architecture: {hidden: [4]}
regularizers: [l2: 0.01, dropout: 0.1]
training: {epochs: 12}
seeds: 2
"""


def test_a_config_is_a_path_a_mapping_or_text_and_the_run_is_the_same(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL)
    runs = [
        regx.run(given, out=tmp_path / str(number))
        for number, given in enumerate([file, str(file), SMALL, yaml.safe_load(SMALL)])
    ]
    assert len({run.folder.name for run in runs}) == 1
    assert all(run.metrics.equals(runs[0].metrics) for run in runs)
    changed = {**yaml.safe_load(SMALL), "optimizer": {"name": "adam", "lr": np.float64(0.02)}}
    assert regx.run(changed, out=tmp_path).config["optimizer"]["lr"] == 0.02


def test_what_is_wrong_with_text_is_said_with_its_place() -> None:
    with pytest.raises(regx.InputError, match=r"config:3:11: optimizer: expected a number.* under 'lr'|config:3"):
        regx.run("dataset: {name: sine}\noptimizer:\n  lr: fast\n")
    with pytest.raises(regx.InputError, match=r"gone\.yaml: expected a config file, found nothing there"):
        regx.run("gone.yaml")


def test_every_study_is_one_line_and_is_read_again_from_its_folder(tmp_path: Path) -> None:
    common: dict[str, Any] = {"out": tmp_path, "set": {"training.epochs": 8}}
    swept = regx.sweep(SMALL, lam=[0.001, 0.1], **common)
    assert [cell.point for cell in swept.cells] == [{"regularizers.l2.lam": 0.001}, {"regularizers.l2.lam": 0.1}]
    assert swept.chosen in swept.cells
    assert read_sweep(swept.folder).cells == swept.cells
    mapping = {**yaml.safe_load(SMALL), "regularizers": [], "lanes": {"none": [], "l2": [{"l2": 0.1}]}}
    assert [run.name for run in regx.race(mapping, **common).runs] == ["none", "l2"]
    ablation = regx.ablate(SMALL, **common)
    assert (ablation.members, len(ablation.runs)) == (("l2", "dropout"), 4)
    assert read_ablation(ablation.folder) == ablation
    split = regx.bias_variance(SMALL, draws=4, **common)
    assert split.points[0].known
    assert read_bias_variance(split.folder) == split
    assert len(regx.compare(ablation)) == 4
    everyone = [*swept.runs, swept.baseline]
    assert {one.run.name for one in regx.diagnose(swept)} == {run.name for run in everyone}
    (curve,) = regx.plot(swept, "validation_curve", out=tmp_path / "plots").files
    assert curve.is_file()
    assert regx.report(swept.runs[0], tmp_path / "page.html").stat().st_size > 1000


@pytest.mark.usefixtures("few_lanes")
def test_a_table_gets_its_recommendation(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{a + b:.3f}" for a, b in rng.normal(size=(60, 2))]
    (tmp_path / "t.csv").write_text("a,y\n" + "\n".join(rows) + "\n")
    changes = {"training.epochs": 9, "architecture.hidden": [2], "optimizer.lr": 0.01}
    found = regx.recommend(tmp_path / "t.csv", "y", 2, changes, tmp_path, config=tmp_path / "mine.yaml", fit=True)
    assert found.fitted is not None
    assert regx.load(found.fitted).predict(pandas.DataFrame({"a": [0.1, 0.2]})).shape == (2, 2)
    assert found.recommended.name in {lane.name for lane in found.lanes}
    assert (
        regx.run(tmp_path / "mine.yaml", out=tmp_path).config["regularizers"] == found.config.resolved["regularizers"]
    )
    assert json.loads((found.folder / "recommendation.json").read_text())["config"] == str(tmp_path / "mine.yaml")


def test_all_of_them_are_shown_and_explained() -> None:
    assert set(regx.__all__) <= set(dir(regx))
    assert all(getattr(regx, name) is not None for name in regx.__all__)
    assert regx.Run is Run
    assert "lam" in regx.explain("l2")
    assert "dropout" in regx.explain()
