"""`regx plot`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from regx.cli.options import JsonOption, QuietOption


def command(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN...", help="run folders, sweep folders, or folders that hold them")
    ],
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            "-k",
            metavar="KIND",
            help="learning_curves, fitted, boundary, validation_curve, weights, gaps, bias_variance or reliability; "
            "repeatable; else all that fit the runs",
        ),
    ] = None,
    out: Annotated[
        str, typer.Option("--out", "-o", metavar="DIR|FILE", help="folder for the files, or with one kind its file")
    ] = "plots",
    format: Annotated[
        str | None, typer.Option(metavar="png|svg|pdf", help="format of the files; else the ending of FILE, or png")
    ] = None,
    dpi: Annotated[int, typer.Option(metavar="N", min=30, max=1200, help="dots per inch of a PNG")] = 300,
    force: Annotated[bool, typer.Option("--force", help="replace files that regx plot has not made")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Draw figures of runs and print the files that are written."""
    from regx.figures.plot import Plots

    plots = Plots(runs, kind or (), out, format, dpi, force)
    written = []
    for plot in plots.write():
        written.append({"kind": plot.kind, "file": str(plot.file), "runs": [str(folder) for folder in plot.of]})
        if not json:
            print(plot.file, flush=True)
    if json:
        from json import dumps

        print(dumps({"plots": written, "notes": plots.notes}, indent=2, ensure_ascii=False))
    for note in plots.notes if not quiet else ():
        print(f"warning: {note}", file=sys.stderr)
