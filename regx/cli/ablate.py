"""`regx ablate`."""

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
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="a config file with a stack of regularizers")],
    metric: Annotated[str, typer.Option(help="what the effects are about: a loss or an accuracy")] = "test_loss",
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
    """Train every on/off combination of the stack, and say what each regularizer adds, alone and with the others."""
    from regx.config.load import load_config
    from regx.runner.cluster import where_to_train
    from regx.studies.ablation.display import print_ablation
    from regx.studies.ablation.question import ablate, combinations
    from regx.studies.sweep.display import print_grid

    places = where_to_train(jobs, dask)
    loaded = load_config(config, overrides or (), seeds)
    cells = combinations(loaded)
    if dry_run:
        print_grid(cells, sys.stdout, json)
        return
    warn([cell.config for cell in cells], quiet)
    with resumable(quiet, force), progress_bar(quiet or json) as on_progress:
        found = ablate(loaded, Path(out), metric, places, force, on_progress)
    raise typer.Exit(print_ablation(found, sys.stdout, sys.stderr, json, quiet))
