from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from command_line import outcome
from hypothesis import given
from hypothesis import strategies as st

from regx.cli.ls import command
from regx.core.errors import InputError
from regx.report.filter import LONGEST, Filter
from regx.store.files import read_json, write_json

L2 = [{"l2": {"lam": 0.003}}]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, fabricated):
    folder = tmp_path_factory.mktemp("runs")
    for name, loss, stack, day in (("none", 0.1, [], 2), ("l2", 0.04, L2, 3), ("far", 0.02, [{"l2": {"lam": 0}}], 1)):
        fabricated.store(folder / name, [loss, loss + 0.02], stack=stack)
        about = read_json(folder / name / "run.json")
        write_json(folder / name / "run.json", {**about, "finished": f"2026-01-0{day}T10:00:00+00:00"})
    return folder


def ls(*arguments):
    return outcome(command, *arguments)


def names(result):
    return [Path(row["run"]).name for row in json.loads(result.stdout)]


def test_the_newest_comes_first_in_every_format(runs):
    assert names(ls(runs, "--json")) == ["l2", "none", "far"]
    rows = [line.split("\t") for line in ls(runs).stdout.splitlines()]
    assert " ".join(rows[0]) == "run name status stack seeds test_loss test_loss_low test_loss_high when"
    assert rows[1][:6] == [str(runs / "l2"), "l2", "completed", "l2(0.003)", "2", "0.05"]
    assert ls(runs, "--format", "table").stdout.split()[:6] == ["name", "state", "stack", "test_loss", "seeds", "when"]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("test_loss < 0.08 and l2.lam > 0", ["l2"]),
        ("test_loss < 0.08 and regularizers.l2.lam >= 0", ["l2", "far"]),
        ("0.025 <= test_loss <= 0.055", ["l2", "far"]),
        ("l2", ["l2", "far"]),
        ("not l2", ["none"]),
        ("stack == 'none' or stack == 'l2(0.003)'", ["l2", "none"]),
        ("l2.lam != 0", ["l2", "none"]),
        ("l2.lam in [0, 1]", ["far"]),
        ("'l2' in stack and status == 'completed'", ["l2", "far"]),
        ("architecture.hidden == [64, 64] and lr == 0.003 and test_loss > -1", ["l2", "none", "far"]),
        ("dropout.p > 0 or test_accuracy > 0.5 or name < 3", []),  # what no run has, and a word beside a number
    ],
)
def test_a_filter_keeps_what_fulfils_it(runs, condition, found):
    result = ls(runs, "--json", "--filter", condition)
    assert names(result) == found
    assert ("none fulfils" in result.stderr) == (not found)


@pytest.mark.parametrize(
    "code",
    [
        "__import__('os')", "__import__('os').system('touch x')", "name.__class__()",
        "().__class__", "[n for n in name]",
        "lambda: 1", "name[0]", "f'{name}'", "1 + 1", "9 ** 9 ** 9", "name := 1", "x if y else z", "b'x'", "1j", "...",
        "test_loss is None", "test_loss = 1", "", "test_loss <", "not " * 900 + "l2", "(" * 400, "-" * 900 + "1",
        "l2 and " * LONGEST, "\0", "a.b().c > 1", "*name", "await name", "{1: 2}", "-name", "~1",
    ],
)  # fmt: skip
def test_code_is_refused_and_never_run(runs, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="--filter"):
        ls(runs, "--filter", code)
    assert not list(tmp_path.iterdir())


def test_unknown_names_are_named_with_the_nearest(runs):
    with pytest.raises(InputError) as error:
        ls(runs, "--filter", "tset_loss < 1 and l2.lma > 0 and __class__ == 1")
    assert "found 'tset_loss', which no run here has. Did you mean 'test_loss'?" in str(error.value)
    assert "found 'l2.lma', which no run here has. Did you mean 'l2.lam'?" in str(error.value)
    assert "'__class__'" in str(error.value)


VALUES = {"a": 1.5, "b": None, "c": "word", "d": 2}
PARTS = st.sampled_from(["a < 2", "d >= 2", "c == 'word'", "a == 1", "d in [1, 2]", "a", "c != 'x'", "1 < a < d"])


@given(st.recursive(PARTS, lambda part: st.tuples(part, st.sampled_from(["and", "or"]), part).map(
    lambda one: f"(not ({one[0]}) {one[1]} {one[2]})"), max_leaves=8))  # fmt: skip
def test_where_nothing_is_missing_a_filter_is_what_python_says(text):
    assert Filter(text).holds(VALUES.get) == bool(eval(text, {}, VALUES))  # noqa: S307  # our own words


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">="])
def test_what_is_missing_or_not_a_number_compares_with_nothing(sign):
    for name in ("b", "c"):
        assert not Filter(f"{name} {sign} 1").holds(VALUES.get)
        assert not Filter(f"1 {sign} {name}").holds(VALUES.get)
    assert not Filter(f"a {sign} 1").holds({"a": math.nan}.get)


def test_damaged_and_closed_runs_are_named_and_left_out(tmp_path, fabricated, monkeypatch):
    fabricated.store(tmp_path / "whole", [0.1])
    fabricated.store(tmp_path / "cut", [0.1])
    (tmp_path / "cut" / "summary.json").write_text("{")
    result = ls(tmp_path, "--json")
    assert names(result) == ["whole"]
    assert f"warning: {tmp_path / 'cut' / 'summary.json'}: damaged" in result.stderr
    with pytest.raises(InputError, match="damaged"):
        ls(tmp_path / "cut")


def test_nothing_there_is_an_error_that_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"runs: expected a run folder .* found nothing there"):
        ls()
    Path("runs").mkdir()
    with pytest.raises(InputError, match=r"runs: expected a run folder .* found a folder without runs"):
        ls()


def test_without_a_path_it_is_runs(tmp_path, monkeypatch, fabricated):
    from regx.cli.compare import command as compare

    monkeypatch.chdir(tmp_path)
    fabricated.store(Path("runs") / "one", [0.1])
    assert names(ls("--json")) == ["one"]
    assert [row["name"] for row in json.loads(outcome(compare, "--json").stdout)] == ["one"]


def test_an_unknown_metric_is_refused(runs):
    with pytest.raises(InputError, match="test_loss"):
        ls(runs, "--metric", "tset_loss")
