"""Compact sweeps: the same networks and the same choice as with a folder per cell, in one file."""

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Regx
from typer.testing import CliRunner

import regx as api
from regx.cli.app import app
from regx.config import load
from regx.config.grid import LazyCells
from regx.config.load import load_grid
from regx.config.overrides import short_axes
from regx.core.errors import InputError, RegxError
from regx.core.listener import Following, Progress, Watchers
from regx.core.regularizer import CROSS_FITTED
from regx.evidence.run import read_run
from regx.runner import execute
from regx.runner.networks import Options
from regx.store import networks
from regx.studies.sweep import compact
from regx.studies.sweep.compact import compact_sweep
from regx.studies.sweep.result import read_sweep

AXES = ("--lam", "linear(0.001,1,6)", "--lr", "0.01,0.02")


def inside(*arguments: object) -> Any:
    """What a command prints as JSON, in this process."""
    done = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_it_finds_what_a_sweep_with_folders_finds(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with_folders = inside("sweep", small, *AXES, "--json", "--jobs", 1)
    document = inside("sweep", small, *AXES, "--json", "--compact", "--jobs", 2)
    assert len(with_folders["rows"]) == 12
    assert [row["point"] for row in document["rows"]] == [row["point"] for row in with_folders["rows"][:10]]
    for ours, theirs in zip(document["rows"], with_folders["rows"], strict=False):
        assert Path(ours["run"]).name == Path(theirs["run"]).name
        one, other = api.load(tmp_path / ours["run"]), api.load(tmp_path / theirs["run"])
        assert {name: each.tobytes() for name, each in one.weights.items()} == {
            name: each.tobytes() for name, each in other.weights.items()
        }
    for key in ("point", "among", "val_loss", "test_loss", "optimism"):
        assert document["chosen"][key] == with_folders["chosen"][key]
    assert document["baseline"]["verdict"] == "baseline"
    for row, other in zip(
        [*document["rows"], document["baseline"]], [*with_folders["rows"][:10], with_folders["baseline"]], strict=True
    ):
        assert (row["difference"], row["verdict"]) == (other["difference"], other["verdict"])
    folder = tmp_path / document["sweep"]
    lines = {(line.cell, line.seed): line for line in networks.read(folder, "regression")}
    assert len(lines) == 36
    for number, cell in enumerate(load_grid(small, (), short_axes(lam=AXES[1], lr=AXES[3])).cells):
        run = read_run(tmp_path / with_folders["sweep"] / cell.config.folder_name)
        for seed, entry in run.summary["seeds"].items():
            line = lines[number, int(seed)]
            known = {name: number for name, number in line.metrics.items() if name != CROSS_FITTED}
            assert (line.status, known) == (entry["status"], entry["metrics"])
    # Each of the other commands works on the best, and the baseline beside them.
    assert len(inside("compare", document["sweep"], "--json")) == 10 + 1
    # Again nothing is trained.
    before = (folder / networks.NETWORKS).read_bytes()
    assert inside("sweep", small, *AXES, "--json", "--compact") == document
    assert (folder / networks.NETWORKS).read_bytes() == before


def test_what_stopped_early_is_chosen_by_a_loss_that_is_not_flattered(tmp_path: Path) -> None:
    """As in a sweep with folders; files of earlier versions, without that loss, are ranked by the loss alone."""
    config = {
        "dataset": {"name": "sine", "n_train": 12, "n_val": 11, "noise": 0.4}, "architecture": {"hidden": [16]},
        "training": {"epochs": 60}, "optimizer": {"name": "adam", "lr": 0.03}, "seeds": 3,
        "regularizers": [{"early_stopping": {"patience": [1, 5, 60]}}],
    }  # fmt: skip
    with_folders, compact = api.sweep(config, out=tmp_path), compact_sweep(load_grid(config), range(3), tmp_path)
    assert [cell.point for cell in compact.cells] == [cell.point for cell in with_folders.ranked()]
    assert compact.all_losses is not None
    means = compact.all_losses.mean(axis=1)
    assert sorted(means) == pytest.approx([with_folders.judged(cell)["mean"] for cell in with_folders.ranked()])
    assert all(
        mean > cell.loss("val_loss")["mean"] for mean, cell in zip(sorted(means), with_folders.ranked(), strict=True)
    )
    path = compact.folder / networks.NETWORKS
    header, *lines = path.read_bytes().splitlines()
    texts = [header.replace(b"," + CROSS_FITTED.encode(), b"")]
    for line in lines:
        text = b",".join(line.split(b",")[:-2])
        texts.append(text + b",%08x" % zlib.crc32(text))
    path.write_bytes(b"\n".join([*texts, b""]))
    old = list(networks.read(compact.folder, "regression"))
    assert [line.judged("val_loss") for line in old] == [line.metrics["val_loss"] for line in old]


def test_its_curve_runs_through_all_cells(small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    arguments = ["sweep", str(small), "--lam", "linear(0.001,1,12)", "--out", str(tmp_path), "--jobs", "1"]
    plain, compact = (
        CliRunner().invoke(app, [*arguments, *more], catch_exceptions=False).stdout.partition("Chosen by")[2]
        for more in ([], ["--compact"])
    )
    assert "loss along regularizers.l2.lam" in plain
    assert compact.splitlines()[:-2] == plain.splitlines()[:-2]  # the last two name the folder


def lines_of(folder: Path) -> list[bytes]:
    return sorted(
        b",".join(line.split(b",")[:5] + line.split(b",")[6:-1])  # without the seconds and what seals them
        for line in (folder / networks.NETWORKS).read_bytes().splitlines()
    )


def test_a_cell_that_diverged_in_part_comes_after_all_that_did_not() -> None:
    nothing = np.nan
    losses = np.array([[0.3, 0.5], [0.1, nothing], [nothing, nothing], [0.2, 0.4], [nothing, 0.05]])
    assert compact._ranked(losses) == [3, 0, 4, 1]


def test_only_what_is_missing_is_trained_and_a_cut_line_is_dropped(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = load_grid(small, (), short_axes(lam="linear(0.001,1,12)"))
    whole = compact_sweep(grid, range(12), tmp_path / "whole", Options(1))
    found = compact_sweep(grid, range(5), tmp_path / "parts", Options(1))
    path = found.folder / networks.NETWORKS
    content = path.read_bytes()
    path.write_bytes(content[:-10])  # as a process that was killed leaves it
    seen: list[Progress] = []
    monkeypatch.setattr(compact, "NETWORKS_AT_ONCE", 8)
    found = compact_sweep(grid, range(12), tmp_path / "parts", Options(1, watchers=Watchers(Following(seen.append))))
    assert seen[-1] == Progress(share=1.0, networks=22, all_networks=22)
    assert lines_of(found.folder) == lines_of(whole.folder)
    assert [run.folder.name for run in found.runs] == [run.folder.name for run in whole.runs]
    monkeypatch.setattr(execute, "train_in_turns", lambda *arguments: pytest.fail("something is trained"))
    compact_sweep(grid, range(12), tmp_path / "parts", Options(1))
    monkeypatch.undo()
    compact_sweep(grid, range(12), tmp_path / "parts", Options(1, True))
    assert lines_of(found.folder) == lines_of(whole.folder)


def test_a_changed_line_is_named(small: Path, tmp_path: Path) -> None:
    grid = load_grid(small, (), short_axes(lam="0.1,0.2"))
    folder = compact_sweep(grid, range(2), tmp_path, Options(1)).folder
    path = folder / networks.NETWORKS
    lines = path.read_text().splitlines(keepends=True)
    for number in range(len(lines)):
        changed = lines[number].replace("0", "1", 1) if number else lines[0].replace("seed", "sEed")
        path.write_text("".join([*lines[:number], changed, *lines[number + 1 :]]))
        with pytest.raises(InputError, match=f"networks.csv: damaged: expected.* line {number + 1}"):
            compact_sweep(grid, range(2), tmp_path, Options(1))
    # As the message says: without that line, its network alone is trained.
    path.write_text("".join(lines[:-1]))
    seen: list[Progress] = []
    compact_sweep(grid, range(2), tmp_path, Options(1, watchers=Watchers(Following(seen.append))))
    assert seen[-1].all_networks == 1
    assert len(lines_of(folder)) == len(lines)


def test_a_second_start_is_refused_until_the_best_have_their_folders(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = load_grid(small, (), short_axes(lam="0.1,0.2"))
    original, refused = compact.bring_up_to_date, []

    def second_start(*arguments: Any, **named: Any) -> None:
        with pytest.raises(RegxError, match="expected to be the only one who writes here") as raised:
            compact_sweep(grid, range(2), tmp_path, Options(1))
        refused.append(raised)
        original(*arguments, **named)

    monkeypatch.setattr(compact, "bring_up_to_date", second_start)
    found = compact_sweep(grid, range(2), tmp_path, Options(1))
    assert len(refused) == 1
    assert len(found.runs) == 2


def test_other_data_or_another_split_to_choose_by_is_refused(small: Path, tmp_path: Path) -> None:
    grid = load_grid(small, (), short_axes(lam="0.1,0.2"))
    compact_sweep(grid, range(2), tmp_path, Options(1))
    with pytest.raises(InputError, match="expected `peek` False, as of the networks that are there, found True"):
        compact_sweep(grid, range(2), tmp_path, Options(1, peek=True))
    with pytest.raises(InputError, match="a sweep chooses by validation loss"):
        compact_sweep(load_grid(small, ["dataset.n_val=0"], short_axes(lam="0.1,0.2")), range(2), tmp_path, Options(1))


def test_lines_of_other_data_are_not_taken_for_these_where_force_was_killed(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "".join(f"{row % 7},{row}.5\n" for row in range(40)), encoding="utf-8")
    dataset = f"dataset={{name: csv, path: '{table}', target: y}}"
    grid = load_grid(small, [dataset], short_axes(lam="0.1,0.2"))
    compact_sweep(grid, range(2), tmp_path, Options(1))
    table.write_text("x,y\n" + "".join(f"{row % 5},{row}.5\n" for row in range(40)), encoding="utf-8")
    with monkeypatch.context() as killed:
        killed.setattr(networks, "begin", lambda *_, **options: sys.exit())
        with pytest.raises(SystemExit):
            compact_sweep(grid, range(2), tmp_path, Options(1, True))
    with pytest.raises(InputError, match=r"expected `data_fingerprint` .*, as of the networks that are there"):
        compact_sweep(grid, range(2), tmp_path, Options(1))


def test_a_diverged_network_is_a_line_and_ends_with_3(small: Path, regx: Regx, tmp_path: Path) -> None:
    override = "optimizer={name: sgd, lr: 0.01}"
    done = regx("sweep", small, "-s", override, "--lr", "0.01,1e9", "--json", "--compact", code=3)
    document = json.loads(done.stdout)
    assert [row["status"] for row in document["rows"]] == ["completed"]
    assert document["chosen"]["among"] == 1
    statuses = [line.status for line in networks.read(tmp_path / document["sweep"], "regression")]
    assert sorted(statuses) == ["completed"] * 3 + ["diverged"] * 3


def test_a_large_sweep_is_compact_by_itself(small: Path) -> None:
    grid = load_grid(small)  # of three seeds
    assert compact.is_large(grid, range(6667))
    assert not compact.is_large(grid, range(6666))


def test_lazy_cells_are_the_cells(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    axes = short_axes(lam="0,0.1,1", lr="log(1e-3,1e-1,3)", hidden="8,[8,8]", batch_size="4,full")
    eager = load_grid(small, (), axes)
    monkeypatch.setattr(load, "MAX_BUILT", 1)
    lazy = load_grid(small, (), axes)
    assert isinstance(lazy.cells, LazyCells)
    assert tuple(lazy.cells) == eager.cells
    assert lazy.cells[3:30:5] == eager.cells[3:30:5]
    assert lazy.cells[-1] == eager.cells[-1]
    assert (lazy.axes, lazy.folder_name) == (eager.axes, eager.folder_name)


def test_a_grid_of_two_million_cells_takes_no_memory(small: Path) -> None:
    tracemalloc.start()
    try:
        grid = load_grid(small, (), short_axes(lam="linear(0,1,200)", lr="log(1e-4,1,200)", dropout="linear(0,0.5,50)"))
        assert len(grid.cells) == 2_000_000
        assert grid.cells[1_999_999].point == {
            "regularizers.l2.lam": 1.0,
            "regularizers.dropout.p": 0.5,
            "optimizer.lr": 1.0,
        }
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
    axes = short_axes(lam="linear(0,1,200)", lr="log(1e-4,1,200)", dropout="linear(0,0.5,100)")
    with pytest.raises(InputError, match="expected a grid of at most 2,000,000 cells, found 4,000,000"):
        load_grid(small, (), axes)


def test_killed_in_the_middle_it_goes_on(small: Path, tmp_path: Path) -> None:
    arguments = ["sweep", small, "--lam", "linear(0.001,1,30)", "--compact", "-q", "-s", "training.epochs=300"]
    command = [sys.executable, "-m", "regx", *map(str, arguments), "--jobs", "1", "--out", str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + 60
    paths: list[Path] = []
    while not (paths and paths[0].stat().st_size > 3000) and time.monotonic() < give_up:
        paths = list(tmp_path.glob(f"killed/*/{networks.NETWORKS}"))
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    grid = load_grid(small, ["training.epochs=300"], short_axes(lam="linear(0.001,1,30)"))
    seen: list[Progress] = []
    again = compact_sweep(grid, range(30), tmp_path / "killed", Options(1, watchers=Watchers(Following(seen.append))))
    assert 0 < seen[-1].all_networks < 90
    whole = compact_sweep(grid, range(30), tmp_path / "whole", Options(1))
    assert lines_of(again.folder) == lines_of(whole.folder)


def test_the_cell_that_nothing_regularizes_is_the_baseline_though_it_is_not_among_the_best(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "BEST", 2)
    grid = load_grid(str(small), ["regularizers.dropout=off"], short_axes(lam="0,0.01,0.02,0.05"), 3)
    found = compact_sweep(grid, range(4), tmp_path, Options(1))
    assert [cell.point["regularizers.l2.lam"] for cell in found.cells if cell.run] != [0]
    assert found.baseline is not None
    assert found.baseline.config["regularizers"][0]["l2"]["lam"] == 0
    assert len(read_sweep(found.folder, with_folders=True).cells) == 2
    # While the same folder is trained on, or where that is interrupted, it still says which run is its baseline.
    with monkeypatch.context() as patch:
        patch.setattr(compact, "_train_missing", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            compact_sweep(grid, range(4), tmp_path, Options(1))
    again = read_sweep(found.folder, with_folders=True)
    assert len(again.cells) == 2
    assert again.baseline is not None
