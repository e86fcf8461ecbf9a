"""`regx lesson`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import ForceOption, JobsOption, JsonOption, OutOption, QuietOption, SeedsOption
from regx.cli.progress import progress_bar, resumable


def command(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="an exercise, such as 001.3, or a lesson, such as 003"),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="run every exercise of every lesson")] = False,
    listed: Annotated[bool, typer.Option("--list", help="list the exercises and run none")] = False,
    seeds: SeedsOption = None,
    out: OutOption = "runs",
    jobs: JobsOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the exercises and claims of the lessons; each ends in a verdict. Without a name, list them."""
    from regx.studies.lessons.display import print_exercises, print_finding, print_findings
    from regx.studies.lessons.exercise import chosen, exercises
    from regx.studies.lessons.question import run_exercise

    wanted = chosen(names or (), everything)
    if listed or not wanted:
        print_exercises(wanted or list(exercises().values()), sys.stdout, json)
        return
    found = []
    for exercise in wanted:
        with resumable(quiet, force), progress_bar(quiet or json) as on_progress:
            finding = run_exercise(exercise, Path(out), seeds, jobs, force, on_progress)
        found.append((exercise, finding))
        if not json:
            print_finding(exercise, finding, sys.stdout)
            sys.stdout.flush()
    print_findings(found, sys.stdout, json)
