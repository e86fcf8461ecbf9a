"""`regx worth`."""

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
    QuietOption,
    SeedsOption,
    SetOption,
)
from regx.cli.progress import progress_bar, resumable


def command(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="a race, or a config with a stack of regularizers")],
    rows: Annotated[str | None, typer.Option(metavar="A,B,...", help="sizes of the training split; else seven")] = None,
    metric: Annotated[str, typer.Option(help="the loss by which lanes are compared")] = "test_loss",
    overrides: SetOption = None,
    seeds: SeedsOption = None,
    out: OutOption = "runs",
    jobs: JobsOption = None,
    dask: DaskOption = None,
    force: ForceOption = False,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say what the lanes' regularizers are worth in training rows: collect more data, or regularize."""
    from regx.config.load import load_any
    from regx.core.errors import InputError
    from regx.runner.cluster import where_to_train
    from regx.studies.sweep.display import print_grid
    from regx.studies.worth.display import print_worth
    from regx.studies.worth.question import cells_of, worth

    places = where_to_train(jobs, dask)
    try:
        sizes = [int(part) for part in rows.split(",")] if rows else []
    except ValueError:
        raise InputError(f"--rows: expected whole numbers such as 30,60,120, found {rows}") from None
    if not metric.endswith("_loss"):
        raise InputError(f"--metric: expected test_loss, val_loss or train_loss, found {metric}")
    grid = load_any(config, overrides or (), seeds)
    if dry_run:
        print_grid(cells_of(grid, sizes)[2], sys.stdout, json)
        return
    with resumable(quiet, force), progress_bar(quiet or json) as on_progress:
        found = worth(grid, Path(out), sizes, metric, places, force, on_progress)
    raise typer.Exit(print_worth(found, sys.stdout, sys.stderr, json, quiet))
