"""`regx ablate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import Placed, with_options
from regx.cli.progress import followed
from regx.cli.warn import warn


@with_options
def command(
    config: Annotated[str, typer.Argument(metavar="CONFIG", help="a config file with a stack of regularizers")],
    asked: Placed,
    metric: Annotated[str, typer.Option(help="what the effects are about: a loss or an accuracy")] = "test_loss",
) -> None:
    """Train every on/off combination of the stack, and say what each regularizer adds, alone and with the others."""
    from regx.config.load import load_config
    from regx.studies.ablation.display import print_ablation
    from regx.studies.ablation.question import ablate, combinations
    from regx.studies.sweep.display import print_grid

    options, out = asked.options(), asked.output()
    loaded = load_config(config, asked.set, asked.seeds)
    cells = combinations(loaded)
    if asked.dry_run:
        print_grid(cells, out)
        return
    warn([cell.config for cell in cells], out)
    with followed(out, options) as options:
        found = ablate(loaded, Path(asked.out), metric, options)
    raise typer.Exit(print_ablation(found, out))
