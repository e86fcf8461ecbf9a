"""The style, types and floors of the code, as part of the one test command."""

import ast
import graphlib
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

import regx

ROOT = Path(__file__).parents[1]
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_code_passes(check: str) -> None:
    done = subprocess.run([sys.executable, *CHECKS[check]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_class_name_stands_once() -> None:
    """A reader who meets a name knows which class it is."""
    found = re.findall(r"^class (\w+)", "\n".join(path.read_text() for path in (ROOT / "regx").rglob("*.py")), re.M)
    assert [name for name, times in Counter(found).items() if times > 1] == []


def _imported(path: Path, modules: Collection[str]) -> set[str]:
    """The modules that a file imports anywhere: at its top, in functions, and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {name: f"{node.module}.{name}" for name in (alias.name for alias in node.names)}
            found |= {inner[name] if inner[name] in modules else str(node.module) for name in inner}
    return found & set(modules)


def test_no_file_imports_itself_through_others() -> None:
    """Import-linter knows packages; this is of files, and of imports that a function makes."""
    paths = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "regx").rglob("*.py")}
    modules = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    graph = {name: _imported(path, modules) for name, path in modules.items()}
    assert "regx" not in set.union(*(graph[name] for name in graph if name.count(".") > 1)), "the package is on top"
    list(graphlib.TopologicalSorter(graph).static_order())  # raises a CycleError that names the files


def test_the_version_stands_once() -> None:
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert regx.__version__ == said
