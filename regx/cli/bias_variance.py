"""`regx bias-variance`."""

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
from regx.cli.warn import warn


def command(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="a config file; a list in it is the axis")],
    draws: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="training sets to draw; else one per seed of the config")
    ] = None,
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
    """Split the expected test error into bias², variance and noise, over training sets drawn anew.

    Each seed is a training set, so --draws 50 is the same as --seeds 50.
    """
    from regx.config.load import load_grid
    from regx.core.errors import InputError
    from regx.runner.cluster import where_to_train
    from regx.studies.bias_variance.display import print_plan, print_study
    from regx.studies.bias_variance.question import bias_variance, missing_points, study_folder

    if draws is not None and seeds is not None:
        raise InputError("expected --draws or --seeds, found both: each seed is a training set to draw.")
    places = where_to_train(jobs, dask)
    grid = load_grid(config, overrides or (), (), seeds if draws is None else draws)
    folder = study_folder(grid, Path(out))
    if dry_run:
        print_plan(folder, [grid.cells[number] for number in missing_points(grid, folder, force)], sys.stdout, json)
        return
    warn([cell.config for cell in grid.cells], quiet)
    with resumable(quiet, force), progress_bar(quiet or json) as on_progress:
        study = bias_variance(grid, Path(out), places, force, on_progress)
    raise typer.Exit(print_study(study, sys.stdout, sys.stderr, json, quiet))
