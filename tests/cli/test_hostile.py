"""Names that would be obeyed, of folders, runs, columns and classes: no command shows them as more than text."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import regx.cli.app

PACKAGE = Path(regx.cli.app.__file__).parents[1]
HOSTILE = "a\x1b[31mb\x9b1m\u202ec|d<script>alert(1)</script>`e`$\\frac{1}{2}$*f*[g](h)_i_"
OF_TABLES = re.sub("[\x1b\x9b]", "", HOSTILE)  # where control signs are refused
OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

Call = Callable[..., str]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> str:
        monkeypatch.setattr(sys, "argv", ["regx", *map(str, arguments)])
        code = regx.cli.app._exit_code()
        said = capsys.readouterr()
        assert code in (0, 1, 2, 3), said.err
        assert code or arguments[0] != "run" or said.out
        assert not OBEYED.search(said.out + said.err), repr(said.out + said.err)
        return said.out

    return run


@pytest.fixture
def runs(call: Call, tmp_path: Path) -> Path:
    """Two runs on a table whose columns and classes have such a name, in folders and under names of the kind."""
    from regx.store.files import read_config, read_json, write_config, write_json

    with Path("table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{OF_TABLES}", f"w{OF_TABLES}", "y"])
        writer.writerows([k % 7, f"{OF_TABLES}{k % 3}", f"{OF_TABLES}{k % 2}"] for k in range(60))
    text = "dataset: {name: csv, path: table.csv, target: y, separator: comma}\narchitecture: {hidden: [4]}\n"
    text += "training: {epochs: 3}\nseeds: 2"
    Path("a.yaml").write_text(text, encoding="utf-8")
    Path("b.yaml").write_text(f"{text}\nregularizers: [l2: 0.1]", encoding="utf-8")
    for name in "ab":
        call("run", f"{name}.yaml", "--jobs", "1")
        (folder,) = Path("runs").glob(f"{name}-*")
        summary, config = read_json(folder / "summary.json"), read_config(folder / "config.yaml")
        write_json(folder / "summary.json", {**summary, "name": f"{name}{HOSTILE}"})
        write_config(folder / "config.yaml", {**config, "name": f"{name}{HOSTILE}"})
        folder.rename(folder.with_name(f"{name}{HOSTILE.replace('/', '')}"))
    damaged = shutil.copytree(next(Path("runs").iterdir()), Path("runs") / f"z{HOSTILE.replace('/', '')}")
    (damaged / "summary.json").write_text(f'{{"{HOSTILE}": ', encoding="utf-8")
    return tmp_path / "runs"


def test_no_command_obeys_a_name(call: Call, runs: Path) -> None:
    first, second = sorted(runs.iterdir())[:2]
    for form in ("table", "csv", "json", "md"):
        for command in (
            ["compare", "runs"], ["ls", "runs"], ["diagnose", "runs"], ["diff", first, second],
            ["compare", "runs", "--only-changed"], ["explain", HOSTILE],
        ):  # fmt: skip
            said = call(*command, "--format", form) if command[0] != "explain" else call(*command)
            if form == "json" and said.startswith(("{", "[")):
                json.loads(said)
            if form == "md":
                assert not re.search(r"(?<!\\)<script", said), said
                rows = [line for line in said.splitlines() if line.startswith("|")]
                widths = {len(re.findall(r"(?<!\\)\|", line)) for line in rows[:1] + rows[2:]}
                assert len(widths) <= 1 or command[0] == "diff", said
    for command in (
        ["run", f"{HOSTILE}.yaml"], ["run", "a.yaml", "-s", f"{HOSTILE}=1"], ["run", "a.yaml", "-s", f"name={HOSTILE}"],
        ["sweep", "a.yaml", "-s", f"dataset.drop={HOSTILE}", "--jobs", "1"], ["validate", "a.yaml", HOSTILE],
        ["run", first / "config.yaml", "--jobs", "1"], ["compare", HOSTILE], ["compare", "runs", "--columns", HOSTILE],
        ["compare", "runs", "--baseline", HOSTILE], ["compare", "runs", "--format", HOSTILE],
        ["predict", first, "table.csv"], ["predict", first, HOSTILE], ["export", first, "-o", f"{HOSTILE}/x"],
        ["data", "a.yaml", "--seed", "0", "--out", "data"], ["lesson", HOSTILE], ["ablate", "b.yaml", "--jobs", "1"],
        ["recommend", "table.csv", "--target", HOSTILE], ["recommend", "table.csv", "--target", "y", "--dry-run"],
        ["bias-variance", "a.yaml", "--draws", "2", "--out", HOSTILE.replace("/", "")],
        ["ls", "runs", "--filter", HOSTILE],
        ["report", "runs", "-o", "page.html"], ["rm", HOSTILE], ["rm", "--dry-run", first], ["init", f"{HOSTILE}/x/y"],
        ["try", HOSTILE], ["worth", HOSTILE], ["play", HOSTILE], ["race", HOSTILE],
        ["plot", HOSTILE],
    ):  # fmt: skip
        call(*command)
    assert "<script>alert(1)" not in Path("page.html").read_text(encoding="utf-8")


def test_only_one_place_draws_and_two_write() -> None:
    """The output of commands and the notes beside it; a picture is a file that `store.atomic` writes."""
    found = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\bConsole\(|\bprint\(|\b(?:stdout|stderr)\.write\(|rich\.print", _code(path))
    }
    assert found == {"core/notes.py", "report/output.py"}


def _code(path: Path) -> str:
    return re.sub(r"console\.print\(|def \w+\(|Thread\(", "", path.read_text(encoding="utf-8"))
