"""What stopped early is judged by validation rows that had no say in its epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import regx
from regx.core.regularizer import CROSS_FITTED
from regx.report.conclusion import conclusion
from regx.report.numbers import told
from regx.report.table import compare_rows, sort_rows

CONFIG = {
    "dataset": {"name": "sine", "n_train": 12, "n_val": 11, "noise": 0.4}, "architecture": {"hidden": [16]},
    "training": {"epochs": 60, "snapshots": 61}, "optimizer": {"name": "adam", "lr": 0.03}, "seeds": 1,
}  # fmt: skip


def test_each_half_judges_the_epoch_that_the_other_half_chooses(tmp_path: Path) -> None:
    config = {**CONFIG, "regularizers": [{"early_stopping": {"patience": 20}}]}
    run = regx.run(config, out=tmp_path)
    from regx.evidence.data import dataset_of
    from regx.evidence.predict import predict_snapshots

    val = dataset_of(run, 0).val
    predicted = predict_snapshots(run, val.x)
    losses = np.array([((rows - val.y) ** 2)[:, 0] for _, rows in sorted(predicted.items())])
    halves = losses[:, 0::2].mean(axis=1), losses[:, 1::2].mean(axis=1)
    expected = (halves[1][halves[0].argmin()] + halves[0][halves[1].argmin()]) / 2
    assert run.judged("val_loss")[0] == pytest.approx(expected, rel=1e-5)
    assert run.judged("val_loss")[0] > run.per_seed("val_loss")[0] == pytest.approx(losses.mean(axis=1).min(), rel=1e-5)


def test_what_did_not_stop_early_is_judged_by_its_validation_loss(tmp_path: Path) -> None:
    run = regx.run(CONFIG, out=tmp_path)
    assert run.judged("val_loss") == run.per_seed("val_loss")
    averaged = [{"early_stopping": {"patience": 20}}, {"weight_average": {"decay": 0.9}}]
    other = regx.run({**CONFIG, "regularizers": averaged}, out=tmp_path)
    assert CROSS_FITTED not in other.summary.networks[0].diagnostics, "another reports its parameters"


def test_one_validation_row_has_no_other_half(tmp_path: Path) -> None:
    config = {**CONFIG, "dataset": {**CONFIG["dataset"], "n_val": 1}, "regularizers": ["early_stopping"]}
    run = regx.run(config, out=tmp_path)
    assert run.judged("val_loss") == run.per_seed("val_loss")


def test_a_choice_is_made_by_it_and_says_so(tmp_path: Path) -> None:
    config = {
        **CONFIG,
        "seeds": 3,
        "training": {"epochs": 60},
        "lanes": {"none": [], "stopped": [{"early_stopping": 5}]},
    }
    race = regx.race(config, out=tmp_path)
    stopped = next(cell for cell in race.cells if cell.point == {"lane": "stopped"})
    assert race.judged(stopped)["mean"] == pytest.approx(np.mean(list(stopped.run.judged("val_loss").values())))
    assert race.judged(stopped)["mean"] > stopped.loss("val_loss")["mean"]
    assert [cell.judged is None for cell in race.cells] == [True, False]
    rows = sort_rows(compare_rows(race.runs))
    by_name = {row.name: row for row in rows}
    assert by_name["none"].judged_loss is None
    judged = by_name["stopped"].judged_loss["mean"]
    assert judged == race.judged(stopped)["mean"]
    # Between the two losses of what stopped: its own would put it first.
    between = {"val_loss": {"mean": (judged + stopped.loss("val_loss")["mean"]) / 2}}
    other = replace(by_name["none"], metrics={**by_name["none"].metrics, **between})
    assert [row.name for row in sort_rows([by_name["stopped"], other])] == ["none", "stopped"]
    assert [row.name for row in sort_rows([other, by_name["stopped"]], "val_loss")] == ["stopped", "none"]
    (said,) = [sentence for sentence in conclusion(rows) if "stopped early" in sentence]
    assert said.endswith(f"the other half chooses: stopped {told(judged)}.")
