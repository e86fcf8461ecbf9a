"""`regx worth`."""

from typing import Annotated

from typer import Argument, Exit, Option

from regx.cli.options import Placed
from regx.cli.progress import followed


def command(
    config: Annotated[str, Argument(metavar="CONFIG", help="a race, or a config with a stack of regularizers")],
    asked: Placed,
    rows: Annotated[str | None, Option(metavar="A,B,...", help="sizes of the training split; else seven")] = None,
    metric: Annotated[str, Option(help="the loss by which lanes are compared")] = "test_loss",
) -> None:
    """Say what the lanes' regularizers are worth in training rows: collect more data, or regularize."""
    from regx.config.load import load_any
    from regx.core.errors import InputError
    from regx.studies.sweep.display import print_grid
    from regx.studies.worth.display import print_worth
    from regx.studies.worth.question import cells_of, worth

    options, out = asked.options(), asked.output()
    try:
        sizes = [int(part) for part in rows.split(",")] if rows else []
    except ValueError:
        raise InputError(f"--rows: expected whole numbers such as 30,60,120, found {rows}") from None
    if not metric.endswith("_loss"):
        raise InputError(f"--metric: expected test_loss, val_loss or train_loss, found {metric}")
    grid = load_any(config, asked.set, asked.seeds)
    if asked.dry_run:
        print_grid(cells_of(grid, sizes)[2], out)
        return
    with followed(out, options) as options:
        found = worth(grid, asked.folder, sizes, metric, options)
    raise Exit(print_worth(found, out))
