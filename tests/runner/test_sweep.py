"""Sweeps: a folder of runs, chosen on validation, and nothing trained twice."""

import json
from pathlib import Path

import pytest
from command_line import Regx

import regx as api
from regx.config.load import configs_folder, load_grid
from regx.config.overrides import short_axes
from regx.runner.sweep import chosen_cells

AXIS = ("--lam", "0.001,0.1,1")


def test_a_sweep_prints_its_rows_best_validation_loss_first(small: Path, regx: Regx) -> None:
    document = json.loads(regx("sweep", small, *AXIS, "--json").stdout)
    rows = document["rows"]
    losses = [row["val_loss"]["mean"] for row in rows]
    assert losses == sorted(losses)
    assert document["best"] == rows[0]["run"]
    assert {row["point"]["regularizers.l2.lam"] for row in rows} == {0.001, 0.1, 1}
    assert all(Path(row["run"]).parent == Path(document["sweep"]) for row in rows)


def test_a_cell_equals_the_run_of_its_config(small: Path, regx: Regx, tmp_path: Path) -> None:
    rows = json.loads(regx("sweep", small, *AXIS, "--json").stdout)["rows"]
    (row,) = [row for row in rows if row["point"]["regularizers.l2.lam"] == 0.1]
    swept = api.load(tmp_path / row["run"])
    alone = api.run(small, set={"regularizers.l2.lam": 0.1}, out=tmp_path / "alone")
    assert {name: array.tobytes() for name, array in swept.weights.items()} == {
        name: array.tobytes() for name, array in alone.weights.items()
    }


def test_the_same_sweep_again_trains_nothing_and_more_seeds_only_those(small: Path, regx: Regx, tmp_path: Path) -> None:
    first = json.loads(regx("sweep", small, *AXIS, "--json").stdout)
    summaries = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/summary.json")}
    assert len(summaries) == 3
    assert json.loads(regx("sweep", small, *AXIS, "--json").stdout) == first
    assert summaries == {path: path.stat().st_mtime_ns for path in summaries}
    more = json.loads(regx("sweep", small, *AXIS, "--seeds", 4, "--json").stdout)
    assert more["sweep"] == first["sweep"]
    assert [row["seeds"] for row in more["rows"]] == [4, 4, 4]


def test_compare_of_the_sweep_folder_stands_for_its_runs(small: Path, regx: Regx) -> None:
    document = json.loads(regx("sweep", small, *AXIS, "--json").stdout)
    compared = json.loads(regx("compare", document["sweep"], "--json").stdout)
    assert {row["run"] for row in compared} == {row["run"] for row in document["rows"]}


def test_a_dry_run_prints_the_grid_and_writes_nothing(regx: Regx, tmp_path: Path) -> None:
    lines = regx("sweep", *AXIS, "--dropout", "0,0.5", "-n").stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].split("\t")[2:] == ["regularizers.l2.lam=0.001", "regularizers.dropout.p=0.0"]
    assert not (tmp_path / "runs").exists()


def test_a_bounded_sweep_draws_the_same_cells_every_time() -> None:
    grid = load_grid(configs_folder() / "none.yaml", axes=short_axes(lam="log(1e-4,1,20)"))
    drawn = chosen_cells(grid, None, 5)
    assert len(drawn) == 5
    assert drawn == chosen_cells(grid, None, 5)
    assert chosen_cells(grid, 2, 5) == drawn[:2]
    assert chosen_cells(grid, None, 50) == grid.cells


def test_a_diverged_cell_ends_with_3_and_hides_no_other(small: Path, regx: Regx) -> None:
    override = "optimizer={name: sgd, lr: 0.01}"
    done = regx("sweep", small, "-s", override, "--lr", "0.01,1e9", "--json", code=3)
    rows = json.loads(done.stdout)["rows"]
    assert [row["status"] for row in rows] == ["completed", "diverged"]
    assert rows[1]["diverged"] == 3
    assert rows[1]["val_loss"]["mean"] is None


def test_a_sweep_without_a_validation_split_cannot_choose(small: Path, regx: Regx) -> None:
    said = regx("sweep", small, *AXIS, "-s", "dataset.n_val=0", code=2).stderr
    assert "a sweep chooses by validation loss: expected a validation split, found none" in said


@pytest.mark.parametrize("option", ["--max-trials", "--random"])
def test_bounds_below_one_are_refused(option: str, regx: Regx) -> None:
    assert option in regx("sweep", *AXIS, option, 0, code=2).stderr
