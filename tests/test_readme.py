"""The README is true: its commands run, and their output is made of the words that it shows."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "80",
    "TTY_COMPATIBLE": "1",  # tables as a terminal shows them
    "NO_COLOR": "1",
    "TERM": "xterm",
}


def words(text: str) -> list[str]:
    """The words of an output. The last digits of its numbers depend on the processor, and so does where curves run."""
    return re.findall(r"[A-Za-z_]{3,}", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|-[0-9a-f]{8}\b", "", text))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader stands: beside the configs. Later commands see the runs of earlier ones."""
    path = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "configs", path / "configs")
    return path


@pytest.mark.timeout(600)
def test_the_commands_print_what_the_readme_shows(folder: Path, request: pytest.FixtureRequest) -> None:
    assert BLOCKS
    for block in BLOCKS:
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            if "diabetes" in command:
                request.getfixturevalue("diabetes_path")
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            assert words(done.stdout) == words(output), command


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = re.search(r"tests:\n\n```sh\n(.*?)\n```", README)
    assert command is not None
    _, _, in_the_environment = command[1].partition("python3 -m venv .venv && ")
    assert in_the_environment.replace(" -q", "") in (ROOT / ".ci" / "run").read_text().replace(
        " -q --disable-pip-version-check", ""
    )


def test_the_architecture_page_names_every_floor() -> None:
    page = (ROOT / "regx" / "README.md").read_text()
    floors = [path.name for path in (ROOT / "regx").iterdir() if (path / "__init__.py").exists()]
    assert floors
    assert [name for name in floors if not re.search(rf"^.*\b{name} +\S", page, re.MULTILINE)] == []
