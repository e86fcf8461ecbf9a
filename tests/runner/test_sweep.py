"""Sweeps: a folder of runs, chosen on validation, and nothing trained twice."""

import json
from pathlib import Path

import pytest
from command_line import Regx

import regx as api
from regx.config.config import Config
from regx.config.load import configs_folder, load_grid
from regx.config.overrides import short_axes
from regx.report.numbers import told
from regx.studies.sweep.question import baseline_of, chosen_numbers
from regx.studies.sweep.result import read_sweep

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
    assert len(summaries) == 4  # of the cells, and of the network that nothing regularizes
    assert json.loads(regx("sweep", small, *AXIS, "--json").stdout) == first
    assert summaries == {path: path.stat().st_mtime_ns for path in summaries}
    more = json.loads(regx("sweep", small, *AXIS, "--seeds", 4, "--json").stdout)
    assert more["sweep"] == first["sweep"]
    assert [row["seeds"] for row in more["rows"]] == [4, 4, 4]


def test_what_a_killed_sweep_left_when_all_was_trained_is_cleared(small: Path, regx: Regx, tmp_path: Path) -> None:
    folder = tmp_path / json.loads(regx("sweep", small, "--lam", "0.1,1", "--json").stdout)["sweep"]
    left = [folder / ".lock", folder / ".sweep.json.0123abcd.tmp"]
    for path in left:
        path.write_text("{}", encoding="utf-8")
    regx("sweep", small, "--lam", "0.1,1")
    assert not [path for path in left if path.exists()]


def test_compare_of_the_sweep_folder_stands_for_its_runs(small: Path, regx: Regx) -> None:
    document = json.loads(regx("sweep", small, *AXIS, "--json").stdout)
    compared = json.loads(regx("compare", document["sweep"], "--json").stdout)
    assert {row["run"] for row in compared} == {row["run"] for row in [*document["rows"], document["baseline"]]}


def test_the_network_that_nothing_regularizes_stands_beside_the_cells(small: Path, regx: Regx, tmp_path: Path) -> None:
    document = json.loads(regx("sweep", small, *AXIS, "--seeds", 5, "--json").stdout)
    baseline = document["baseline"]
    assert (baseline["stack"], baseline["verdict"]) == ("none", "baseline")
    assert len(document["rows"]) == 3
    assert all(row["verdict"] in ("better", "worse", "unclear") for row in document["rows"])
    off = {"regularizers.l2": False, "regularizers.dropout": False}
    alone = api.run(small, seeds=5, set=off, out=tmp_path / "alone")
    assert api.load(tmp_path / baseline["run"]).per_seed("test_loss") == alone.per_seed("test_loss")
    swept = api.sweep(small, lam="0.001,0.1,1", seeds=5, out=tmp_path / "runs")
    assert str(swept.baseline.folder.relative_to(tmp_path)) == baseline["run"]
    assert read_sweep(swept.folder) == swept
    stored = json.loads((swept.folder / "sweep.json").read_text())
    assert stored["baseline"] == swept.baseline.folder.name
    assert len(stored["cells"]) == 3


def test_a_neutral_cell_is_the_baseline_and_decay_in_the_optimizer_is_none(tmp_path: Path) -> None:
    def beside(config: str, *axes: str) -> Config | None:
        grid = load_grid(config, axes)
        return baseline_of(grid, grid.cells)

    assert beside("seeds: 2\n", "regularizers.l2.lam=0,0.1") is None
    assert beside("seeds: 2\n", "optimizer.lr=0.01,0.1") is None
    assert beside("regularizers: [l2: 0.1]\n", "training.epochs=2,3").resolved["regularizers"] == []
    plain = beside("optimizer: {name: adamw, weight_decay: 0.1}\n", "optimizer.lr=0.01,0.1")
    assert plain.resolved["optimizer"]["weight_decay"] == plain.optimizer.weight_decay == 0
    assert plain.resolved["optimizer"]["lr"] == 0.01


def test_fewer_seeds_than_are_finished_show_those_that_are_asked(small: Path, regx: Regx, tmp_path: Path) -> None:
    every = json.loads(regx("run", small, "--seeds", 5, "--json").stdout)
    done = regx("run", small, "--seeds", 2, "--json")
    two = json.loads(done.stdout)
    assert "note: 5 seeds are finished there; the 3 that were not asked for are not shown" in done.stderr
    assert (two["run"], list(two["summary"]["seeds"])) == (every["run"], ["0", "1"])
    losses = [every["summary"]["seeds"][seed]["metrics"]["test_loss"] for seed in ("0", "1")]
    assert two["summary"]["over_seeds"]["test_loss"]["mean"] == pytest.approx(sum(losses) / 2)
    run = api.run(small, seeds=2, out=tmp_path / "runs")
    assert run.seeds == [0, 1]
    assert sorted(run.metrics["seed"].unique()) == [0, 1]
    assert api.load(run.folder).seeds == [0, 1, 2, 3, 4]


def test_a_dry_run_prints_the_grid_and_writes_nothing(regx: Regx, tmp_path: Path) -> None:
    lines = regx("sweep", *AXIS, "--dropout", "0,0.5", "-n").stdout.splitlines()
    assert len(lines) == 6
    assert lines[0].split("\t")[2:] == ["regularizers.l2.lam=0.001", "regularizers.dropout.p=0.0"]
    widths = regx("sweep", "--hidden", "4,8", "--batch-size", "full,8", "-n").stdout.splitlines()
    assert widths[0].split("\t")[2:] == ["architecture.hidden=[4,4,4]", "training.batch_size=full"]
    assert not (tmp_path / "runs").exists()


def test_a_bounded_sweep_draws_the_same_cells_every_time() -> None:
    grid = load_grid(configs_folder() / "none.yaml", axes=short_axes(lam="log(1e-4,1,20)"))
    drawn = chosen_numbers(grid, None, 5)
    assert len(drawn) == 5
    assert drawn == chosen_numbers(grid, None, 5)
    assert chosen_numbers(grid, 2, 5) == drawn[:2]
    assert chosen_numbers(grid, None, 50) == range(len(grid.cells))


def test_a_diverged_cell_ends_with_3_and_hides_no_other(small: Path, regx: Regx) -> None:
    override = "optimizer={name: sgd, lr: 0.01}"
    done = regx("sweep", small, "-s", override, "--lr", "0.01,1e9", "--json", code=3)
    rows = json.loads(done.stdout)["rows"]
    assert [row["status"] for row in rows] == ["completed", "diverged"]
    assert rows[1]["diverged"] == 3
    assert rows[1]["val_loss"]["mean"] is None
    assert json.loads(done.stdout)["chosen"]["among"] == 1


def test_a_sweep_without_a_validation_split_cannot_choose(small: Path, regx: Regx) -> None:
    said = regx("sweep", small, *AXIS, "-s", "dataset.n_val=0", code=2).stderr
    assert "a sweep chooses by validation loss: expected a validation split, found none" in said
    assert "or choose by the test split with --peek" in said


def test_the_chosen_one_comes_with_its_test_loss_and_its_optimism(small: Path, regx: Regx, tmp_path: Path) -> None:
    done = regx("sweep", small, "--lam", "0.01,0.011,0.012", "--seeds", 5, "--json")
    document = json.loads(done.stdout)
    chosen, first = document["chosen"], document["rows"][0]
    assert chosen["run"] == document["best"] == first["run"]
    assert {key: chosen[key] for key in ("by", "peek", "among", "point", "val_loss", "test_loss")} == {
        "by": "val_loss",
        "peek": False,
        "among": 3,
        "point": first["point"],
        "val_loss": first["val_loss"],
        "test_loss": first["test_loss"],
    }
    losses = []
    for row in document["rows"]:
        seeds = api.load(tmp_path / row["run"]).summary["seeds"]
        losses.append([seeds[str(seed)]["metrics"]["val_loss"] for seed in range(5)])
    seen = []  # at each seed, of the cell that the other four choose
    for seed in range(5):
        others = [sum(cell) - cell[seed] for cell in losses]
        seen.append(losses[others.index(min(others))][seed])
    assert chosen["optimism"]["seeds"] == 5
    assert chosen["optimism"]["mean"] == pytest.approx(sum(seen) / 5 - sum(losses[0]) / 5, abs=1e-12)
    assert chosen["optimism"]["changed"] == sum(loss != losses[0][seed] for seed, loss in enumerate(seen))
    # The same in words: below the table on a terminal, beside it elsewhere, where the table is read by programs.
    again = regx("sweep", small, "--lam", "0.01,0.011,0.012", "--seeds", 5)
    assert "Chosen by" not in again.stdout
    assert f"Chosen by validation loss among 3: regularizers.l2.lam={first['point']['regularizers.l2.lam']}." in (
        again.stderr
    )
    assert f"Its test loss, which had no say in the choice, is {told(first['test_loss']['mean'])} (95 %" in again.stderr
    assert "Chosen" not in regx("sweep", small, "--lam", "0.01,0.011,0.012", "--seeds", 5, "-q").stderr


def test_one_seed_measures_no_optimism(small: Path, regx: Regx) -> None:
    done = regx("sweep", small, *AXIS, "--seeds", 1)
    assert "How much choosing the least flatters it, these seeds cannot tell." in done.stderr


def test_with_peek_the_test_split_chooses_and_says_so(small: Path, regx: Regx) -> None:
    done = regx("sweep", small, *AXIS, "-s", "dataset.n_val=0", "--peek", "--json")
    document = json.loads(done.stdout)
    losses = [row["test_loss"]["mean"] for row in document["rows"]]
    assert losses == sorted(losses)
    assert document["best"] == document["rows"][0]["run"]
    assert (document["chosen"]["by"], document["chosen"]["peek"]) == ("test_loss", True)
    assert all(row["peek"] for row in document["rows"])
    assert "warning: --peek: the test split is used for choosing." in done.stderr
    said = regx("sweep", small, *AXIS, "-s", "dataset.n_val=0", "--peek").stderr
    assert "Chosen by test loss among 3 (--peek): " in said
    assert "Its test loss is no honest estimate" in said
    compared = json.loads(regx("compare", document["sweep"], "--json").stdout)
    assert all(row["peek"] for row in compared)


@pytest.mark.parametrize("option", ["--max-trials", "--random"])
def test_bounds_below_one_are_refused(option: str, regx: Regx) -> None:
    assert option in regx("sweep", *AXIS, option, 0, code=2).stderr


def test_metrics_that_no_summary_keeps_are_computed_from_the_weights(small: Path, regx: Regx, tmp_path: Path) -> None:
    from sklearn.metrics import mean_absolute_error, r2_score

    shown = "--columns=name,test_r2,test_mae", "--metric=hessian_eigenvalue"
    rows = json.loads(regx("sweep", small, *AXIS, *shown, "--json").stdout)["rows"]
    assert len({row["hessian_eigenvalue"]["mean"] for row in rows}) == 3
    for row in rows:
        run = api.load(tmp_path / row["run"])
        source = load_grid(small).cells[0].config.dataset
        data = {seed: source.load(seed).test for seed in run.seeds}
        for name, oracle in (("test_r2", r2_score), ("test_mae", mean_absolute_error)):
            each = [oracle(test.y, run.predict(test.x, seed)) for seed, test in data.items()]
            assert row[name]["mean"] == pytest.approx(sum(each) / len(each), rel=1e-5)
    header = regx("sweep", small, *AXIS, *shown).stdout.splitlines()[0].split("\t")
    assert [name for name in header if not name.endswith(("_low", "_high"))] == [
        "name", "test_r2", "test_mae", "val_loss",
    ]  # fmt: skip
