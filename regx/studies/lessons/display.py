"""What `regx lesson` prints: the list, or of each exercise the claim, a row a cell, the answers and the verdict."""

from collections.abc import Sequence
from typing import Any

from regx.evidence.run import read_run
from regx.report.listing import Listed, print_listing
from regx.report.output import Output
from regx.stats.aggregate import mean_interval
from regx.studies.lessons.exercise import Exercise
from regx.studies.lessons.question import per_seed
from regx.studies.lessons.result import Finding


def print_exercises(exercises: Sequence[Exercise], out: Output) -> None:
    """The exercises without running them."""
    if out.as_json:
        out.document([as_json(Finding(one)) for one in exercises])
        return
    print_listing([{"exercise": one.name, "title": one.title} for one in exercises], out, ends=False)


def print_finding(found: Finding, out: Output) -> None:
    """One exercise: what is claimed, what came out, and the verdict last."""
    exercise = found.exercise
    out.say(f"{exercise.name}  {exercise.title}", f"Claim: {exercise.claim}")
    if exercise.lesson_says:
        out.say(f"The lesson prints: {exercise.lesson_says}.")
    out.line()
    if found.folder is not None:
        print_listing(_rows(found), out, ends=True)
        out.line()
    out.say(*(answer.said for answer in found.answers))
    if exercise.why:
        out.say(f"Why the numbers differ: {exercise.why}")
    out.say(f"ClaimVerdict: {in_words(found)}.", *([str(found.folder)] if found.folder else []), "")


def in_words(found: Finding) -> str:
    """The verdict as a sentence ends."""
    words = {"holds": "holds here", "does not hold": "does not hold here", "checked": "arithmetic, and checked"}
    return words.get(found.verdict or "", found.verdict or "not run")


def print_findings(found: Sequence[Finding], out: Output) -> None:
    """Of all exercises together: a row each, or the JSON document."""
    folders = [str(one.folder) for one in found if one.folder is not None]
    if out.as_json:
        out.document([as_json(one) for one in found])
        return
    if len(found) > 1:
        rows = [{"exercise": one.name, "title": one.exercise.title, "verdict": one.verdict} for one in found]
        print_listing(rows, out, ends=False)
    if folders:
        out.next(f"regx report {' '.join(folders)}")


def as_json(found: Finding) -> dict[str, Any]:
    """An exercise as `regx lesson --json` prints it; without a verdict where it has not been run."""
    return {
        "name": found.name, "lesson": found.lesson, "title": found.exercise.title, "claim": found.claim,
        "verdict": found.verdict, "measured": found.measured,
        "seconds": None if found.seconds is None else round(found.seconds, 1),
        "folder": str(found.folder) if found.folder else None,
    }  # fmt: skip


def _rows(found: Finding) -> list[Listed]:
    """A row a cell, with every metric that a question asks for."""
    assert found.folder is not None
    runs = {run.name: run for run in map(read_run, sorted(path for path in found.folder.iterdir() if path.is_dir()))}
    metrics = dict.fromkeys(question.metric for question in found.exercise.questions)
    return [
        {"cell": cell, **{metric: mean_interval(list(per_seed(runs[cell], metric).values())) for metric in metrics}}
        for cell in found.exercise.cells
    ]
