from __future__ import annotations

import dataclasses
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.confusion_diagnosis import SETTINGS, Setting, sine, train
from command_line import outcome

from regx.cli.diagnose import command
from regx.config.load import load_config
from regx.core.errors import InputError
from regx.report.output import Output
from regx.studies.diagnosis.advice import diagnosed
from regx.studies.diagnosis.display import print_diagnoses

SHORT = {
    "wrong": Setting("", "", sine(15, 1.0), (64, 64), 800, 0.01),
    "line": SETTINGS["sine-linear-100"],
    "fine": Setting("", "", sine(500, 0.3), (8,), 1000, 0.03),
    "gone": SETTINGS["sine-sgd-lr-10"],
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return train(SHORT, (0, 1), tmp_path_factory.mktemp("runs"), jobs=1)


def call(*arguments):
    return outcome(command, *arguments)


def test_json_is_one_document(folders):
    result = call(*folders.values(), "--json")
    found = {one["name"]: one for one in json.loads(result.stdout)}
    assert {name: one["verdict"] for name, one in found.items()} == {
        "wrong": "severe overfitting", "line": "underfitting", "fine": "healthy", "gone": "diverged",
    }  # fmt: skip
    assert found["wrong"]["advice"][0] == {
        "name": "input_noise",
        "overrides": ["regularizers.input_noise.sigma=0.3"],
        "reason": "Augmentation comes first, and for tables and curves it is noise on the inputs: every step sees each "
        "row a little elsewhere.",
    }
    assert found["wrong"]["evidence"][0]["points_to"] == "severe overfitting"
    assert (found["gone"]["diverged"], found["gone"]["trivial_loss"], result.exit_code) == (2, None, 0)


def test_what_is_not_finite_is_null(folders):
    (one,), _ = diagnosed([str(folders["fine"])])
    stream = io.StringIO()
    infinite = dataclasses.replace(one.diagnosis, trivial=float("inf"))
    print_diagnoses([dataclasses.replace(one, diagnosis=infinite)], Output("json", stream=stream))
    assert json.loads(stream.getvalue())[0]["trivial_loss"] is None


def test_no_terminal_gets_tabs(folders):
    lines = [line.split("\t") for line in call(*folders.values()).stdout.splitlines()]
    assert [len(line) for line in lines] == [len(lines[0])] * 5
    rows = [dict(zip(lines[0], line, strict=True)) for line in lines[1:]]
    assert [row["verdict"] for row in rows] == ["severe overfitting", "underfitting", "healthy", "diverged"]
    assert float(rows[0]["gap"]) > 0.3
    assert rows[0]["advice"].startswith("regularizers.input_noise.sigma=0.3; regularizers.weight_decay.lam=")
    assert rows[0]["run"] == str(folders["wrong"])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(folders, monkeypatch, quiet=False):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    stream = Terminal()
    print_diagnoses(diagnosed([str(folder) for folder in folders])[0], Output(quiet=quiet, stream=stream))
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue())


def test_a_terminal_gets_a_block_for_each_run(folders, monkeypatch):
    text = shown(folders.values(), monkeypatch)
    assert max(map(len, text.partition("\nNext: ")[0].splitlines())) <= 80
    words = " ".join(text.split())
    assert "wrong: severe overfitting" in words
    assert "sine, 15 rows" in words
    assert re.search(r"! Gap: the validation loss lies \d+ points above the training loss \[", words)
    assert "1. -s regularizers.input_noise.sigma=0.3 Augmentation" in words
    assert "Nothing needs to be changed." in words
    assert "2 of 2 seeds stopped being finite" in words
    assert re.search(r"val +[\d.]+ [▁▂▃▄▅▆▇█]{20,} [\d.]+", text)


def test_quiet_is_what_points_somewhere_and_what_to_do(folders, monkeypatch):
    text = shown([folders["wrong"]], monkeypatch, quiet=True)
    assert "Gap:" in text
    assert "input_noise" in text
    assert "Dead units" not in text
    assert "trivial loss is" not in text


def test_names_of_folders_are_no_markup(folders, tmp_path, monkeypatch):
    folder = tmp_path / "[bold]odd[/bold]"
    shutil.copytree(folders["fine"], folder)
    (folder / "metrics.csv").write_text("no")
    with pytest.raises(InputError, match=r"\[bold\]odd\[/bold\]"):
        call(folder)


def test_a_damaged_run_is_warned_of_and_hides_no_other(folders, tmp_path):
    for name in ("metrics.csv", "weights.npz", "summary.json"):
        damaged = tmp_path / name.partition(".")[0]
        shutil.copytree(folders["wrong"], damaged)
        (damaged / name).write_text("nothing of use")
    result = call(folders["fine"], tmp_path, "--json")
    assert [one["name"] for one in json.loads(result.stdout)] == ["fine"]
    assert result.exit_code == 0
    for name in ("metrics.csv", "weights.npz", "summary.json"):
        assert re.search(rf"^warning: .*{name}: damaged", result.stderr, re.MULTILINE)


def test_apply_writes_a_config_that_trains(folders, tmp_path):
    path = tmp_path / "next.yaml"
    result = call(folders["wrong"], "--apply", path)
    before, after = load_config(folders["wrong"] / "config.yaml"), load_config(path)
    assert after.name == "wrong-input_noise"
    assert after.resolved["regularizers"] == [{"input_noise": {"sigma": 0.3}}]
    rest = {key for key in before.resolved if before.resolved[key] != after.resolved[key]}
    assert rest == {"name", "regularizers"}
    comment = path.read_text().splitlines()[:2]
    assert comment[0] == f"# {folders['wrong']}, severe overfitting, with advice 1 of `regx diagnose`:"
    assert comment[1] == "# -s regularizers.input_noise.sigma=0.3"
    assert f"Next: regx run {path}" in result.stderr
    assert "Next" not in call(folders["wrong"], "--apply", path, "--force", "-q").stderr


def test_apply_replaces_nothing_unasked(folders, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("precious")
    with pytest.raises(InputError, match=r"mine.yaml is there already. Choose another file, or --force to replace it"):
        call(folders["wrong"], "--apply", path)
    assert path.read_text() == "precious"
    call(folders["wrong"], "--apply", path, "--force", "--advice", "3")
    assert load_config(path).name == "wrong-early_stopping"


@pytest.mark.parametrize(
    ("names", "arguments", "message"),
    [
        (["wrong", "line"], [], "--apply: expected one run, whose config is changed, found 2"),
        (["fine"], [], "--apply: expected a run that needs a change; .* is healthy"),
        (["wrong"], ["--advice", "9"], "--advice: expected a number from 1 to 6, found 9"),
        (["wrong"], ["--advice", "0"], "--advice: expected a number from 1 to 6, found 0"),
    ],
)
def test_what_cannot_be_applied(folders, tmp_path, names, arguments, message):
    with pytest.raises(InputError, match=message):
        call(*(folders[name] for name in names), "--apply", tmp_path / "next.yaml", *arguments)
    assert not (tmp_path / "next.yaml").exists()


def test_no_run_is_an_error():
    with pytest.raises(InputError, match="nowhere: expected a run folder"):
        call("nowhere")


def test_generated_data_needs_neither_pandas_nor_scikit_learn(folders):
    code = (
        "import io, sys; from regx.studies.diagnosis.advice import diagnosed; "
        "from regx.studies.diagnosis.display import print_diagnoses as p; from regx.report.output import Output; "
        "p(diagnosed(sys.argv[1:])[0], Output(stream=io.StringIO())); "
        "sys.exit(str({'pandas', 'sklearn', 'scipy.stats', 'matplotlib'} & set(sys.modules)))"
    )
    command_line = [sys.executable, "-c", code, str(folders["wrong"])]
    result = subprocess.run(command_line, capture_output=True, text=True, cwd=Path.cwd())
    assert result.stderr.strip() == "set()"
