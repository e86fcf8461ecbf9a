"""How the comparison table looks: for eyes, for the next program, and for a document."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

from regx.core.errors import InputError, did_you_mean
from regx.core.text import clean
from regx.data import REGISTRY as DATASETS
from regx.report.conclusion import conclusion
from regx.report.table import COLUMNS, Row, flat, is_equal, labels, value

FOLDED = ("stack", "changed")  # between words, so that no number is cut
SILENT = (
    "run",
    "group",
    "dataset",
    "task",
    "metric",
    "tied",
    "shared",
    "baseline",
    "baseline_because",
)  # shown where they are asked for
FORMATS = ("table", "json", "csv", "md")


def print_rows(
    rows: Sequence[Row], format: str, stream: IO[str], columns: Sequence[str] | None = None, sort: str | None = None
) -> None:
    """Write the table to a stream. `table` is for a terminal; where the stream is none, the same tab-separated.

    sort: the column that the rows are in the order of, which is always shown where somebody reads the table.

    columns: names in `COLUMNS`, in this order, and `peek` where a run has peeked; all that have something to say if
    None. Raises InputError for an unknown format.
    """
    if format not in FORMATS:
        raise InputError(
            f"--format: expected one of {', '.join(FORMATS)}, found '{format}'.{did_you_mean(format, FORMATS)}"
        )
    if columns is not None and any(row.get("peek") for row in rows):
        columns = list(dict.fromkeys([*columns, "peek"]))
    if sort is not None and not any(_mean(row, sort) is not None for row in rows):
        sort = None
    if columns is not None and sort is not None and format in ("table", "md"):
        columns = list(dict.fromkeys([*columns, sort]))
    if format == "json":
        chosen = (
            rows
            if columns is None
            else [{key: value(row, key) if key == "p" else row.get(key) for key in columns} for row in rows]
        )
        stream.write(json.dumps(chosen, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    elif format == "csv":
        _write_flat(rows, stream, columns, lambda item: item, delimiter=",")
    elif format == "md":
        _write_markdown(rows, stream, columns)
    else:
        from rich.console import Console

        console = Console(file=stream)
        if console.is_terminal:
            print_tables(rows, console, columns, sort)
        else:
            _write_flat(rows, stream, columns, _six_digits, delimiter="\t")


def is_terminal(stream: IO[str]) -> bool:
    """Whether people read the stream, as Rich sees it, which heeds FORCE_COLOR and TTY_COMPATIBLE too."""
    from rich.console import Console

    return Console(file=stream).is_terminal


def shown_columns(rows: Sequence[Row]) -> list[str]:
    """The columns that have something to say about these rows."""

    def speaks(key: str) -> bool:
        found = [value(row, key) for row in rows]
        if key in SILENT:
            return False
        if key == "status":
            return any(item != "completed" for item in found)
        if key in ("peek", "diverged"):
            return any(found)
        if key == "difference":
            return any(item["mean"] is not None for item in found)
        if key == "seeds_to_tell":
            return any(item is not None for item in found) or any(map(_is_hopeless, rows))
        return any(item is not None for item in found)

    return [key for key in COLUMNS if speaks(key)]


def _write_flat(
    rows: Sequence[Row], stream: IO[str], columns: Sequence[str] | None, show: Callable[[Any], Any], delimiter: str
) -> None:
    """One line per row, intervals as three columns, nothing cut."""
    present = {key for row in rows for key in row} | {"p"}
    keys = [key for key in COLUMNS if key in present] if columns is None else list(columns)
    flattened = [flat(row, keys) for row in rows]
    # Tabs and line ends in a name would move what follows into other columns and rows.
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(flattened[0] if flattened else keys)
    for row in flattened:
        writer.writerow(["" if item is None else show(_printable(item)) for item in row.values()])


def _six_digits(item: Any) -> Any:
    return f"{item:.6g}" if isinstance(item, float) else item


def _write_markdown(rows: Sequence[Row], stream: IO[str], columns: Sequence[str] | None) -> None:
    for label, members in _by_group(rows).items():
        keys = list(columns) if columns is not None else shown_columns(members)
        cells = cell_texts(members, keys)
        stream.write(f"**{_markdown(label)}**\n\n")
        stream.write("| " + " | ".join(keys) + " |\n")
        stream.write("|" + "|".join("---" if COLUMNS[key].kind == "text" else "--:" for key in keys) + "|\n")
        for index in range(len(members)):
            stream.write("| " + " | ".join(_markdown(cells[key][index].strip()) for key in keys) + " |\n")
        stream.write("\n")
        said = " ".join(conclusion(members))
        stream.write(f"{_markdown(_printable(said))}\n\n" if said else "")


def _markdown(text: str) -> str:
    for sign in "\\|*_`[]<>":
        text = text.replace(sign, "\\" + sign)
    return text


def _mean(row: Row, key: str) -> Any:
    found = value(row, key)
    return found.get("mean") if isinstance(found, Mapping) else found


def print_tables(rows: Sequence[Row], console: Any, columns: Sequence[str] | None, sort: str | None = None) -> None:
    from rich.table import Table
    from rich.text import Text

    left_out: dict[str, None] = {}
    shown: set[str] = set()
    for label, members in _by_group(rows).items():
        keys = list(columns) if columns is not None else shown_columns(members)
        cells = cell_texts(members, keys)
        if columns is None and "name" in cells:
            cells["name"] = [elided(cell, max(console.width // 4, 12)) for cell in cells["name"]]
        widths = {key: _width(key, cells[key], console.width) for key in keys}
        kept = keys if columns is not None else _fitting(widths, console.width, sort)
        left_out.update(dict.fromkeys(key for key in keys if key not in kept))
        shown.update(kept)
        console.print(Text(_printable(label), style="bold"), soft_wrap=True)
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for key in kept:
            justify: Any = "left" if COLUMNS[key].kind == "text" else "right"
            table.add_column(Text(key), justify=justify, no_wrap=key not in FOLDED, width=widths[key])
        for texts in zip(*(cells[key] for key in kept), strict=True):
            table.add_row(*(Text(text, style="bold" if text.endswith("*") else "") for text in texts))
        # As wide as its content: where that is wider than the terminal, lines wrap and nothing is cut.
        terminal, console.width = console.width, max(sum(widths[key] + 2 for key in kept), console.width)
        console.print(table, crop=False)
        console.width = terminal
        console.print()
        said = conclusion(members)
        for line in said:
            console.print(Text(_printable(line)))
        if said:
            console.print()
    for line in _legend(shown, list(left_out), rows):
        console.print(Text(line, style="dim"))


def _width(key: str, cells: Sequence[str], terminal: int) -> int:
    """A column's width. What may be folded takes a third of the terminal, or as much as its longest word."""
    from rich.cells import cell_len

    natural = max(map(cell_len, (key, *cells)))
    if key not in FOLDED:
        return natural
    word = max(cell_len(word) for cell in (key, *cells) for word in cell.split(" "))
    return min(natural, max(word, terminal // 3))


def _fitting(widths: Mapping[str, int], terminal: int, sort: str | None) -> list[str]:
    """The columns that fit beside each other, chosen by importance; the name and what rows are sorted by always do."""
    kept = [key for key in widths if key in ("name", sort)]
    for key in sorted(widths.keys() - {*kept}, key=lambda key: COLUMNS[key].importance):
        if not kept or sum(widths[other] + 2 for other in [*kept, key]) - 2 <= terminal:
            kept.append(key)
    return [key for key in widths if key in kept]


def _legend(shown: set[str], dropped: list[str], rows: Sequence[Row]) -> list[str]:
    lines = []
    if any(COLUMNS[key].kind == "interval" for key in shown):
        lines.append("±: 95 % interval over seeds.  *: the best of its column.")
    if "verdict" in shown or "difference" in shown:
        lines.append("difference and verdict: to the baseline, seed by seed, 95 % interval in brackets.")
    if "won" in shown:
        lines.append("won: shared seeds at which the run does better than the baseline.")
    if "seeds_to_tell" in shown:
        lines.append("seeds_to_tell: about how many would, if the difference is what it looks like now.")
    if "gap" in shown:
        lines.append("gap: val_loss - train_loss.")
    if "accuracy_gap" in shown and any(_mean(row, "val_accuracy") is None for row in rows):
        lines.append("accuracy_gap: to the test accuracy, where a run has no validation split.")
    if any(key.startswith("test_") for key in shown):
        kinds = dict.fromkeys(kind for row in rows if (kind := row.get("dataset")) in DATASETS)
        lines += [f"{kind}: {DATASETS[kind].about_test}" for kind in kinds if DATASETS[kind].about_test]
    if dropped:
        lines.append(f"Not shown for want of space: {', '.join(dropped)}. A wider terminal or --columns shows them.")
    return lines


def _by_group(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    return groups


def cell_texts(rows: Sequence[Row], keys: Sequence[str]) -> dict[str, list[str]]:
    """Each column as text, the best values marked with a star."""
    cells = {}
    for key in keys:
        items: list[Any] = labels(rows) if key == "name" else [value(row, key) for row in rows]
        if key == "won":
            cells[key] = [_won(row) for row in rows]
        elif key == "seeds_to_tell":
            cells[key] = [">1000" if _is_hopeless(row) else _word(row.get(key)) for row in rows]
        elif COLUMNS[key].kind == "interval":
            cells[key] = _interval_cells(items, COLUMNS[key].best, brackets=key == "difference")
        else:
            cells[key] = [_word(item) for item in items]
    return cells


def _won(row: Row) -> str:
    if row.get("won") is None:
        return ""
    tied = f" ({row['tied']} tied)" if row["tied"] else ""
    return f"{row['won']}/{row['shared']}{tied}"


def _is_hopeless(row: Row) -> bool:
    unclear = row.get("verdict") == "unclear" and not is_equal(row)
    return unclear and "seeds_to_tell" in row and row["seeds_to_tell"] is None


def _word(item: Any) -> str:
    if isinstance(item, bool):
        return "yes" if item else ""
    if isinstance(item, float):
        return f"{item:.3f}" if item >= 0.001 else f"{item:.1e}"
    return "" if item is None else str(_printable(item))


def _interval_cells(intervals: Sequence[Mapping[str, Any] | None], best: str | None, brackets: bool) -> list[str]:
    means = [interval["mean"] if interval else None for interval in intervals]
    known = sorted(abs(mean) for mean in means if mean)
    # One number of decimals for the column, at which its middle value has three digits.
    decimals = max(0, 2 - math.floor(math.log10(known[len(known) // 2]))) if known else 0
    decimals = min(decimals, 6)
    finite = [mean for mean in means if mean is not None]
    winner = None if best is None or len(set(finite)) < 2 else min(finite) if best == "least" else max(finite)
    mark = winner is not None
    cells = []
    for interval, mean in zip(intervals, means, strict=True):
        if interval is None or mean is None:
            cells.append("-" + " " * mark)
            continue
        text = _number(mean, decimals)
        low, high = interval["low"], interval["high"]
        if brackets and low is not None:
            text += f" [{_number(low, decimals)}, {_number(high, decimals)}]"
        elif low is not None:
            text += f" ±{_number((high - low) / 2, decimals)}"
        cells.append(text + ("*" if mean == winner else " ") * mark)
    return cells


def _number(number: float, decimals: int) -> str:
    if number and not 10.0**-decimals / 2 <= abs(number) < 1e6:
        return f"{number:.1e}"
    return f"{number:.{decimals}f}"


def _printable(item: Any) -> Any:
    """User text without what would move the cursor or the columns."""
    return clean(item) if isinstance(item, str) else item


def elided(text: str, width: int) -> str:
    """At most `width` signs: the middle goes, since names differ at their ends."""
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail]}…{text[len(text) - tail :]}"
