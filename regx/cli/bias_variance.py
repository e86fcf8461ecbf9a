"""`regx bias-variance`."""

from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import Placed
from regx.cli.progress import followed
from regx.cli.warn import warn


def command(
    config: Annotated[str, Argument(metavar="CONFIG", help="a config file; a list in it is the axis")],
    asked: Placed,
    draws: Annotated[
        int | None, Option(metavar="N", min=1, help="training sets to draw; else one per seed of the config")
    ] = None,
) -> None:
    """Split the expected test error into bias², variance and noise, over training sets drawn anew.

    Each seed is a training set, so --draws 50 is the same as --seeds 50.
    """
    from regx.config.load import load_grid
    from regx.core.errors import InputError
    from regx.studies.bias_variance.display import print_plan, print_study
    from regx.studies.bias_variance.question import bias_variance, missing_points, study_folder

    if draws is not None and asked.seeds is not None:
        raise InputError("expected --draws or --seeds, found both: each seed is a training set to draw.")
    options, out = asked.options(), asked.output()
    grid = load_grid(config, asked.set, (), asked.seeds if draws is None else draws)
    folder = study_folder(grid, asked.folder)
    if asked.dry_run:
        print_plan(folder, [grid.cells[number] for number in missing_points(grid, folder, options.force)], out)
        return
    warn([cell.config for cell in grid.cells], out)
    with followed(out, options) as options:
        study = bias_variance(grid, asked.folder, options)
    raise Exit(print_study(study, out))
