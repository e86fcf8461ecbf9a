"""The command line: which commands there are, and how every one of them ends.

A command's own imports stand inside its function, so that `regx --help` loads none of them.
"""

import errno
import importlib
import os
import signal
import sys
from typing import Annotated, Any, NoReturn

import typer

from regx.cli.limits import check_room, lacking
from regx.cli.options import with_options
from regx.cli.settings import Command, Commands
from regx.cli.signals import SIGNALS, hear, say_interrupted
from regx.core.errors import FAILED, RegxError
from regx.core.notes import note

app = typer.Typer(
    cls=Commands,
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


# An example of each command, whose second word is its name; the command stands in the file of that name.
EXAMPLES = (
    "regx run configs/l2_dropout.yaml optimizer.lr=0.01",
    "regx compare runs --only-changed --sort gap",
    "regx sweep configs/l2.yaml --lam 'log(1e-4,1e-1,7)'",
    "regx race configs/race_circle.yaml --seeds 10",
    "regx diagnose runs",
    "regx ablate configs/ablate_stack.yaml",
    "regx bias-variance configs/bias_variance.yaml --draws 50",
    "regx recommend table.csv --target price -o recommended.yaml",
    "regx plot runs --kind learning_curves --format svg",
    "regx report runs -o report.html",
    "regx explain dropout",
    "regx validate configs/*.yaml",
    "regx schema > regx.schema.json",
    "regx init my_study",
    "regx data configs/circle.yaml --seed 0 --out circle",
    "regx lesson 001.3",
    "regx play configs/race_circle.yaml",
    "regx worth configs/race.yaml --rows 30,60,120",
    "regx predict runs/diabetes-1a2b3c4d new_rows.csv -o predictions.csv",
    "regx export runs/diabetes-1a2b3c4d -o diabetes.onnx",
    "regx try dropout",
    "regx ls --filter 'test_loss < 0.05 and l2.lam > 0'",
    "regx rm runs/l2-1a2b3c4d",
    "regx diff runs/l2-1a2b3c4d runs/dropout-1a2b3c4d",
)
for example in EXAMPLES:
    name = example.split()[1]
    module = importlib.import_module(f"regx.cli.{name.replace('-', '_')}{'_' * (name == 'try')}")
    app.command(name, cls=Command, epilog=f"Example: {example}")(with_options(module.command))


def main() -> NoReturn:
    """The entry point: runs the command line and ends the process with the contract's exit codes."""
    for number in range(3):
        # Where an output is closed, what is written there, here or by a worker process, goes nowhere.
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it takes the lowest number that is free
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    hear()
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
        # The reader of the output has seen enough, as in `regx explain | head -1`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        note(f"error: cannot write the output: {error.strerror}")
        return FAILED
    return code


def _exit_code() -> int:
    try:
        check_room()
        app(prog_name="regx")
    except KeyboardInterrupt:
        say_interrupted()
        return 128 + signal.SIGINT
    except RegxError as error:
        note(f"error: {error}")
        return error.exit_code
    except OSError as error:
        if error.filename is None:
            if error.errno == errno.ENOENT:
                note("error: the current folder has been removed. Change into another one, or give absolute paths.")
                return FAILED
            raise
        # A path that was given is too long, or closed to us, or its disk is gone.
        note(f"error: {error.filename}: {error.strerror}.")
        return FAILED
    except (MemoryError, ImportError, RuntimeError) as error:
        what = lacking(error)
        if what is None:
            raise
        note(f"error: {what}")
        return FAILED
    except SystemExit as end:
        if end.code in [128 + number for number in SIGNALS]:
            say_interrupted()
        return end.code if isinstance(end.code, int) else 0 if end.code is None else FAILED
    return 0
