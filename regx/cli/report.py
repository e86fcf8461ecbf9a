"""`regx report`."""

from pathlib import Path
from typing import Annotated

from typer import Option

from regx.cli.options import BaselineOption, MetricOption, RunsArgument, Saying


def command(
    runs: RunsArgument,
    saying: Saying,
    output: Annotated[Path, Option("--output", "-o", metavar="FILE", help="the page that is written")] = Path(
        "report.html"
    ),
    baseline: BaselineOption = None,
    metric: MetricOption = "test_loss",
    force: Annotated[bool, Option("--force", help="overwrite a file that is no page of regx report")] = False,
) -> None:
    """Write one self-contained page over run folders: verdicts, curves, the race, diagnosis, how to reproduce."""
    from regx.page.write import write_page

    out = saying.output()
    problems = write_page(runs, output, baseline, metric, force)
    if out.as_json:
        out.document({"report": str(output), "notes": problems})
    else:
        out.line(output)
        out.next(f"regx diagnose {' '.join(runs)}")
    out.warn(problems)
