"""Small configs and the command line for the tests of training."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Regx

SMALL = """
name: small
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [6]}
regularizers:
  - l2: {lam: 0.01}
  - dropout: {p: 0.2}
optimizer: {name: adam, lr: 0.01}
training: {epochs: 7, eval_every: 2}
seeds: 3
"""

@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A config that trains in a blink."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


@pytest.fixture
def regx(tmp_path: Path) -> Regx:
    """The command line, run in an empty folder."""

    def call(*arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "regx", *map(str, arguments)],
            cwd=tmp_path, capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "160"},
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done

    return call
