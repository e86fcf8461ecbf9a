"""`regx recommend`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import (
    DryRunOption,
    ForceOption,
    JobsOption,
    JsonOption,
    OutOption,
    QuietOption,
    SeedsOption,
    SetOption,
)
from regx.cli.progress import resumable
from regx.cli.stages import stages


def command(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="a CSV file with a header line")],
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="the column to predict")] = None,
    config: Annotated[
        Path | None, typer.Option("-o", metavar="CONFIG", help="write the recommended config here too")
    ] = None,
    minutes: Annotated[float, typer.Option(metavar="M", min=0.05, help="about how long it may take")] = 5.0,
    splits: Annotated[
        int | None, typer.Option(metavar="N", min=2, help="so many outer splits, as --seeds N; else 10")
    ] = None,
    overrides: SetOption = None,
    seeds: SeedsOption = None,
    out: OutOption = "runs",
    jobs: JobsOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Which regularizers help on a table.

    Races the usual stacks from none to full, chooses their strengths and the stack on validation rows, judges on test
    rows that no choice has seen, beside plain models of scikit-learn, and writes the config it recommends.
    """
    from regx.core.errors import SOME_DIVERGED, InputError
    from regx.studies.recommendation.display import (
        document,
        inspection_lines,
        plan_lines,
        print_recommendation,
        to_json,
        write_paragraphs,
    )
    from regx.studies.recommendation.question import TableQuestion, planned
    from regx.studies.recommendation.race import recommend
    from regx.studies.recommendation.write import check_output, write

    if target is None:
        from regx.data.cells import read_cells

        columns = ", ".join(read_cells(table, fewest=0).names)
        raise InputError(f"--target: expected the column to predict, found none. Columns of {table}: {columns}.")
    if splits is not None and seeds is not None:
        raise InputError(f"--splits {splits} and --seeds {seeds} say the same thing: expected one of the two.")
    if config is not None:
        check_output(config, force)
    question = TableQuestion(table, target, tuple(overrides or ()), seeds or splits, minutes, jobs, force)
    plan = planned(question)
    if not json:
        write_paragraphs(inspection_lines(plan.inspection), sys.stdout)
    if dry_run:
        lines = plan_lines(
            [lane.name for lane in plan.lanes],
            len(plan.base.seeds),
            plan.base.training.epochs,
            plan.seconds,
            plan.notes,
        )
        if json:
            typer.echo(to_json({"inspection": plan.inspection.as_json(), "plan": lines}), nl=False)
        else:
            write_paragraphs(lines, sys.stdout)
        return
    sys.stdout.flush()
    with resumable(quiet, force), stages(quiet or json) as on_stage:
        found = recommend(question, plan, Path(out), on_stage)
    said = {**document(found), "config": str(write(found, config))}
    if json:
        typer.echo(to_json(said), nl=False)
    else:
        typer.echo()
        print_recommendation(said, sys.stdout)
    if found.unfinished:
        raise typer.Exit(SOME_DIVERGED)
