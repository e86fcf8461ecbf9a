"""`regx validate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import JsonOption, QuietOption, SetOption


def command(
    configs: Annotated[list[Path], typer.Argument(metavar="CONFIG", help="config files")],
    set: SetOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check configs, and say everything that is wrong with them."""
    from json import dumps

    from regx.core.errors import BAD_INPUT
    from regx.reference.checked import check

    results = [check(path, set or ()) for path in configs]
    if json:
        typer.echo(dumps([result.as_json() for result in results], indent=2))
    for result in results if not json else ():
        if result.error is None:
            typer.echo(result.line())
            for warning in result.warnings() if not quiet else ():
                typer.echo(f"warning: {warning}", err=True)
            for note in result.notes if not quiet else ():
                typer.echo(f"note: {note}", err=True)
        else:
            typer.echo(f"error: {result.error}", err=True)
    if any(result.error is not None for result in results):
        raise typer.Exit(BAD_INPUT)
