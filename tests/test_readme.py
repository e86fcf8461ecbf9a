"""The README and the pages are true: their commands run, and outputs are made of the words that they show."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "regx" / "docs"
PAGES = [page for page in (README, *sorted(DOCS.glob("*.md"))) if "```console\n" in page.read_text("utf-8")]
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


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_print_what_a_page_shows(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = tmp_path  # where a reader stands: beside the configs; later commands see the runs of earlier ones
    shutil.copytree(ROOT / "configs", folder / "configs")
    for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            if "diabetes" in command:
                request.getfixturevalue("diabetes_path")
            done = subprocess.run(["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
            assert words(done.stdout) == words(output), command


def test_ci_runs_the_test_command_of_the_readme() -> None:
    command = re.search(r"tests:\n\n```sh\n(.*?)\n```", README.read_text())
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


def command_reference() -> str:
    """regx/docs/commands.md, from the help of every command."""
    import typer

    from regx.cli.app import app

    whole = typer.main.get_command(app)
    context = whole.make_context("regx", [], resilient_parsing=True)
    lines = ["# Commands", "", "Written by `python tests/benchmarks/write_docs.py` from the help of each command.", ""]
    for name, command in whole.commands.items():  # type: ignore[attr-defined]
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        inner.max_content_width = 100
        inner.terminal_width = 100
        lines += [f"## regx {name}", "", "```text", command.get_help(inner).strip(), "```", ""]
    return "\n".join(line.rstrip() for line in "\n".join(lines).splitlines()) + "\n"


def completions() -> str:
    """regx/cli/completions.json, from what declares the names."""
    from regx.core.parameters import parameters
    from regx.data import REGISTRY as DATASETS
    from regx.figures.plot import NAMES
    from regx.metrics import REGISTRY as METRICS
    from regx.nn.architecture import Architecture, Training
    from regx.optim import REGISTRY as OPTIMIZERS
    from regx.reference.catalog import entries
    from regx.regularizers import REGISTRY as REGULARIZERS
    from regx.report.columns import COLUMNS
    from regx.studies.lessons.exercise import exercises

    sections = {"dataset": DATASETS.values(), "optimizer": OPTIMIZERS.values(), "architecture": (Architecture,)}
    keys = {f"{section}.name=" for section in ("dataset", "optimizer")} | {"name=", "seeds="}
    for section, kinds in {**sections, "training": (Training,)}.items():
        keys |= {f"{section}.{name}=" for kind in kinds for name in parameters(kind)}
    for name, kind in REGULARIZERS.items():
        keys |= {f"regularizers.{name}=", *(f"regularizers.{name}.{key}=" for key in parameters(kind))}
    found = {
        "names": sorted({entry.name for entry in entries()}),
        "regularizers": sorted(REGULARIZERS),
        "lessons": list(exercises()),
        "kinds": list(NAMES),
        "metrics": list(METRICS),
        "columns": list(COLUMNS),
        "keys": sorted(keys),
    }
    return json.dumps(found, indent=1) + "\n"


def test_what_a_shell_completes_is_current() -> None:
    path = ROOT / "regx" / "cli" / "completions.json"
    assert path.read_text() == completions(), "python tests/benchmarks/write_docs.py"


def test_the_command_reference_is_current() -> None:
    assert (DOCS / "commands.md").read_text() == command_reference(), "python tests/benchmarks/write_docs.py"


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = README.read_text()
    assert text.count("\n") <= 150
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target


def test_every_page_can_be_explained() -> None:
    from regx.reference.catalog import explained

    for page in DOCS.glob("*.md"):
        assert any(entry.group == "pages" for entry in explained(page.stem)), page
