"""The scripts beside this file with small numbers: what they hold is held by the test command too.

kills.py: kill -9 at random times, of runs and of sweeps. signals.py: SIGINT, SIGTERM, SIGHUP, and many starts at once.
faults.py: every write failing, and file systems that are too small. damage.py: files cut and bits turned.
strangers.py: special files, bombs, and files that are sealed rightly and hold what they must not.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts commands by forking")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("kills.py --runs 2 --sweeps 1 --jobs 1 2", "sweep, 2 jobs: 1 killed"),
        ("signals.py --times 1 --starts 6 --within 30", "starts at once"),
        ("faults.py --step 29", "each then resumed to bit-identical results"),
        ("strangers.py --commands 30", "0 findings"),
        ("damage.py --offsets 30 --bits 20", "run.json: "),
    ],
)
def test_a_script_finds_nothing(script: str, said: str) -> None:
    name, *options = script.split()
    done = subprocess.run(
        [sys.executable, HERE / name, *options], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout


def test_the_reliability_page_names_tests_that_exist() -> None:
    root = HERE.parents[1]
    page = (root / "regx" / "docs" / "reliability.md").read_text()
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 30
    for row in rows:
        promise, _, held = row.strip("| ").rpartition(" | ")
        assert promise
        named = re.findall(r"`(tests/[^`]*)`", held)
        assert named, row
        for name in named:
            path, _, rest = name.partition("::")
            path, *options = path.split()
            assert (root / path).exists(), name
            if rest or options:
                text = (root / path).read_text()
                assert f"def {rest}" in text, name
                assert all(option in text for option in options if option.startswith("--")), name
