"""`regx validate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from regx.cli.app import app


def validate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("good.yaml").write_text("regularizers: [l2: [0, 0.1], dropout]\n")
    Path("bad.yaml").write_text("datset: sine\noptimizer: {lr: -1}\n")
    return "good.yaml"


def test_a_line_for_each_config(good: str) -> None:
    result = validate(good, good)
    assert result.exit_code == 0
    assert result.stdout == "good.yaml: ok, good, l2 + dropout, 2 cells\n" * 2
    assert result.stderr.startswith("note: l2 with adam")
    quiet = validate(good, good, "--quiet")
    assert (quiet.stdout, quiet.stderr) == (result.stdout, "")


def test_settings_apply_to_every_config(good: str) -> None:
    result = validate(good, "-s", "regularizers=[]", "-s", "optimizer.lr=1")
    assert result.stdout == "good.yaml: ok, good, none, 1 cell\n"


def test_all_errors_of_all_files(good: str) -> None:
    result = validate("bad.yaml", good, "missing.yaml")
    assert result.exit_code == 2
    assert result.stdout == "good.yaml: ok, good, l2 + dropout, 2 cells\n"
    assert "bad.yaml:1:1 datset: expected one of name, dataset," in result.stderr
    assert "bad.yaml:2:17 optimizer.lr: expected a number with lr > 0, found -1" in result.stderr
    assert "missing.yaml: expected a config file, found nothing there." in result.stderr


def test_json(good: str) -> None:
    result = validate(good, "bad.yaml", "missing.yaml", "--json")
    assert result.exit_code == 2
    assert not result.stderr
    first, second, third = json.loads(result.stdout)
    (hint,) = first.pop("notes")
    assert hint.startswith("l2 with adam")
    assert first == {
        "config": "good.yaml", "ok": True, "name": "good", "stack": "l2 + dropout", "cells": 2, "errors": [],
        "warnings": [],
    }  # fmt: skip
    assert [(error["line"], error["column"], error["key"]) for error in second["errors"]] == [
        (1, 1, "datset"), (2, 17, "optimizer.lr"),
    ]  # fmt: skip
    assert third["errors"][0]["line"] is None


def test_a_table_that_is_not_there_is_warned_of(good: str) -> None:
    own = ["-s", "dataset={name: csv, path: own.csv, target: y}", "-s", "regularizers=[]"]
    result = validate(good, *own)
    assert (result.exit_code, result.stderr) == (0, "warning: dataset.path: there is nothing at own.csv\n")
    Path("own.csv").write_text("x,y\n" + "".join(f"{k / 2},{k % 2}\n" for k in range(40)))
    result = validate(good, *own)
    assert result.exit_code == 0
    assert (
        "note: Trains a network 1-64-64-64-1 for 1000 epochs, with 5 seeds, to predict 'y' from 1 features of 40 rows: "
        "24 to train on, 6 to choose with, 10 to judge by.\n" in result.stderr
    )
    assert validate(good, *own, "--quiet").stderr == ""


@pytest.mark.parametrize("command", [["validate"], ["run", "-n"]])
def test_what_a_run_refuses_of_a_table_is_found_before(good: str, command: list[str]) -> None:
    Path("own.csv").write_text("x,y\n" + "".join(f"{k / 2},{k % 2}\n" for k in range(40)))
    own = ["-s", "dataset={name: csv, path: own.csv, target: z}", "-s", "regularizers=[]"]
    result = CliRunner().invoke(app, [*command, good, *own])
    said = result.stderr + str(result.exception)
    assert result.exit_code
    assert "own.csv:1: no column 'z' to predict." in said
    assert "Found columns x, y" in said


def test_the_tables_of_all_cells_are_read_and_what_makes_them_look_easy_is_said(good: str) -> None:
    for name in ("one", "two"):
        rows = [f"{k % 7 - 3},{k * 37 % 100 / 9:.2f},{'yes' if k % 7 > 2 else 'no'}" for k in range(60)]
        Path(f"{name}.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    config = "dataset: {name: csv, path: [one.csv, two.csv], target: y}\nregularizers: [l2: [0, 0.1]]\n"
    Path("tables.yaml").write_text(config)
    result = validate("tables.yaml")
    assert result.exit_code == 0
    assert result.stderr.count("Trains a network 2-") == 1, "both say the same, and it is said once"
    assert "Column 'a' alone tells 'y'." in result.stderr
    Path("two.csv").write_text(Path("two.csv").read_text().replace("\n2,", "\nmany,", 1))
    result = validate("tables.yaml")
    assert result.exit_code != 0
    assert "two.csv" in result.stdout + result.stderr


def test_what_training_refuses_is_found(good: str) -> None:
    Path("t.csv").write_text(
        "a,g,y\n" + "".join(f"{k % 7},g{k // 10},{'yes' if k < 20 else 'no'}\n" for k in range(80))
    )
    own = ["-s", "dataset={name: csv, path: t.csv, target: y}", "-s", "regularizers=[]"]
    assert validate(good, *own).exit_code == 0
    refused = validate(good, *own, "-s", "training.class_weight={nope: 5}")
    assert refused.exit_code == 2
    assert "expected the names of classes, no, yes, found 'nope'" in refused.stderr
    grouped = validate(
        good, "-s", "dataset={name: csv, path: t.csv, target: y, group: g}", "-s", "regularizers=[]", "-s", "seeds=30"
    )
    assert grouped.exit_code == 2
    assert "no training row of class" in grouped.stderr
