"""KEY=VALUE among a command's arguments is a setting."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from regx.cli.app import app
from regx.cli.settings import with_settings

TAKING = {"--set", "-s", "--out"}


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("c.yaml optimizer.lr=1", "c.yaml --set optimizer.lr=1"),
        ("a=1 c.yaml lanes.my-lane.l2=off", "--set a=1 c.yaml --set lanes.my-lane.l2=off"),
        ("c.yaml -s a=1 --set b=2 --out c=3", "c.yaml -s a=1 --set b=2 --out c=3"),
        ("--set=a=1 there=1.yaml ./x=1 -- a=1", "--set=a=1 there=1.yaml ./x=1 -- a=1"),
    ],
)
def test_a_bare_setting_is_set(arguments: str, found: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("there=1.yaml").touch()
    assert with_settings(arguments.split(), TAKING) == found.split()


def test_commands_take_them(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("regularizers: [l2]\n")
    done = CliRunner().invoke(app, ["validate", str(path), "optimizer.lr=0.1,0.2", "regularizers.l2=off"])
    assert done.stdout.endswith("ok, c, none, 2 cells\n"), done.output
    done = CliRunner().invoke(app, ["run", str(path), "optimizer.lrr=1", "-n"])
    assert "unknown key 'optimizer.lrr'" in str(done.exception)
