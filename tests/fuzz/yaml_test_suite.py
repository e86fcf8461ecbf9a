"""`regx validate`, and its reader, over the inputs of the public yaml-test-suite.

    python tests/fuzz/yaml_test_suite.py FOLDER

FOLDER is a copy of https://github.com/yaml/yaml-test-suite, branch `data`: folders with `in.yaml`, beside it `in.json`
with what it means, or `error` where it means nothing. None of them is a config, so every one must be refused with a
message; what the reader does read must be what the suite says. Ends with 1 if something else happens.

PyYAML, which cuts the text into events, departs from the suite in the cases of PYYAML: it reads a few texts that are
no YAML (a list in brackets that is not indented, a comment without a blank before it), and takes `?x` in brackets for a
key, `&a:b` for the anchor `a`, and a block without a line end at the end of the file for one without blanks.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections import Counter
from pathlib import Path

from typer.testing import CliRunner

from regx.cli.app import app
from regx.config.reader import read_text
from regx.core.errors import InputError

UNWELCOME, OTHERWISE = "read, though no YAML", "read, but otherwise than the suite says"
PYYAML = {
    "9C9N", "9JBA", "CVW2", "DK95/01", "G5U8", "QB6E", "S98Z", "SU5Z", "YJV2",  # read, though no YAML
    "652Z", "HM87/01", "L24T/01", "Y2GN",  # read otherwise
}  # fmt: skip


def main(folder: Path) -> int:
    """Print how many inputs there were, what became of them, and the identifiers of those that went wrong."""
    inputs = sorted(folder.rglob("in.yaml"))
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for path in inputs:
        # A case stands in its own folder, or in 00, 01, ... where there are several.
        number, *which = path.parent.relative_to(folder).parts
        name = "/".join([number, *(f"{int(part):02}" for part in which)]).removesuffix("/00")
        result = CliRunner().invoke(app, ["validate", str(path)])
        if not isinstance(result.exception, SystemExit) or result.exit_code != 2:
            traceback.print_exception(result.exception) if result.exception else None
            wrong.append(f"{name}: validate ended with {result.exit_code}")
        outcome = _outcome(path)
        departs = outcome in (UNWELCOME, OTHERWISE)
        counts["as PyYAML departs from the suite" if departs and name in PYYAML else outcome] += 1
        if departs and name not in PYYAML:
            wrong.append(f"{name}: {outcome}")
    print(f"{len(inputs)} inputs: " + ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    print("\n".join(wrong) or "nothing went wrong")
    return 1 if wrong or not inputs else 0


def _outcome(path: Path) -> str:
    """What the reader makes of an input, beside what the suite says of it."""
    try:
        root, problems = read_text(path.read_bytes(), path.name)
    except InputError:
        return "refused"
    if problems:
        return "refused"
    if (path.parent / "error").exists():
        return UNWELCOME
    meaning = path.parent / "in.json"
    if not meaning.exists():
        return "read, which the suite gives no JSON for"
    return "read as the suite says" if root.plain() == _json(meaning) else OTHERWISE


def _json(path: Path) -> object:
    text = path.read_text(encoding="utf-8")
    return json.loads(text) if text.strip() else None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
