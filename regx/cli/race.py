"""`regx race`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.live import race_view
from regx.cli.options import PeekOption, Placed
from regx.cli.warn import warn


def command(
    asked: Placed,
    config: Annotated[
        str | None, Argument(metavar="[CONFIG]", help="a config with lanes; without one, the built-in sine race")
    ] = None,
    svg: Annotated[
        Path | None, Option(metavar="FILE", help="write how the race ended, with its table, as an SVG")
    ] = None,
    peek: PeekOption = False,
) -> None:
    """Train the lanes of a config side by side, live, and print the race table.

    The lanes share seeds, data, splits and initial weights. -s lanes.LANE.l2.lam=0.01 changes the stack of one of them,
    -s lanes.LANE=off takes it out, -s 'lanes.LANE=[l2: 0.01]' puts one in.
    """
    from regx.config.load import load_lanes
    from regx.runner.standing import grid_folder
    from regx.studies.race.display import check_svg, print_final, write_svg
    from regx.studies.race.scene import scene
    from regx.studies.race.state import kept_runs, race_state
    from regx.studies.sweep.display import print_grid, print_sweep
    from regx.studies.sweep.question import sweep

    options, out = asked.options(peek), asked.output()
    race = load_lanes(config, asked.set, asked.seeds)
    check_svg(svg)
    if asked.dry_run:
        print_grid(race.cells, out)
        return
    lanes = [cell.config for cell in race.cells]
    warn(lanes, out, peek, lanes=True)
    picture = scene(lanes[0].dataset, lanes[0].seeds)
    kept = [] if asked.force else kept_runs(lanes, grid_folder(race, asked.folder))
    state = race_state(lanes, peek, kept, picture)
    with race_view(out, state, picture) as watchers:
        found = sweep(race, race.cells, asked.folder, replace(options, watchers=watchers))
    final = race_state(lanes, peek, found.runs, picture) if out.shows_progress or svg is not None else None
    if final is not None and out.shows_progress:
        print_final(final, picture, out)
    code = print_sweep(found, out)
    if final is not None and svg is not None:
        write_svg(svg, f"regx race {config or ''}".rstrip(), final, picture, found.runs)
    raise Exit(code)
