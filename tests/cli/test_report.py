from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import outcome

import regx
from regx.cli.report import command
from regx.core.errors import InputError


@pytest.fixture
def runs(small: Path, tmp_path: Path) -> Path:
    regx.run(small, out=tmp_path / "runs", jobs=1)
    return tmp_path / "runs"


def report(*arguments):
    return outcome(command, *arguments)


def test_the_page_is_written_and_its_path_printed(runs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = report("runs")
    assert (done.stdout, done.stderr) == ("report.html\n", "")
    page = (tmp_path / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "l2(0.01) + dropout(0.2)" in page
    other = tmp_path / "other.html"
    other.write_text("mine")
    with pytest.raises(InputError, match=r"other\.html: expected no file, or a page that `regx report` wrote"):
        report(runs, "-o", other)
    assert report(runs, "-o", other, "--force").stdout == f"{other}\n"
    assert other.read_text() == page.replace("<dd>runs/", f"<dd>{runs}/").replace("regx run runs/", f"regx run {runs}/")


def test_a_damaged_run_is_warned_of(runs, small, tmp_path):
    other = regx.run(small, set={"regularizers.dropout": False}, out=runs, jobs=1).folder
    (other / "weights.npz").write_bytes(b"")
    done = report(runs, "-o", tmp_path / "page.html")
    assert done.stdout == f"{tmp_path / 'page.html'}\n"
    assert f"warning: {other}/weights.npz: damaged" in done.stderr
    quiet = report(runs, "-o", tmp_path / "page.html", "--json", "-q")
    document = json.loads(quiet.stdout)
    assert document["report"] == str(tmp_path / "page.html")
    assert [note in done.stderr for note in document["notes"]] == [True]
    assert quiet.stderr == ""
    with pytest.raises(InputError, match=r"weights\.npz: damaged"):
        report(other, "-o", tmp_path / "none.html")
    with pytest.raises(InputError, match="nowhere: expected a run folder"):
        report("nowhere", "-o", tmp_path / "none.html")
    assert not (tmp_path / "none.html").exists()
