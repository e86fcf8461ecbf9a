"""`regx run`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import (
    DaskOption,
    DryRunOption,
    ForceOption,
    JobsOption,
    JsonOption,
    OutOption,
    PeekOption,
    QuietOption,
    SeedsOption,
    SetOption,
)
from regx.cli.progress import progress_bar, resumable
from regx.cli.warn import warn


def command(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="a config file")],
    overrides: SetOption = None,
    seeds: SeedsOption = None,
    out: OutOption = "runs",
    jobs: JobsOption = None,
    dask: DaskOption = None,
    force: ForceOption = False,
    peek: PeekOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train every seed of one config that its run folder lacks, and print its row."""
    from regx.config.load import load_config
    from regx.evidence.run import read_run
    from regx.report.run import print_plan, print_run
    from regx.runner.cluster import where_to_train
    from regx.runner.runs import Target, bring_up_to_date, check_free, missing
    from regx.runner.standing import run_folder

    places = where_to_train(jobs, dask)
    loaded = load_config(config, overrides or (), seeds)
    target = Target(loaded, run_folder(loaded, Path(out)))
    if dry_run:
        from regx.reference.checked import trained_in_words
        from regx.runner.plan import Member, dataset, plan

        next(iter(plan([loaded], [Member(0, loaded.seeds[0])], 1, peek)))  # what cannot be trained is refused here too
        for line in trained_in_words(loaded, dataset(loaded.dataset, loaded.seeds[0])) if not quiet else ():
            print(f"note: {line}", file=sys.stderr)
        print_plan(target.folder, [member.seed for member in missing([target], force)], sys.stdout, json)
        return
    check_free([target], force)
    warn([loaded], quiet, peek)
    with resumable(quiet, force), progress_bar(quiet or json) as on_progress:
        bring_up_to_date([target], places, force, on_progress, peek=peek, pictured="run")
    raise typer.Exit(print_run(read_run(target.folder), sys.stdout, json))
