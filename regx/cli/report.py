"""`regx report`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from regx.cli.options import JsonOption, QuietOption


def command(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="run folders, or folders that hold runs")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="the page that is written")] = Path(
        "report.html"
    ),
    baseline: Annotated[
        str | None, typer.Option(metavar="RUN", help="what to compare with; else the run without regularizers")
    ] = None,
    metric: Annotated[str, typer.Option(help="what difference and verdict are about")] = "test_loss",
    force: Annotated[bool, typer.Option("--force", help="overwrite a file that is no page of regx report")] = False,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one self-contained page over run folders: verdicts, curves, the race, diagnosis, how to reproduce."""
    from regx.page.write import write_page

    problems = write_page(runs, output, baseline, metric, force)
    if json:
        from json import dumps

        print(dumps({"report": str(output), "notes": problems}, indent=2, ensure_ascii=False))
    else:
        print(output)
    for problem in problems if not quiet else ():
        print(f"warning: {problem}", file=sys.stderr)
