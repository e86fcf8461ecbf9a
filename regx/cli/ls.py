"""`regx ls`."""

from typing import Annotated

from typer import Argument, Option

from regx.cli.options import Saying


def command(
    saying: Saying,
    paths: Annotated[
        list[str] | None, Argument(metavar="[PATH...]", help="run folders, or folders of runs (default: runs)")
    ] = None,
    condition: Annotated[
        str | None,
        Option("--filter", metavar="CONDITION", help="only runs with 'test_loss < 0.05 and l2.lam > 0' or 'dropout'"),
    ] = None,
    metric: Annotated[str, Option("--metric", help="the metric that is shown")] = "test_loss",
) -> None:
    """List runs, newest first: state, stack, metric and time."""
    from regx.report.runs import print_runs

    print_runs(paths or ["runs"], saying.output(), metric, condition)
