"""Runs every exercise of the lessons and writes regx/docs/lessons.md: what is claimed, and what came out here.

    python tests/benchmarks/write_lessons_page.py [FINDINGS.json]

FINDINGS.json: what `regx lesson --all --json` has printed; without it the exercises are run, which takes some minutes.
"""

import json
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

from regx.studies.lessons.exercise import exercises

PAGE = Path(__file__).parents[2] / "regx" / "docs" / "lessons.md"
SOURCES = {
    "000": "Regularization from scratch", "001": "Regularization: dropout, decay and three norms",
    "002": "Regularization for deep networks", "003": "Regularizing networks on the diabetes table",
    "004": "Regularization, foundations",
}  # fmt: skip
VERDICTS = {"holds": "**holds here**", "does not hold": "**does not hold here**", "cannot tell": "**cannot tell**"}


def main() -> None:
    if len(sys.argv) > 1:
        found = json.loads(Path(sys.argv[1]).read_text())
    else:
        command = [sys.executable, "-m", "regx", "lesson", "--all", "--json"]
        found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    by_name = {one["name"]: one for one in found}
    counts = {verdict: sum(one["verdict"] == verdict for one in found) for verdict in [*VERDICTS, "checked"]}
    seconds = sum(one["seconds"] for one in found)
    lines = [
        "# The lessons, tried",
        "",
        "Each exercise, experiment, demonstration and claim of five lessons on regularization, run by `regx lesson` "
        "with its own configs and seeds. `regx lesson 001.3` runs one again, `regx lesson 003` a whole lesson. Written "
        "by `python tests/benchmarks/write_lessons_page.py`; verdicts are of intervals over seeds, so other seeds can "
        "move those that lie close.",
        "",
        f"{date.today():%Y-%m-%d}, {platform.machine()}, {len(found)} exercises in {seconds / 60:.0f} minutes: "
        f"{counts['holds']} hold, {counts['does not hold']} do not, {counts['cannot tell']} cannot be told, "
        f"{counts['checked']} are arithmetic and checked"
        + (f", {left} were not run for this page." if (left := len(exercises()) - len(found)) else "."),
    ]
    lesson = ""
    for exercise in exercises().values():
        if exercise.lesson != lesson:
            lesson = exercise.lesson
            lines += ["", f"## {lesson}: {SOURCES[lesson]}"]
        one = by_name.get(exercise.name)
        lines += ["", f"### {exercise.name} {exercise.title}", "", exercise.claim, ""]
        if exercise.lesson_says:
            lines += [f"The lesson prints: {exercise.lesson_says}.", ""]
        if one is None:
            lines += [f"**not run for this page**: `regx lesson {exercise.name}` does."]
        else:
            lines += [f"{VERDICTS.get(one['verdict'], 'Arithmetic, and checked')}: {one['measured']}"]
        if exercise.why:
            lines += ["", f"Why it differs: {exercise.why}"]
    PAGE.write_text("\n".join(lines) + "\n")


main()
