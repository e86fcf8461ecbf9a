"""`regx diagnose`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from regx.cli.options import Saying


def command(
    runs: Annotated[
        list[str], Argument(metavar="RUN...", help="run folders, folders of runs, or logs of other programs")
    ],
    saying: Saying,
    apply: Annotated[
        Path | None, Option(metavar="FILE", help="write the config of the one run with the first advice applied")
    ] = None,
    advice: Annotated[int, Option(metavar="N", help="with --apply: the N-th advice instead of the first")] = 1,
    force: Annotated[bool, Option("--force", help="with --apply: replace the file if there is one")] = False,
    train_loss: Annotated[str | None, Option(metavar="COLUMN", help="of a log: its training losses")] = None,
    val_loss: Annotated[str | None, Option(metavar="COLUMN", help="of a log: its validation losses")] = None,
) -> None:
    """Say whether runs overfit, underfit, diverged or are healthy, by what evidence, and what to change next."""
    from regx.studies.diagnosis.advice import diagnosed
    from regx.studies.diagnosis.display import print_diagnoses, write_changed

    out = saying.output()
    columns = {role: name for role, name in (("train_loss", train_loss), ("val_loss", val_loss)) if name is not None}
    found, problems = diagnosed(runs, columns)
    said = [write_changed(found, advice, apply, force)] if apply is not None else []
    print_diagnoses(found, out)
    out.insist(*(f"warning: {problem}" for problem in problems))
    out.note(*said)
