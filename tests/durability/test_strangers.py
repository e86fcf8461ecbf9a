"""Folders from strangers: links, pipes, and archives that hold more than they are. Nothing outside is touched."""

from __future__ import annotations

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from durability.strangers import seal_arrays

import regx
from regx.core.errors import RegxError
from regx.runner.checkpoints import FOLDER
from regx.store import networks
from regx.store.files import read_config, write_config
from regx.store.lock import LOCK, Lock
from regx.store.weights import read_arrays

GOLDEN = Path(__file__).parents[1] / "golden" / "format1"
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="makes links and pipes")


@pytest.fixture
def received(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "stopped-32a5992b"
    shutil.copytree(GOLDEN / folder.name, folder)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.write_text("dear to somebody\n" * 100)
    return path


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_lock_that_is_a_link_is_not_written_through(received: Path, outside: Path, link: object) -> None:
    before = outside.read_bytes()
    link(received / LOCK, outside)
    with pytest.raises(RegxError, match="expected a file of its own"):
        Lock(received)
    assert outside.read_bytes() == before


def test_checkpoints_that_are_a_link_lose_nothing(received: Path, tmp_path: Path) -> None:
    dear = tmp_path / "dear"
    dear.mkdir()
    np.savez(dear / "0123456789abcdef.npz", a=np.ones(3))
    (received / FOLDER).symlink_to(dear)
    config = GOLDEN.parent / "configs" / "stopped.yaml"
    with pytest.raises(RegxError, match="found a link, which is not followed"):
        regx.run(config, seeds=4, out=received.parent)
    assert (dear / "0123456789abcdef.npz").exists()


def test_checkpoints_that_regx_did_not_write_stay(received: Path) -> None:
    (received / FOLDER).mkdir()
    (received / FOLDER / "mine.npz").write_bytes(b"dear")
    regx.run(GOLDEN.parent / "configs" / "stopped.yaml", seeds=4, out=received.parent)
    assert (received / FOLDER / "mine.npz").read_bytes() == b"dear"


def test_networks_that_are_none_are_neither_cut_nor_trained_for(tmp_path: Path, outside: Path) -> None:
    before = outside.read_bytes()
    (tmp_path / networks.NETWORKS).symlink_to(outside)
    with pytest.raises(RegxError, match="found a link"):
        networks.begin(tmp_path, "regression", anew=False)
    (tmp_path / networks.NETWORKS).unlink()
    shutil.copy(outside, tmp_path / networks.NETWORKS)
    with pytest.raises(RegxError, match="expected in line 1 the columns"):
        networks.begin(tmp_path, "regression", anew=False)
    assert outside.read_bytes() == (tmp_path / networks.NETWORKS).read_bytes() == before


@pytest.mark.timeout(20)
@pytest.mark.parametrize("file", ["config.yaml", "metrics.csv", "summary.json", "weights.npz", "snapshots.npz"])
@pytest.mark.parametrize("kind", ["pipe", "link", "device"])
def test_only_files_of_the_folder_are_read(received: Path, outside: Path, file: str, kind: str) -> None:
    from regx.evidence.run import read_runs

    shutil.copytree(GOLDEN / "regression-598fee3a", received.parent / "good")
    path = received / file
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(outside if kind == "link" else "/dev/zero")
    runs, problems = read_runs([received.parent], ["metrics", "weights", "snapshots"])
    assert [run.folder.name for run in runs] == ["good"]
    assert file in problems[0]
    assert "dear" not in problems[0]


def test_an_archive_holds_no_more_than_it_is(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez_compressed(path, **{"seed0/reported/0/weight": np.zeros(1_000_000)})
    with pytest.raises(RegxError, match="without compression"):
        read_arrays(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"\0" * 1000)
    path.write_bytes(path.read_bytes().replace((1000).to_bytes(4, "little"), (1 << 30).to_bytes(4, "little")))
    with pytest.raises(RegxError, match="damaged"):
        read_arrays(path)


def test_a_lock_that_somebody_removes_stops_its_holder(tmp_path: Path) -> None:
    with Lock(tmp_path / "run") as held:
        held.check()
        (tmp_path / "run" / LOCK).unlink()
        with Lock(tmp_path / "run"), pytest.raises(RegxError, match="somebody has removed it"):
            held.check()


@pytest.mark.parametrize("header", ["seed,epoch,seed", "seed,epoch,lr,lr", "seed,epoch,<b>", "epoch,seed,lr"])
def test_columns_that_are_named_twice_or_oddly_are_damage(received: Path, header: str) -> None:
    from regx.evidence.run import read_run

    rest = (received / "metrics.csv").read_text().partition("\n")[2]
    (received / "metrics.csv").write_text(f"{header}\n{rest}{'x' * 2000}")
    with pytest.raises(RegxError, match="expected in line 1 columns"):
        _ = read_run(received).metrics


def test_an_archive_of_many_members_is_not_listed(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(70_000):  # more than the end of a small archive can say
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(RegxError, match="expected at most 10,000 arrays"):
        read_arrays(path)


def test_a_table_that_a_received_config_names_is_not_quoted(received: Path, tmp_path: Path) -> None:
    from regx.evidence.data import dataset_of
    from regx.evidence.run import read_run

    table, absent = tmp_path / "dear.csv", tmp_path / "absent.csv"
    table.write_text("a,b\n" + "dear to somebody,1\n" * 50)
    for path, said in ((table, "expected the data that a stored run was trained on"), (absent, "no file")):
        config = read_config(received / "config.yaml")
        write_config(received / "config.yaml", {**config, "dataset": {"name": "csv", "path": str(path), "target": "a"}})
        with pytest.raises(RegxError, match=said) as found:
            dataset_of(read_run(received), 0)
        assert "somebody" not in str(found.value)


def test_images_that_a_received_config_names_are_not_shown(tmp_path: Path) -> None:
    from regx.evidence.run import read_run
    from regx.page.images import pictures

    draw = np.random.default_rng(0)
    for name in ("own", "dear"):
        np.savez(tmp_path / f"{name}.npz", x=draw.random((40, 6, 6)), y=np.arange(40) % 2)
    own: dict[str, object] = {"name": "images", "path": str(tmp_path / "own.npz"), "size": 6}
    settings = {"architecture": {"hidden": [4]}, "training": {"epochs": 1}, "seeds": 1}
    run = regx.run({"dataset": own, **settings}, out=tmp_path / "runs")
    assert pictures(run)
    config = read_config(run.folder / "config.yaml")
    changed = {**config, "dataset": {**config["dataset"], "path": str(tmp_path / "dear.npz")}}
    write_config(run.folder / "config.yaml", changed)
    assert pictures(read_run(run.folder)) == []


@pytest.mark.parametrize("change", [lambda one: one * np.nan, lambda one: one[:0], lambda one: one.T])
def test_weights_that_are_sealed_and_cannot_be_are_damage(received: Path, change: Callable[[Any], Any]) -> None:
    from regx.evidence.run import read_run

    path = received / "weights.npz"
    arrays = read_arrays(path)
    seed = read_run(received).completed_seeds[0]
    seal_arrays(path, {**arrays, (name := f"seed{seed}/reported/1/weight"): change(arrays[name])})
    with pytest.raises(RegxError, match=r"weights\.npz: damaged: expected the (weights|tensors) that"):
        _ = read_run(received).weights


def test_a_fit_of_no_numbers_is_drawn(tmp_path: Path) -> None:
    folder = shutil.copytree(GOLDEN / "regression-598fee3a", tmp_path / "run")
    arrays = read_arrays(folder / "weights.npz")
    huge = {name: array.astype("f4") * 0 + np.float32(3e38) for name, array in arrays.items()}
    seal_arrays(folder / "weights.npz", huge)
    with np.errstate(all="ignore"):
        assert regx.plot(regx.load(folder), kind="fitted", out=tmp_path)


@pytest.mark.parametrize("optimizer", [{"lr": []}, {"schedule": {"warmup": [0]}}, {"weight_decay": "x"}])
def test_settings_of_what_is_not_known_are_what_they_are_elsewhere(received: Path, optimizer: dict[str, Any]) -> None:
    from regx.evidence.run import read_run

    config = read_config(received / "config.yaml")
    later = {**config["optimizer"], "name": "of_a_later_version"}
    write_config(received / "config.yaml", {**config, "optimizer": later})
    assert read_run(received).config["optimizer"] == later
    write_config(received / "config.yaml", {**config, "optimizer": {**later, **optimizer}})
    with pytest.raises(RegxError, match=r"config\.yaml: damaged: expected"):
        read_run(received)
