"""`regx explain`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from regx.cli.options import JsonOption


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="a regularizer, dataset, metric, key, ...; a group; none: the list"),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Explain what a config can name or a table can show.

    Formula, keys with their bounds and defaults, source; with no NAME the list; with a group, such as optimizers, its
    part of the list.
    """
    from json import dumps

    from regx.reference.catalog import entries, explained

    found = entries() if name is None else explained(name)
    if json:
        typer.echo(dumps([entry.as_json() for entry in found], indent=2, ensure_ascii=False))
    elif name is None or not any(name in (entry.name, entry.name.rpartition(".")[2]) for entry in found):
        print_table(["name", "group", "what it is"], [[entry.name, entry.group, entry.summary()] for entry in found])
    else:
        for entry in found:
            typer.echo(f"{entry.name}  ({entry.group})\n\n{entry.text}\n")
            if entry.keys:
                print_table(["key", "values", "default", "meaning"], entry.rows())
                typer.echo()
            if entry.source:
                typer.echo(f"Source: {entry.source}")


def print_table(columns: list[str], rows: list[list[str]] | list[tuple[str, str, str, str]]) -> None:
    """A table on stdout: drawn for a terminal, else tab-separated and never cut."""
    if not sys.stdout.isatty():
        for row in [columns, *rows]:
            typer.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)
