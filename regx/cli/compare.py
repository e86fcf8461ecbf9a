"""`regx compare`."""

from typing import Annotated

from typer import Argument, Option

from regx.cli.options import BaselineOption, ColumnsOption, MetricOption, Saying


def command(
    saying: Saying,
    runs: Annotated[
        list[str] | None, Argument(metavar="[RUN...]", help="run folders, or folders of runs (default: runs)")
    ] = None,
    baseline: BaselineOption = None,
    sort: Annotated[str | None, Option(metavar="COLUMN", help="sort by this, best first (default: val_loss)")] = None,
    top: Annotated[int | None, Option(metavar="N", help="only the first N rows of each group")] = None,
    columns: ColumnsOption = None,
    only_changed: Annotated[
        bool, Option("--only-changed", help="instead of the stack, the config keys that differ")
    ] = False,
    metric: MetricOption = "test_loss",
) -> None:
    """Print the comparison table over run folders."""
    from regx.report.run import print_comparison

    chosen = [column.strip() for column in columns.split(",")] if columns is not None else None
    print_comparison(runs or ["runs"], saying.output(), baseline, metric, sort, top, chosen, only_changed)
