"""The command line as a test calls it: `regx("run", config, code=0)`."""

import subprocess
from collections.abc import Callable
from typing import Any

import typer
from typer.testing import CliRunner, Result

from regx.cli.options import with_options

Regx = Callable[..., subprocess.CompletedProcess[str]]


def outcome(command: Callable[..., Any], *arguments: object) -> Result:
    """What one command's function prints, in this process. An error that it does not end in is raised here."""
    app = typer.Typer()
    app.command()(with_options(command))
    result = CliRunner().invoke(app, list(map(str, arguments)))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result
