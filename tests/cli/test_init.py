"""`regx init`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from regx.cli.app import app
from regx.config.load import configs_folder
from regx.core.errors import InputError
from regx.reference.examples import copy_examples

EXAMPLES = {path.name: path.read_bytes() for path in configs_folder().glob("*.yaml")}


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_copies_the_examples_and_may_be_repeated(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        result = CliRunner().invoke(app, ["init", str(folder)])
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [str(folder / name) for name in sorted(EXAMPLES)]
    assert content(folder) == EXAMPLES
    result = CliRunner().invoke(app, ["init", str(folder), "--json"])
    assert json.loads(result.stdout) == [str(folder / name) for name in sorted(EXAMPLES)]


def test_nothing_is_lost_and_nothing_is_half_done(tmp_path: Path) -> None:
    mine = tmp_path / "none.yaml"
    mine.write_text("mine")
    with pytest.raises(InputError, match=r"found .*none\.yaml\. Nothing was written\. Name another folder"):
        copy_examples(tmp_path)
    assert content(tmp_path) == {"none.yaml": b"mine"}


def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(InputError, match="expected a folder to write into"):
        copy_examples(file)
