"""`regx race` as a user types it: without a terminal, and on one."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
import yaml
from command_line import Regx

import regx as api
from regx.cli.app import _exit_code

RACE = """\
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [6]}
lanes:
  none: []
  l2: [l2: 0.01]
  strong_l2: [l2: 0.1]
  stopped: [{dropout: 0.2}, {early_stopping: 3}]
optimizer: {name: adam, lr: 0.01}
training: {epochs: 12, eval_every: 2}
seeds: 3
"""


@pytest.fixture
def regx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Regx:
    """The command line in an empty folder, in this process: to start one takes longer than such a race."""

    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.setattr(sys, "argv", ["regx", *map(str, arguments)])
        found = _exit_code()
        written = capsys.readouterr()
        assert found == code, written.out + written.err
        return subprocess.CompletedProcess(sys.argv, found, written.out, written.err)

    return call


@pytest.fixture
def race(tmp_path: Path) -> Path:
    """A race that is over in a blink."""
    path = tmp_path / "race.yaml"
    path.write_text(RACE)
    return path


def test_a_race_is_a_folder_of_runs_named_for_their_lanes(race: Path, regx: Regx, tmp_path: Path) -> None:
    done = regx("race", race, "--json")
    document = json.loads(done.stdout)
    rows = document["rows"]
    assert {"sweep", "best", "rows"} <= set(document)
    assert {row["name"] for row in rows} == {row["point"]["lane"] for row in rows} == set(yaml.safe_load(RACE)["lanes"])
    assert document["best"] == rows[0]["run"]
    assert [row["val_loss"]["mean"] for row in rows] == sorted(row["val_loss"]["mean"] for row in rows)
    folder = tmp_path / document["sweep"]
    about = json.loads((folder / "sweep.json").read_text())
    assert (about["name"], about["axes"]) == ("race", [])
    assert {cell["run"] for cell in about["cells"]} == {path.name for path in folder.iterdir() if path.is_dir()}
    compared = json.loads(regx("compare", folder, "--json").stdout)
    assert {row["run"] for row in compared} == {str(tmp_path / row["run"]) for row in rows}
    assert [row["verdict"] for row in rows].count("baseline") == 1
    more = json.loads(regx("race", race, "--seeds", 4, "--json").stdout)
    assert more["sweep"] == document["sweep"]
    assert {row["seeds"] for row in more["rows"]} == {4}


@pytest.mark.parametrize("terminal", [False, True])
def test_a_lane_equals_bit_for_bit_its_stack_run_alone(race: Path, regx: Regx, tmp_path: Path, terminal: bool) -> None:
    if terminal:
        on_a_terminal([sys.executable, "-m", "regx", "race", str(race), "--jobs", "2"], tmp_path)
    else:
        regx("race", race, "--jobs", 2)
    content = yaml.safe_load(RACE)
    lanes = content.pop("lanes")
    for name, stack in lanes.items():
        (lane,) = tmp_path.glob(f"runs/race-race-*/{name}-*")
        path = tmp_path / f"{name}.yaml"
        path.write_text(yaml.safe_dump({**content, "regularizers": stack}))
        raced, alone = api.load(lane), api.run(path, out=tmp_path / "alone")
        assert raced.folder.name == alone.folder.name
        assert {key: array.tobytes() for key, array in raced.weights.items()} == {
            key: array.tobytes() for key, array in alone.weights.items()
        }


def test_without_a_terminal_the_table_is_tab_separated_and_nothing_is_drawn(
    race: Path, regx: Regx, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = regx("race", race)
    header, *rows = done.stdout.splitlines()
    assert len(rows) == 4
    assert all(len(row.split("\t")) == len(header.split("\t")) for row in rows)
    assert "\x1b" not in done.stdout + done.stderr
    assert "▁" not in done.stderr
    assert regx("race", race, "-q").stderr == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[?25l" not in regx("race", race, "--force").stderr  # in colour, but never redrawn


def test_a_line_now_and_then_says_who_leads(
    race: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from regx.cli import progress
    from regx.cli.app import app

    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0.0)
    monkeypatch.chdir(race.parent)
    app(["race", str(race), "--jobs", "1"], standalone_mode=False)
    lines = [line for line in capsys.readouterr().err.splitlines() if "networks" in line]
    assert re.fullmatch(r"12 of 12 networks, 100%, 0 s left, \w+ leads, val_loss [\d.]+", lines[-1])


def test_a_dry_run_trains_nothing(race: Path, regx: Regx, tmp_path: Path) -> None:
    lines = regx("race", race, "-n", "-s", "lanes.stopped=off").stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        [name, "3 seeds", f"lane={name}"] for name in ("none", "l2", "strong_l2")
    ]
    assert not (tmp_path / "runs").exists()


def test_the_svg_shows_the_lanes_and_the_table(race: Path, regx: Regx, tmp_path: Path) -> None:
    regx("race", race, "--svg", "race.svg", "-q")
    trained = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/summary.json")}
    written = (tmp_path / "race.svg").read_text()
    words = "".join(ElementTree.fromstring(written).itertext())  # noqa: S314 - written by Rich, a moment ago
    assert all(name in words for name in ("strong_l2", "stopped", "verdict", "leads", "truth"))
    regx("race", race, "--svg", "again.svg", "-q")
    assert trained == {path: path.stat().st_mtime_ns for path in trained}
    said = regx("race", race, "--svg", "nowhere/race.svg", code=2).stderr
    assert "--svg: expected a file in a folder that is there, found no folder nowhere" in said
    before = race.read_bytes()
    said = regx("race", race, "--svg", race, code=2).stderr
    assert "--svg: expected no file, or one that --svg has made, found another" in said
    assert race.read_bytes() == before
    regx("race", race, "--svg", "again.svg", "-q")


def test_a_diverged_lane_ends_with_3_and_hides_no_other(race: Path, regx: Regx) -> None:
    sgd = "optimizer={name: sgd, lr: 0.01}"
    done = regx("race", race, "-s", sgd, "-s", "lanes.strong_l2.l2.lam=1e9", "--json", code=3)
    rows = {row["name"]: row for row in json.loads(done.stdout)["rows"]}
    assert rows["strong_l2"]["status"] == "diverged"
    assert rows["none"]["status"] == "completed"


def test_a_race_without_a_validation_split_says_so(race: Path, regx: Regx) -> None:
    said = regx("race", race, "-s", "dataset.n_val=0", "-s", "lanes.stopped=off", code=2).stderr
    assert "a race chooses by validation loss: expected a validation split, found none" in said
    done = regx("race", race, "-s", "dataset.n_val=0", "--peek")
    assert "validation split of 0 rows" not in done.stderr


def test_a_config_that_is_no_race(small: Path, regx: Regx) -> None:
    assert f"type: regx run {small}" in regx("race", small, code=2).stderr


# On a terminal


def on_a_terminal(
    command: list[str],
    folder: Path,
    columns: int = 80,
    rows: int = 30,
    interrupt: bool = False,
    more: dict[str, str] | None = None,
) -> tuple[int, str]:
    """The exit code and what is written to a terminal of that size. interrupt: Ctrl-C as soon as a picture is there."""
    main, end = pty.openpty()
    termios.tcsetwinsize(end, (rows, columns))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=end,
        stdout=end,
        stderr=end,
        env={**environment, "TERM": "xterm-256color", **(more or {})},
    )
    os.close(end)
    written, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            read = os.read(main, 1 << 16)
        except OSError:  # nobody has the other end any more
            break
        if not read:
            break
        written += read
        if interrupt and b"networks" in written and b"\x1b[?25l" in written:
            process.send_signal(signal.SIGINT)
            interrupt = False
    os.close(main)
    return process.wait(timeout=60), written.decode()


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_the_race_is_shown_live_and_the_cursor_comes_back(
    race: Path, tmp_path: Path, columns: int
) -> None:
    code, written = on_a_terminal([sys.executable, "-m", "regx", "race", str(race)], tmp_path, columns)
    assert code == 0
    live, shown, after = written.rpartition("\x1b[?25h")
    assert shown
    assert "\x1b[?25l" in live
    assert "% " in live or "%," in live
    assert all(name in live for name in ("none", "l2", "strong_l2", "stopped", "weights"))
    plain = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line).rstrip() for line in after.splitlines()]
    assert max(map(len, plain)) <= columns
    assert any(line.startswith("▶ ") for line in plain)
    assert any("verdict" in line for line in plain)
    assert any(" leads" in line for line in plain)


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_dumb_terminals(race: Path, tmp_path: Path, more: dict[str, str]) -> None:
    code, written = on_a_terminal([sys.executable, "-m", "regx", "race", str(race)], tmp_path, more=more)
    assert code == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", written)
    assert ("\x1b" in written) == ("TERM" not in more)


def test_ctrl_c_ends_the_view_and_keeps_what_is_finished(race: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "regx", "race", str(race), "-s", "training.epochs=300000"]
    code, written = on_a_terminal(command, tmp_path, interrupt=True)
    assert code == 130
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert "Traceback" not in written
