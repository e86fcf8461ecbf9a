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


# What the commands of the README are given beside their own options, so that they end within seconds.
SHORT = {
    "data": "", "recommend": "--minutes 0.05", "run": "--seeds 1 -s training.epochs=20", "lesson": "--list",
    "try": "--seeds 2 -s training.epochs=20", "race": "--seeds 1 -s training.epochs=20 --svg race.svg",
    "play": "--no-browser --seeds 1",
}  # fmt: skip


@pytest.mark.timeout(900)
def test_the_blocks_of_the_readme_run(tmp_path: Path) -> None:
    """In a ready environment, where a fresh one is made first; the playground until it is asked to end."""
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    lines = [line.partition("#")[0].replace(".venv/bin/", "") for block in blocks for line in block.splitlines()]
    commands = [line.strip() for line in lines if line.startswith("regx ")]
    assert {command.split()[1] for command in commands} == SHORT.keys()
    for command in commands:
        name = command.split()[1]
        words = ["timeout", "-s", "INT", "6"] * (name == "play") + [*command.split(), *SHORT[name].split()]
        done = subprocess.run(words, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
        assert done.returncode in ((124, 130) if name == "play" else (0,)), f"{command}\n{done.stdout}{done.stderr}"


CODE = [(page, code) for page in (README, *sorted(DOCS.glob("*.md"))) for code in
        re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)]  # fmt: skip


@pytest.mark.parametrize(("page", "code"), CODE, ids=lambda one: one.name if isinstance(one, Path) else "")
def test_the_python_of_a_page_runs(page: Path, code: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, f"{page}\n{done.stderr}"


def test_every_command_that_a_page_names_has_the_options_that_it_names() -> None:
    """Those in sentences too, such as `regx export RUN -o model.onnx`, and those whose output took minutes."""
    import typer

    from regx.cli.app import app

    whole = typer.main.get_command(app)
    context = whole.make_context("regx", [], resilient_parsing=True)
    named = 0
    for page in (README, ROOT / "regx" / "README.md", *sorted(DOCS.glob("*.md"))):
        text = page.read_text("utf-8")
        said = [*re.findall(r"(?<!`)`(regx [^`]+)`(?!`)", text), *re.findall(r"^\$ (regx .*)$", text, re.MULTILINE)]
        for command in said:
            name, *words = re.split(r"[|>;]", command)[0].split()[1:]
            if not re.fullmatch("[a-z][a-z-]*", name):
                assert name.startswith("--") or name.isupper(), f"{page.name}: {command}"
                continue
            found = whole.get_command(context, name)  # type: ignore[attr-defined]
            assert found is not None, f"{page.name}: {command}"
            options = {option for one in found.params for option in (*one.opts, *one.secondary_opts)} | {"--help"}
            wrong = [word for word in words if re.match("-[a-z-]", word) and word.partition("=")[0] not in options]
            assert not wrong, f"{page.name}: {command}"
            named += 1
    assert named > 100


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
