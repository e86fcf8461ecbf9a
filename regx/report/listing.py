"""A small table of words, numbers and intervals, for eyes or for the next program; and what is said below it."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from typing import IO, Any

from regx.report.render import is_terminal

WIDEST = 80  # of a line of prose
MOST_DECIMALS = 6
SMALL, LARGE = 1e-5, 1e7  # where all numbers are below the one, or some above the other, they have exponents


def print_listing(
    rows: Sequence[Mapping[str, Any]], stream: IO[str], ends: bool, dispensable: Sequence[str] = ()
) -> None:
    """Write rows of equal keys; a value is a word, a number, an interval, or None. All intervals are of one unit.

    On a terminal an interval is `mean [low, high]` with `ends`, else `mean ±half of it`; where there is no room
    `dispensable` columns are left out, the first of them first. Where the stream is no terminal the table is whole and
    tab-separated, an interval in three columns.
    """
    if not is_terminal(stream):
        _write_flat(rows, stream)
        return
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    intervals = [item for row in rows for item in row.values() if isinstance(item, Mapping)]
    form = _form(intervals)
    columns = {key: _cells([row[key] for row in rows], ends, form) for key in rows[0]}
    widths = {key: max(map(cell_len, (key, *cells))) for key, cells in columns.items()}
    console = Console(file=stream)
    left_out = []
    for key in dispensable:
        if sum(widths.values()) + 2 * len(widths) - 2 > console.width:
            del widths[key], columns[key]
            left_out.append(key)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for key in columns:
        words = all(isinstance(row[key], str) for row in rows)
        table.add_column(Text(key), justify="left" if words else "right", no_wrap=True, width=widths[key])
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    # As wide as its content: where that is wider than the terminal, lines wrap and nothing is cut.
    console.width = max(console.width, sum(widths.values()) + 2 * len(widths))
    console.print(table, crop=False)
    if left_out:
        stream.write(f"Not shown for want of space: {', '.join(left_out)}.\n")


def print_prose(sentences: Sequence[str], stream: IO[str]) -> None:
    """Write sentences, a paragraph each, folded to the width of a terminal; a line each where the stream is none."""
    import shutil
    import textwrap

    width = min(shutil.get_terminal_size().columns, WIDEST) if is_terminal(stream) else 0
    for sentence in sentences:
        stream.write((textwrap.fill(sentence, width, break_on_hyphens=False) if width else sentence) + "\n")


def in_words(interval: Mapping[str, Any], turned: bool = False) -> str:
    """`0.0512 [0.0312, 0.0712]`, to three digits of the mean; `turned` with the opposite sign."""
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    if mean is None:
        return "unknown"
    if turned:
        mean, low, high = -mean, high and -high, low and -low
    form = _form([interval])
    ends = f" [{_number(low, form)}, {_number(high, form)}]" if low is not None and high is not None else ""
    return _number(mean, form) + ends


def brief(number: float) -> str:
    """To two digits."""
    return _number(number, _form([{"mean": number}], digits=2))


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _write_flat(rows: Sequence[Mapping[str, Any]], stream: IO[str]) -> None:
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    flat: list[dict[str, Any]] = []
    for row in rows:
        flat.append({})
        for key, item in row.items():
            if isinstance(item, Mapping):
                flat[-1] |= {key: item["mean"], f"{key}_low": item["low"], f"{key}_high": item["high"]}
            else:
                flat[-1][key] = item
    writer.writerow(flat[0])
    for row in flat:
        writer.writerow([f"{item:.6g}" if isinstance(item, float) else item for item in row.values()])


def _cells(items: Sequence[Any], ends: bool, form: str) -> list[str]:
    cells = []
    for item in items:
        if isinstance(item, Mapping):
            mean, low, high = item["mean"], item["low"], item["high"]
            if mean is None:
                cells.append("-")
            elif low is None:
                cells.append(_number(mean, form))
            elif ends:
                cells.append(f"{_number(mean, form)} [{_number(low, form)}, {_number(high, form)}]")
            else:
                cells.append(f"{_number(mean, form)} ±{_number((high - low) / 2, form)}")
        elif isinstance(item, float):
            cells.append(f"{item:.3f}" if item >= 0.001 else f"{item:.1e}")
        else:
            cells.append("" if item is None else str(item))
    return cells


def _form(intervals: Sequence[Mapping[str, Any]], digits: int = 3) -> str:
    """How numbers are written: so many decimals that the middle mean has its digits, or for all an exponent."""
    numbers = [interval.get(end) for interval in intervals for end in ("mean", "low", "high")]
    largest = max((abs(number) for number in numbers if number is not None), default=0)
    if largest >= LARGE or 0 < largest < SMALL:
        return f".{digits - 1}e"
    means = sorted(abs(interval["mean"]) for interval in intervals if interval["mean"])
    decimals = digits - 1 - math.floor(math.log10(means[len(means) // 2])) if means else 0
    return f".{min(max(decimals, 0), MOST_DECIMALS)}f"


def _number(number: float, form: str) -> str:
    text = format(number, form)
    return text.removeprefix("-") if float(text) == 0 else text
