"""What a shell is told when the tab key is pressed, through its own protocol."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from regx.figures.plot import NAMES

ROOT = Path(__file__).parents[2]
HEAVY = ("numpy", "pandas", "sklearn", "scipy", "pydantic", "yaml", "matplotlib", "rich")

CODE = (
    "import atexit, sys\n"
    f"atexit.register(lambda: print('loaded', *(name for name in {HEAVY} if name in sys.modules)))\n"
    "from regx.cli.app import main; main()"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for run in ("runs/l2-1a2b3c4d", "runs/l2-sweep-0/l2-lam-0.1-00000000"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "run.json").touch()
    (tmp_path / "runs/l2-sweep-0/sweep.json").touch()
    (tmp_path / "runs/notes").mkdir()
    (tmp_path / "configs").mkdir()
    for name in ("race.yaml", "race.txt", "configs/l2.yaml", "table.csv"):
        (tmp_path / name).touch()
    return tmp_path


def pressed(line: str, folder: Path, shell: str = "bash", more: dict[str, str] | None = None) -> list[str]:
    """What is offered after this line; nothing heavy is loaded for it."""
    words = line.split(" ")
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "_REGX_COMPLETE": f"complete_{shell}", "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1), "_TYPER_COMPLETE_ARGS": line,
        **(more or {}),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, env=environment, cwd=folder)
    *found, loaded = done.stdout.splitlines()
    assert loaded == "loaded", done.stderr
    return [word for word in found if word]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("regx explain drop", ["dropconnect", "dropout"]),
        ("regx try max_", ["max_norm"]),
        ("regx plot runs --kind ", list(NAMES)),
        ("regx plot runs -k fitted,ga", ["fitted,gaps"]),
        ("regx compare --metric weight_n", ["weight_norm"]),
        ("regx compare --columns name,seeds_t", ["name,seeds_to_tell"]),
        ("regx run race.yaml -s optimizer.l", ["optimizer.lr="]),
        ("regx run race.yaml --set regularizers.l2.", ["regularizers.l2.lam=", "regularizers.l2.layers="]),
        ("regx lesson 001.", None),
        ("regx compare ru", ["runs/"]),
        ("regx diagnose runs/", ["runs/l2-1a2b3c4d", "runs/l2-sweep-0"]),
        ("regx diff runs/l2-1 runs/l2-s", ["runs/l2-sweep-0"]),
        ("regx predict runs/l2-sweep-0/", ["runs/l2-sweep-0/l2-lam-0.1-00000000"]),
        ("regx run ra", ["race.yaml"]),
        ("regx sweep co", ["configs/"]),
        ("regx recommend t", ["table.csv"]),
        ("regx compare nowhere/", []),
    ],
)
def test_what_a_tab_offers(line: str, offered: list[str] | None, folder: Path) -> None:
    found = pressed(line, folder)
    if offered is None:
        assert found
        assert all(name.startswith("001.") for name in found)
    else:
        assert found == offered


def test_other_shells_are_offered_the_same(folder: Path) -> None:
    environment = {"_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    for shell in ("zsh", "fish"):
        assert "max_norm" in " ".join(pressed("regx try max_", folder, shell, environment))
