"""The style, types and floors of the code, as part of the one test command."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

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
