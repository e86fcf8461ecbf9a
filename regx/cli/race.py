"""`regx race`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regx.cli.live import race_view
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
from regx.cli.progress import resumable
from regx.cli.warn import warn


def command(
    config: Annotated[
        str | None, typer.Argument(metavar="[CONFIG]", help="a config with lanes; without one, the built-in sine race")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(metavar="FILE", help="write how the race ended, with its table, as an SVG")
    ] = None,
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
    """Train the lanes of a config side by side, live, and print the race table.

    The lanes share seeds, data, splits and initial weights. -s lanes.LANE.l2.lam=0.01 changes the stack of one of them,
    -s lanes.LANE=off takes it out, -s 'lanes.LANE=[l2: 0.01]' puts one in.
    """
    from regx.config.load import load_lanes
    from regx.runner.cluster import where_to_train
    from regx.runner.standing import grid_folder
    from regx.studies.race.display import check_svg, kept_runs, print_final, race_state, write_svg
    from regx.studies.race.scene import scene
    from regx.studies.sweep.display import print_grid, print_sweep
    from regx.studies.sweep.question import sweep

    places = where_to_train(jobs, dask)
    race = load_lanes(config, overrides or (), seeds)
    check_svg(svg)
    if dry_run:
        print_grid(race.cells, sys.stdout, json)
        return
    lanes = [cell.config for cell in race.cells]
    warn(lanes, quiet, peek, lanes=True)
    picture = scene(lanes[0].dataset, lanes[0].seeds)
    kept = [] if force else kept_runs(lanes, grid_folder(race, Path(out)))
    state = race_state(lanes, peek, kept, picture)
    with resumable(quiet, force), race_view(quiet or json, state, picture) as (on_progress, watch):
        found = sweep(race, race.cells, Path(out), places, force, on_progress, peek=peek, watch=watch)
    shows = not (quiet or json)
    final = race_state(lanes, peek, found.runs, picture) if shows or svg is not None else None
    if final is not None and shows:
        print_final(final, picture, sys.stderr)
    notes = None if quiet else sys.stderr
    code = print_sweep(found, sys.stdout, json, notes)
    if final is not None and svg is not None:
        write_svg(svg, f"regx race {config or ''}".rstrip(), final, picture, found.runs)
    raise typer.Exit(code)
