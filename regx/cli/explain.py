"""`regx explain`."""

from typing import Annotated

from typer import Argument

from regx.cli.options import Saying


def command(
    saying: Saying,
    name: Annotated[
        str | None, Argument(metavar="[NAME]", help="a regularizer, metric, key or group; without it, the list")
    ] = None,
) -> None:
    """Explain what a config can name or a table can show.

    Prints the formula, the keys with their bounds and defaults, and the source. Without a NAME it lists everything; the
    name of a group, such as optimizers, lists the group.
    """
    from regx.reference.catalog import entries, explained
    from regx.report.explain import print_entries, print_entry_list

    out = saying.output()
    found = entries() if name is None else explained(name)
    if out.as_json:
        out.document([entry.as_json() for entry in found])
    elif name is None or len({entry.name.rpartition(".")[2] for entry in found}) > 1:
        print_entry_list(found, out)
    else:
        print_entries(found, out)
