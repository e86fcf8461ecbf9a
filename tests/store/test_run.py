from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from regx.core.errors import InputError, RegxError
from regx.evidence.folders import DEPTH, find_runs
from regx.evidence.run import read_run, read_runs


def test_a_folder_stands_for_the_runs_in_it(tmp_path, fabricated):
    deep = fabricated.store(tmp_path / "runs" / "sweep" / "b")
    near = fabricated.store(tmp_path / "runs" / "a")
    fabricated.store(tmp_path / "runs" / ".hidden" / "c")
    assert find_runs([tmp_path / "runs"]) == ([near, deep], [])
    assert find_runs([deep, tmp_path / "runs", str(near)]) == ([deep, near], [])
    with pytest.raises(InputError, match=rf"runs: expected one run folder, found a folder of runs, such as {near}$"):
        read_run(tmp_path / "runs")
    far = fabricated.store(tmp_path.joinpath("far", *"x" * (DEPTH + 1)))
    with pytest.raises(InputError):
        find_runs([tmp_path / "far"])
    assert find_runs([tmp_path / "far" / "x"]) == ([far], [])


def test_what_is_no_run_is_said_all_at_once(tmp_path, fabricated):
    run = fabricated.store(tmp_path / "run")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError) as raised:
        find_runs([tmp_path / "empty", run, tmp_path / "typo", run / "config.yaml"])
    lines = str(raised.value).splitlines()
    assert [line.rpartition("found ")[2].split(".")[0] for line in lines] == [
        "a folder without runs",
        "nothing there",
        "a file",
    ]
    assert all("expected a run folder (it holds config.yaml, metrics.csv, summary.json" in line for line in lines)
    with pytest.raises(InputError, match="Expected one run folder or more, found none"):
        find_runs([])
    with pytest.raises(InputError, match="expected a run folder"):
        read_run(tmp_path / "empty")


def test_what_a_shell_names_beside_runs_is_left_out(tmp_path, fabricated):
    run = fabricated.store(tmp_path / "b")
    study = tmp_path / "a-bias-variance-0a1b2c3d"
    study.mkdir()
    (study / "bias_variance.json").write_text("{}")
    (tmp_path / "report.html").write_text("")
    found, left_out = find_runs(sorted(tmp_path.iterdir()))
    assert found == [run]
    assert left_out == [
        f"{study}: left out, since it is a folder without runs",
        f"{tmp_path / 'report.html'}: left out, since it is a file",
    ]
    assert read_runs(sorted(tmp_path.iterdir()))[1] == left_out
    with pytest.raises(InputError, match="found a folder without runs"):
        find_runs([study])


def test_a_damaged_run_hides_no_other(tmp_path, fabricated):
    good, bad, other = (fabricated.store(tmp_path / name) for name in ("good", "bad", "other"))
    (bad / "summary.json").write_text('{\n "name": "ba')
    (other / "run.json").unlink()
    runs, problems = read_runs([tmp_path])
    assert [run.folder for run in runs] == [good]
    assert len(problems) == 2
    assert "summary.json: damaged: expected JSON, found at line 2" in problems[0]
    assert "run.json: damaged: expected a file, found none" in problems[1]
    with pytest.raises(InputError, match=r"summary.json: damaged"):
        read_runs([bad])


def test_what_is_needed_is_checked_at_once_and_hides_no_other(tmp_path, fabricated):
    good, bad, worse = (fabricated.store(tmp_path / name) for name in ("good", "bad", "worse"))
    lines = (bad / "metrics.csv").read_text().splitlines(keepends=True)
    (bad / "metrics.csv").write_text("".join([*lines[:4], lines[4].replace("0.", "O.", 1), *lines[5:]]))
    content = bytearray((worse / "weights.npz").read_bytes())
    content[200] ^= 1
    (worse / "weights.npz").write_bytes(content)
    assert len(read_runs([tmp_path])[0]) == 3  # what is not read is not known to be damaged
    runs, problems = read_runs([tmp_path], ("metrics", "weights", "snapshots"))
    assert [run.folder for run in runs] == [good]
    assert "bad/metrics.csv: damaged: expected numbers in line 5" in problems[0]
    assert "worse/weights.npz: damaged" in problems[1]
    (worse / "weights.npz").write_bytes(content[:-5])
    runs, problems = read_runs([tmp_path])
    assert f"worse/weights.npz: damaged: expected {len(content)} bytes or more, found {len(content) - 5}" in problems[0]


def test_what_is_closed_to_us_is_named_and_not_called_damaged(tmp_path, fabricated, monkeypatch):
    run = fabricated.store(tmp_path / "runs" / "mine")
    theirs = tmp_path / "runs" / "theirs"
    theirs.mkdir()

    def closed(path, *rest):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("os.access", lambda path, mode: Path(path) != theirs)  # which never refuses root
    runs, problems = read_runs([tmp_path / "runs"])
    assert [one.folder for one in runs] == [run]
    assert problems[0].startswith(f"{theirs}: expected a run folder")
    assert "found a folder that is closed to you" in problems[0]
    monkeypatch.setattr(zipfile, "ZipFile", closed)
    with pytest.raises(RegxError) as raised:
        _ = read_run(run).weights
    assert str(raised.value) == f"{run / 'weights.npz'}: cannot be read: Permission denied."
    assert not isinstance(raised.value, InputError)
