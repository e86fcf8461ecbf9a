"""--peek: what the test split chose is recorded, shown, and kept apart from what it did not choose."""

import json
from pathlib import Path

from command_line import Regx

import regx as api

STOPPING = ("-s", "regularizers.early_stopping.patience=100", "-s", "optimizer.lr=0.3", "-s", "training.epochs=40")


def test_the_stopping_epoch_is_the_test_splits_best(small: Path, regx: Regx, tmp_path: Path) -> None:
    done = regx("run", small, *STOPPING, "-s", "dataset.n_val=0", "--peek", "--json")
    document = json.loads(done.stdout)
    assert "warning: --peek: the test split is used for choosing." in done.stderr
    assert "no estimate any more" in done.stderr
    run = api.load(tmp_path / document["run"])
    for seed, rows in run.metrics.groupby("seed"):
        best = rows.loc[rows["test_loss"].idxmin(), "epoch"]
        assert run.summary["seeds"][str(seed)]["reported_epoch"] == best
    assert document["summary"]["peek"] is True
    assert json.loads((tmp_path / document["run"] / "run.json").read_text())["peek"] is True
    header, row = (line.split("\t") for line in regx("compare", document["run"]).stdout.splitlines())
    assert dict(zip(header, row, strict=True))["peek"] == "True"


def test_without_peek_the_validation_split_chooses(small: Path, regx: Regx, tmp_path: Path) -> None:
    document = json.loads(regx("run", small, *STOPPING, "--json").stdout)
    run = api.load(tmp_path / document["run"])
    for seed, rows in run.metrics.groupby("seed"):
        best = rows.loc[rows["val_loss"].idxmin(), "epoch"]
        assert run.summary["seeds"][str(seed)]["reported_epoch"] == best
    assert document["summary"]["peek"] is False
    refused = regx("run", small, *STOPPING, "-s", "dataset.n_val=0", code=2).stderr
    assert "early_stopping: it needs a validation split, found none" in refused


def test_seeds_of_both_kinds_never_share_a_folder(small: Path, regx: Regx, tmp_path: Path) -> None:
    document = json.loads(regx("run", small, "--json").stdout)
    for more in ((), ("--seeds", 5)):  # with nothing left to train, and with seeds that are new
        said = regx("run", small, "--peek", "--json", *more, code=2).stderr
        assert "expected seeds trained without --peek" in said
        assert "found --peek. Leave --peek out, choose another --out, or --force to train anew." in said
    forced = json.loads(regx("run", small, "--peek", "--force", "--json").stdout)
    assert forced["run"] == document["run"]
    assert forced["summary"]["peek"] is True
    said = regx("run", small, code=2).stderr
    assert "expected seeds trained with --peek, as those that are there, found none. Add --peek, choose" in said
