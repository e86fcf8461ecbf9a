"""`regx compare`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from regx.cli.options import QuietOption


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="run folders, or folders that hold runs")],
    baseline: Annotated[
        str | None, typer.Option(metavar="RUN", help="what to compare with; else the run without regularizers")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="best first by this column; else by val_loss")
    ] = None,
    top: Annotated[int | None, typer.Option(metavar="N", help="only the first N rows of each group")] = None,
    columns: Annotated[str | None, typer.Option(metavar="A,B,C", help="these columns, in this order")] = None,
    only_changed: Annotated[
        bool, typer.Option("--only-changed", help="instead of the stack, the config keys that differ")
    ] = False,
    format: Annotated[str, typer.Option(metavar="table|json|csv|md", help="how to print it")] = "table",
    json: Annotated[bool, typer.Option("--json", help="the same as --format json")] = False,
    metric: Annotated[str, typer.Option(help="what difference and verdict are about")] = "test_loss",
    quiet: QuietOption = False,
) -> None:
    """Print the comparison table over run folders."""
    from regx.report.compare import print_comparison

    chosen = [column.strip() for column in columns.split(",")] if columns is not None else None
    problems = print_comparison(
        runs,
        sys.stdout,
        baseline=baseline,
        metric=metric,
        sort=sort,
        top=top,
        columns=chosen,
        changed=only_changed,
        format="json" if json else format,
    )
    for problem in problems if not quiet else ():
        print(f"warning: {problem}", file=sys.stderr)
