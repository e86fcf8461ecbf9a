"""The command line: which commands there are, and how every one of them ends.

A command's own imports stand inside its function, so that `regx --help` loads none of them.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from regx.cli import (
    ablate,
    bias_variance,
    compare,
    data,
    diagnose,
    explain,
    init,
    plot,
    race,
    recommend,
    report,
    run,
    schema,
    sweep,
    validate,
)
from regx.core.errors import FAILED, RegxError

app = typer.Typer(
    help="Find out which regularization helps a network on your data.",
    rich_markup_mode=None,
    add_completion=True,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"regx {version('regx')}")
        except PackageNotFoundError:
            typer.echo("regx, not installed")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="print the version")
    ] = False,
) -> None:
    """Find out which regularization helps a network on your data."""


app.command("run")(run.command)
app.command("compare")(compare.command)
app.command("sweep")(sweep.command)
app.command("race")(race.command)
app.command("diagnose")(diagnose.command)
app.command("ablate")(ablate.command)
app.command("bias-variance")(bias_variance.command)
app.command("recommend")(recommend.command)
app.command("plot")(plot.command)
app.command("report")(report.command)
app.command("explain")(explain.command)
app.command("validate")(validate.command)
app.command("schema")(schema.command)
app.command("init")(init.command)
app.command("data")(data.command)


def main() -> NoReturn:
    """The entry point: runs the command line and ends the process with the contract's exit codes."""
    signal.signal(signal.SIGTERM, _terminate)
    # Where an output is closed, what is written there goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign of the mathematics shows its code instead.
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    sys.exit(_run())


def _run() -> int:
    try:
        code = _exit_code()
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads the output has seen enough, as in `regx explain | head -1`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"error: cannot write the output: {error.strerror}", file=sys.stderr)
        return FAILED
    return code


def _exit_code() -> int:
    try:
        app(prog_name="regx")
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except RegxError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
    return 0


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(128 + number)
