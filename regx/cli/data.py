"""`regx data`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import OutOption, Saying, SetOption, with_options


@with_options
def command(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="a config file")],
    out: OutOption,
    saying: Saying,
    seed: Annotated[int, typer.Option(metavar="S", min=0, help="the seed whose draw or split is written")] = 0,
    set: SetOption = None,
) -> None:
    """Write train.csv, val.csv and test.csv as the network sees them: the features, then `target`."""
    from regx.config.load import load_source
    from regx.data.export import export

    dataset = load_source(config, overrides=set or ()).load(seed)
    paths = [str(path) for path in export(dataset, Path(out))]
    output = saying.output()
    output.note(*dataset.notes)
    if output.as_json:
        about = {name: getattr(dataset, name) for name in ("task", "target", "features", "classes", "notes")}
        output.document({"files": paths, "seed": seed, **about})
    else:
        output.lines([path] for path in paths)
