"""`regx init`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import JsonOption


def command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="folder to copy the example configs into")],
    json: JsonOption = False,
) -> None:
    """Copy the example configs into a folder.

    Nothing is lost: where a file of other content is in the way, nothing is written.
    """
    from json import dumps

    from regx.reference.examples import copy_examples

    written = copy_examples(folder)
    if json:
        typer.echo(dumps([str(path) for path in written], indent=2))
    else:
        for path in written:
            typer.echo(path)
