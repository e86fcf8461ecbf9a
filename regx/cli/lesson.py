"""`regx lesson`."""

from typing import Annotated

from typer import Argument, Option

from regx.cli.options import TrainingOptions
from regx.cli.progress import followed


def command(
    asked: TrainingOptions,
    names: Annotated[
        list[str] | None, Argument(metavar="[NAME]...", help="an exercise, such as 001.3, or a lesson, such as 003")
    ] = None,
    everything: Annotated[bool, Option("--all", help="run every exercise of every lesson")] = False,
    listed: Annotated[bool, Option("--list", help="list the exercises and run none")] = False,
) -> None:
    """Run the exercises and claims of the lessons; each ends in a verdict. Without a name, list them."""
    from regx.studies.lessons.display import print_exercises, print_finding, print_findings
    from regx.studies.lessons.exercise import chosen, exercises
    from regx.studies.lessons.question import run_exercise

    out = asked.output()
    wanted = chosen(names or (), everything)
    if listed or asked.dry_run or not wanted:
        print_exercises(wanted or list(exercises().values()), out)
        return
    found = []
    for exercise in wanted:
        with followed(out, asked.options()) as options:
            found.append(run_exercise(exercise, asked.folder, asked.seeds, options, asked.set))
        if not out.as_json:
            print_finding(found[-1], out)
            out.stream.flush()
    print_findings(found, out)
