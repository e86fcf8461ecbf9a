from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.core.errors import InputError
from regx.core.text import clean
from regx.report.output import Output
from regx.report.render import print_rows
from regx.stats.aggregate import UNKNOWN
from tests.store import fabricated


def row(name="none", mean=0.1, half=0.01, group="sine", **changes):
    interval = {
        "mean": mean,
        "low": None if half is None else mean - half,
        "high": None if half is None else mean + half,
    }
    measured = ("train_loss", "val_loss", "test_loss", "gap", "best_epoch", "weight_norm", "zero_fraction", "seconds")
    facts = {"stack": "l2(0.003) + dropout(0.1) + early_stopping(20)", "group": group, "seeds": 5, "seeds_to_tell": 30}
    compared = {"difference": {**interval, "p": 0.0123456789}, "verdict": "unclear"}
    return fabricated.row(name, **{**facts, **dict.fromkeys(measured, interval), **compared, **changes})


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "NO_COLOR", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")


def shown(rows, columns=None, format=None, stream=Terminal):
    out = stream()
    print_rows(rows, Output(format, quiet=True, stream=out), columns)
    return out.getvalue()


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("width", [40, 80, 120, 160, 300])
@given(names=st.lists(st.text(max_size=60), min_size=1, max_size=4), mean=st.floats(-1e9, 1e9), half=st.floats(0, 1e9))
def test_the_table_fits_and_cuts_no_number(width, names, mean, half):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        patch.setenv("NO_COLOR", "1")
        text = plain(shown([row(name, mean, half) for name in names]))
    table = text.split("\n\n")[0].splitlines()
    if width >= 80:
        from rich.cells import cell_len

        assert max(map(cell_len, table)) <= width
        assert "test_loss" in table[1]
        assert "verdict" in table[1]
    # Every ± has a whole number on both sides.
    number = r"-?\d+(\.\d+)?(e[+-]\d+)?"
    for line in table[2:]:
        for cell in re.findall(r"\S+ ±\S+", line):
            assert re.fullmatch(rf"{number} ±{number}\*?", cell)
    assert "test_loss" in text


def test_what_is_left_out_is_said(monkeypatch):
    text = plain(shown([row()]))
    assert "Not shown for want of space: train_loss, gap" in text.replace("\n", " ")
    assert "A wider terminal or --columns shows" in text.replace("\n", " ")
    monkeypatch.setenv("COLUMNS", "400")
    assert "Not shown" not in shown([row()])


def test_asked_columns_are_all_there_on_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = plain(shown([row(name="x" * 50)], ["verdict", "name", "difference", "p", "seconds"]))
    header, line = text.splitlines()[1:3]
    assert header.split() == ["verdict", "name", "difference", "p", "seconds"]
    assert line.split() == ["unclear", "x" * 50, "0.100", "[0.090,", "0.110]", "0.012", "0.100", "±0.010"]


def test_the_best_is_marked_without_colour(monkeypatch):
    rows = [row("a", 0.1), row("b", 0.2), row("c", 0.05, None), row("d", 0.3, test_loss=UNKNOWN)]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    text = shown(rows, ["name", "test_loss"], stream=Terminal)
    text = plain(text)
    lines = [line.split() for line in text.splitlines()[2:6]] if "±" in text else []
    if not lines:  # a dumb terminal is none
        pytest.fail(text)
    assert [line[1] for line in lines] == ["0.100", "0.200", "0.050*", "-"]
    assert "\x1b[3" not in text


def test_markup_and_control_signs_in_names_are_data():
    text = plain(shown([row("[red]a[/red]", group="[b]g"), row("\x1b[31mb\ttab")]))
    assert "[red]a[/red]" in text
    assert "[b]g" in text
    assert r"\x1b[31mb\ttab" in text


def test_runs_of_one_name_are_told_apart():
    rows = [row("a", run="runs/a-1111"), row("a", run="runs/a-2222")]
    text = shown(rows)
    assert "a-1111" in text
    assert "a-2222" in text


def test_peeking_and_divergence_are_shown_where_they_are():
    assert "peek" not in shown([row()])
    text = plain(shown([row(peek=True, diverged=2, status="diverged", missing_seeds=[3, 5])]))
    assert "The test split was used for choosing (--peek)" in text
    assert "Diverged, and in no mean: none (seeds: 2 of 5)." in text
    assert "Without seeds 3, 5: none." in text
    assert re.search(r"peek +.*diverged", text)
    assert "yes" in text


def compared(name, verdict, **changes):
    return row(name, verdict=verdict, **{"won": 3, "tied": 0, "shared": 5, "seeds_to_tell": None, **changes})


def test_seeds_won_and_seeds_that_would_tell():
    rows = [
        compared("none", "baseline", won=None, tied=None, shared=None),
        compared("a", "better"),
        compared("b", "unclear", tied=2),
        compared("c", "unclear", seeds_to_tell=40),
    ]
    lines = plain(shown(rows, ["name", "won", "seeds_to_tell"])).splitlines()
    assert [line.split() for line in lines[2:6]] == [
        ["none"],
        ["a", "3/5"],
        ["b", "3/5", "(2", "tied)", ">1000"],
        ["c", "3/5", "40"],
    ]
    (read,) = [entry for entry in csv.DictReader(io.StringIO(shown(rows, None, "csv"))) if entry["name"] == "c"]
    assert (read["won"], read["tied"], read["shared"], read["seeds_to_tell"]) == ("3", "0", "5", "40")


def test_what_can_be_concluded_stands_below_every_group():
    rows = [
        compared("none", "baseline", group="[b]a", stack="none"),
        compared("x", "better", group="[b]a", stack="[red]l2\x1b[0m"),
        compared("plain", "baseline", group="c", stack="none"),
        compared("mixup", "unclear", group="c", seeds_to_tell=60, stack="none"),
    ]
    text = " ".join(plain(shown(rows)).split())
    first = text.index("Better than no regularizer in test loss: [red]l2\\x1b[0m.")
    assert text.index("[b]a") < first < text.index(" c name ")
    assert text.index(" c name ") < text.index(
        "Not told apart from no regularizer (plain): no regularizer (mixup) (about 60 seeds"
    )
    assert r"Better than no regularizer in test loss: \[red\]l2\\x1b\[0m." in shown(rows, None, "md")
    for machine in (shown(rows, stream=io.StringIO), shown(rows, None, "csv"), shown(rows, None, "json")):
        assert "Better than" not in machine


@given(st.lists(st.text(max_size=30), min_size=1, max_size=3))
def test_csv_and_tabs_read_back(names):
    rows = [row(name, 1 / 3) for name in names]
    for kind, delimiter, third in (("csv", ",", str(1 / 3)), (None, "\t", "0.333333")):
        read = list(csv.DictReader(io.StringIO(shown(rows, None, kind, io.StringIO)), delimiter=delimiter))
        assert [entry["name"] for entry in read] == [clean(name) for name in names]
        assert all(entry["test_loss"] == entry["difference"] == third for entry in read)
        assert {"test_loss_low", "difference_high", "p", "verdict"} <= read[0].keys()


def test_json_and_markdown():
    rows = [row("a|b"), row("c", mean=0.2)]
    assert json.loads(shown(rows, None, "json")) == [one.as_json() for one in rows]
    assert json.loads(shown(rows, ["name", "p"], "json"))[0] == {"name": "a|b", "p": 0.0123456789}
    lines = shown(rows, ["name", "test_loss"], "md").splitlines()
    assert lines[2:7] == ["| name | test_loss |", "|---|--:|", r"| a\|b | 0.100 ±0.010\* |", "| c | 0.200 ±0.010 |", ""]


def test_an_unknown_format():
    with pytest.raises(
        InputError, match=r"--format: expected one of table, json, csv, md, found 'jsn'. Did you mean 'json'\?"
    ):
        shown([], None, "jsn")


def test_what_a_number_does_not_say_stands_below_the_table():
    from regx.report.render import _legend

    without_noise = "sine: the test rows are without noise, so a test loss is the distance from the true curve."
    assert without_noise in _legend({"test_loss"}, [], [row()])
    assert not [line for line in _legend({"test_loss"}, [], [row(dataset="circle")]) if "noise" in line]
    to_test = "accuracy_gap: to the test accuracy, where a run has no validation split."
    assert to_test in _legend({"accuracy_gap"}, [], [row()])
    assert to_test not in _legend({"accuracy_gap"}, [], [row(val_accuracy={"mean": 0.9})])
    rows = [row("a")]
    assert without_noise in shown(rows, ["name", "test_loss"], "md")
    assert without_noise not in shown(rows, ["name"], "md")
