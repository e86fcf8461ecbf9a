"""`regx ablate`."""

from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import Placed
from regx.cli.progress import followed
from regx.cli.warn import warn


def command(
    config: Annotated[str, Argument(metavar="CONFIG", help="a config file with a stack of regularizers")],
    asked: Placed,
    metric: Annotated[str, Option(help="what the effects are about: a loss or an accuracy")] = "test_loss",
) -> None:
    """Train every on/off combination of the stack, and say what each regularizer adds, alone and with the others.

    Along an axis, such as -s optimizer.lr=0.01,0.05,0.1, what each adds at every value, and where that turns.
    """
    from regx.config.load import load_grid
    from regx.studies.ablation.along import ablate_along, cells_along
    from regx.studies.ablation.display import print_ablation
    from regx.studies.ablation.display_along import print_along
    from regx.studies.ablation.question import ablate, combinations
    from regx.studies.sweep.display import print_grid

    options, out = asked.options(), asked.output()
    grid = load_grid(config, asked.set, seeds=asked.seeds)
    cells = cells_along(grid) if grid.axes else combinations(grid.cells[0].config)
    if asked.dry_run:
        print_grid(cells, out)
        return
    warn([cell.config for cell in cells], out)
    with followed(out, options) as options:
        if grid.axes:
            along = ablate_along(grid, asked.folder, metric, options)
        else:
            found = ablate(grid.cells[0].config, asked.folder, metric, options)
    raise Exit(print_along(along, out) if grid.axes else print_ablation(found, out))
