"""What `regx explain` prints."""

from __future__ import annotations

from collections.abc import Sequence

from regx.reference.catalog import Entry
from regx.report.output import Column, Output


def print_entry_list(entries: Sequence[Entry], out: Output) -> None:
    """Write a line for each."""
    _table(("name", "group", "what it is"), [(entry.name, entry.group, entry.summary()) for entry in entries], out)


def print_entries(entries: Sequence[Entry], out: Output) -> None:
    """Write all that is known of each: its text, its keys, its source."""
    for entry in entries:
        for line in (f"{entry.name}  ({entry.group})", "", *entry.text.split("\n"), ""):
            out.line(line)
        if entry.keys:
            _table(("key", "values", "default", "meaning"), entry.rows(), out)
            out.line()
        if entry.source:
            out.line(f"Source: {entry.source}")


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], out: Output) -> None:
    columns = [Column(title, [row[place] for row in rows], folds=place > 0) for place, title in enumerate(titles)]
    out.table(columns, [dict(zip(titles, row, strict=True)) for row in rows])
