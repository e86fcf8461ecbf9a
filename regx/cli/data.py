"""`regx data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import JsonOption, OutOption, QuietOption, SetOption


def command(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="a config file")],
    out: OutOption,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="the seed whose draw or split is written")] = 0,
    set: SetOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write train.csv, val.csv and test.csv as the network sees them: the features, then `target`."""
    from json import dumps

    from regx.config.load import load_source
    from regx.data.export import export

    dataset = load_source(config, overrides=set or ()).load(seed)
    paths = [str(path) for path in export(dataset, Path(out))]
    if not quiet:
        for note in dataset.notes:
            typer.echo(note, err=True)
    if json:
        about = {name: getattr(dataset, name) for name in ("task", "target", "features", "classes", "notes")}
        typer.echo(dumps({"files": paths, "seed": seed, **about}, indent=2))
    else:
        typer.echo("\n".join(paths))
