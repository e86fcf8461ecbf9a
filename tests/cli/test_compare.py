from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import outcome

from regx.cli.compare import command
from regx.core.errors import InputError


@pytest.fixture(scope="module")
def store():
    spec = importlib.util.spec_from_file_location("fabricated", Path(__file__).parents[1] / "store" / "fabricated.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.store


@pytest.fixture(scope="module")
def runs(tmp_path_factory, store):
    folder = tmp_path_factory.mktemp("runs")
    store(folder / "none", [0.10, 0.12, 0.09, 0.14, 0.115])
    store(folder / "l2", [0.051, 0.082, 0.053, 0.094, 0.065], stack=[{"l2": {"lam": 0.003}}])
    return folder


def compare(*arguments):
    return outcome(command, *arguments)


def test_json_is_one_document(runs):
    rows = json.loads(compare(runs, "--json", "--sort", "test_loss").stdout)
    assert [(row["name"], row["verdict"]) for row in rows] == [("l2", "better"), ("none", "baseline")]
    assert json.loads(compare(runs, "--format", "json", "--sort", "test_loss").stdout) == rows


def test_no_terminal_gets_tabs(runs):
    lines = compare(runs, "--columns", "name, test_loss,verdict", "--sort", "name", "--top", "1").stdout.splitlines()
    assert lines[0].split("\t") == ["name", "test_loss", "test_loss_low", "test_loss_high", "verdict"]
    assert [lines[1].split("\t")[index] for index in (0, 1, 4)] == ["l2", "0.069", "better"]
    assert len(lines) == 2


@pytest.mark.parametrize("format", ["table", "csv", "md"])
def test_peeking_is_shown_whatever_columns_are_asked_for(tmp_path, store, format):
    store(tmp_path / "honest", [0.3, 0.35])
    asked = (tmp_path, "--columns", "name,test_loss", "--format")
    assert "peek" not in compare(*asked, format).stdout
    store(tmp_path / "peeked", [0.3, 0.35], about={"peek": True})
    assert "peek" in compare(*asked, format).stdout.splitlines()[{"table": 1, "csv": 0, "md": 2}[format]]
    assert [row["peek"] for row in json.loads(compare(*asked, "json").stdout)] == [False, True]


def test_a_baseline_from_elsewhere_joins_the_table(runs, tmp_path, store):
    other = store(tmp_path / "other", [0.3, 0.35, 0.31, 0.4, 0.33])
    rows = json.loads(compare(runs / "l2", "--baseline", other, "--json").stdout)
    assert {row["name"]: row["verdict"] for row in rows} == {"l2": "better", "other": "baseline"}


def test_runs_with_nothing_to_compare_with_are_warned_of(runs, tmp_path, store):
    store(tmp_path / "dropout", [0.1] * 5, stack=[{"dropout": {"p": 0.1}}])
    result = compare(runs / "l2", tmp_path / "dropout", "--json")
    assert [row["verdict"] for row in json.loads(result.stdout)] == [None, None]
    assert "warning: sine: no verdicts, since no run here is without regularizers." in result.stderr
    assert compare(runs / "l2", tmp_path / "dropout", "--quiet").stderr == ""
    for lam in (0.1, 0.2):  # a loss of 0 is a loss
        store(tmp_path / "zeros" / str(lam), [0.0] * 5, stack=[{"l2": {"lam": lam}}])
    assert "no verdicts, since no run here is without regularizers." in compare(tmp_path / "zeros").stderr


def test_a_metric_that_a_group_lacks_is_why_it_has_no_verdicts(runs, store, tmp_path):
    for name, stack in (("none", []), ("l2", [{"l2": {"lam": 0.003}}])):
        about = {"task": "binary", "data_fingerprint": "cd" * 32}
        store(tmp_path / name, [0.1, 0.2], "binary", about=about, stack=stack)
    for option in ((), ("--only-changed",)):
        result = compare(runs, tmp_path, "--metric", "test_accuracy", *option)
        group = "sine (task=regression, data=abababababab)"
        assert f"warning: {group}: no verdicts, since no run here has a test_accuracy." in result.stderr
        assert "warning" not in result.stderr.replace(f"warning: {group}", "", 1)
    assert "warning" not in compare(runs, "--json").stderr
    assert "warning" not in compare(runs / "l2", "--json").stderr


def test_only_changed(runs):
    rows = json.loads(compare(runs, "--only-changed", "--json").stdout)
    assert {row["name"]: row["changed"] for row in rows} == {"none": {}, "l2": {"regularizers.l2.lam": 0.003}}
    assert "l2.lam=0.003" in compare(runs, "--only-changed").stdout


def test_a_damaged_run_is_warned_of_and_hides_no_other(runs, tmp_path, store):
    damaged = store(tmp_path / "damaged")
    (damaged / "summary.json").write_text("{")
    result = compare(runs, damaged, "--json")
    assert len(json.loads(result.stdout)) == 2
    assert f"warning: {damaged}/summary.json: damaged" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--columns", "tst_loss"], r"unknown column 'tst_loss'. Did you mean 'test_loss'\?"),
        (["--sort", "verdct"], r"unknown column 'verdct'. Did you mean 'verdict'\?"),
        (["--format", "xml"], "--format: expected one of table, json, csv, md, found 'xml'"),
        (
            ["--metric", "loss"],
            "--metric: expected a metric of regression tasks, such as test_loss, found 'loss'.*`regx explain metrics`",
        ),
        (["--baseline", "nine"], r"--baseline: .*Did you mean 'none'\?"),
        (["--top", "0"], "--top: expected a number of rows from 1, found 0"),
        (["nowhere"], "nowhere: expected a run folder"),
    ],
)
def test_what_is_wrong_is_said(runs, arguments, message):
    with pytest.raises(InputError, match=message):
        compare(runs, *arguments)


def test_a_table_needs_neither_pandas_nor_scikit_learn(runs):
    code = (
        "import sys; from regx.report.run import print_comparison as p; from regx.report.output import Output; "
        "p(sys.argv[1:], Output(quiet=True)); "
        "sys.exit(str({'pandas', 'sklearn', 'scipy.stats', 'pydantic', 'matplotlib'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code, str(runs)], capture_output=True, text=True, cwd=Path.cwd())
    assert result.stderr.strip() == "set()"
