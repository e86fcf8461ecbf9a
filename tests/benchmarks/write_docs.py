"""Writes what is generated: the command reference, what a shell completes, and the outputs that pages show.

    python tests/benchmarks/write_docs.py [PAGE ...]

Every `console` block is run anew, as the test does, and what it prints takes the place of what stood there.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from test_readme import ENVIRONMENT, PAGES, command_reference, completions  # noqa: E402


def main() -> None:
    (ROOT / "regx" / "docs" / "commands.md").write_text(command_reference())
    (ROOT / "regx" / "cli" / "completions.json").write_text(completions())
    for page in PAGES:
        if len(sys.argv) > 1 and page.name not in sys.argv[1:]:
            continue
        text = page.read_text()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            shutil.copytree(ROOT / "configs", folder / "configs")
            (folder / ".github").mkdir()
            # Blocks lie between the fences: every second part of the text.
            parts = re.split(r"(?<=```console\n)(.*?)(?=```)", text, flags=re.DOTALL)
            text = "".join(_again(part, folder) if place % 2 else part for place, part in enumerate(parts))
        page.write_text(text)


def _again(block: str, folder: Path) -> str:
    shown = ""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command = part.partition("\n")[0]
        print(command, file=sys.stderr)
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", done.stdout).splitlines()
        shown += "".join(f"{line.rstrip()}\n" for line in [f"$ {command}", *lines])
    return shown


if __name__ == "__main__":
    main()
