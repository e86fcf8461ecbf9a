"""What `regx explain` prints."""

import re
from collections.abc import Sequence

from regx.reference.catalog import Entry
from regx.report.output import Column, Output


def print_entry_list(entries: Sequence[Entry], out: Output) -> None:
    """Write a line for each."""
    _table(("name", "group", "what it is"), [(entry.name, entry.group, entry.summary()) for entry in entries], out)


def print_entries(entries: Sequence[Entry], out: Output) -> None:
    """Write all that is known of each: its text, its keys, its source."""
    for entry in entries:
        text = entry.text
        if out.form == "terminal":  # its lines are as wide as the code: one for each paragraph and each `Label: ...`
            text = re.sub(r"(?<=\S)\n(?=[^\s-])(?![A-Z]\w*: )", " ", text)
        for line in (f"{entry.name}  ({entry.group})", "", *text.split("\n"), ""):
            _say(line, out)
        if entry.keys:
            _table(("key", "values", "default", "meaning"), entry.rows(), out)
            out.line()
        if entry.source:
            _say(f"Source: {entry.source}", out)


def _say(line: str, out: Output) -> None:
    """Write a line as it is, folded on a terminal."""
    if out.form == "terminal" and line:
        out.text([line])
    else:
        out.line(line)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], out: Output) -> None:
    columns = [Column(title, [row[place] for row in rows], folds=place > 0) for place, title in enumerate(titles)]
    out.table(columns, [dict(zip(titles, row, strict=True)) for row in rows])
