"""How large the splits of one table are against each other, which the corrected test needs."""

from __future__ import annotations

from pathlib import Path

import pytest

import regx
from regx.evidence.data import held_out
from regx.report.table import compare_rows
from regx.stats.resampled import resampled_difference
from regx.store.files import ABOUT, read_json, write_json

TABLE = {
    "name": "none", "dataset": {"name": "breast_cancer", "n_train": 100}, "architecture": {"hidden": [2]},
    "training": {"epochs": 3}, "seeds": 6,
}  # fmt: skip


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[regx.Run]:
    out = tmp_path_factory.mktemp("runs")
    return [regx.run({**TABLE, **more}, out=out) for more in ({}, {"name": "l2", "regularizers": [{"l2": 0.1}]})]


def test_rows_are_those_of_the_splits_also_of_runs_that_do_not_say_so(runs: list[regx.Run]) -> None:
    # Of 569 rows 142 are for the test and 85 for validation.
    assert runs[0].about["rows"] == [100, 85, 142]
    assert (held_out(runs[0]), held_out(runs[0], "val_accuracy")) == (1.42, 0.85)
    path = runs[1].folder / ABOUT
    write_json(path, {key: value for key, value in read_json(path).items() if key != "rows"})
    assert held_out(regx.load(runs[1].folder)) == 1.42


def test_generated_data_are_not_splits_of_a_table(tmp_path: Path) -> None:
    run = regx.run({**TABLE, "dataset": {"name": "sine", "n_train": 5}, "seeds": 1}, out=tmp_path)
    assert held_out(run) is None


def test_a_comparison_takes_the_corrected_test(runs: list[regx.Run]) -> None:
    _, row = compare_rows(runs)
    own, plain = runs[1].per_seed("test_loss"), runs[0].per_seed("test_loss")
    expected = resampled_difference([own[seed] - plain[seed] for seed in own], 1.42)
    assert row.difference == {name: getattr(expected, name) for name in ("mean", "low", "high", "p")}
