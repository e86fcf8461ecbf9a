"""`regx diff`."""

from typing import Annotated

from typer import Argument

from regx.cli.options import Saying


def command(
    first: Annotated[str, Argument(metavar="A", help="a run folder")],
    second: Annotated[str, Argument(metavar="B", help="another")],
    saying: Saying,
) -> None:
    """Show what two runs differ in: config keys, metrics and data."""
    from regx.report.difference import print_difference

    print_difference(first, second, saying.output())
