"""A small table of words, numbers and intervals."""

from collections.abc import Mapping, Sequence

from regx.report.numbers import form_of, interval_cell, number
from regx.report.output import Column, Output
from regx.stats.aggregate import Interval

Cell = str | float | Interval | None
Listed = dict[str, Cell]  # a row, by the titles of its columns


def print_listing(
    rows: Sequence[Mapping[str, Cell]], out: Output, ends: bool, dispensable: Sequence[str] = (), folds: str = ""
) -> None:
    """Write rows of equal keys; a value is a word, a number, an interval, or None. All intervals are of one unit.

    ends: for people an interval is `mean [low, high]`, else `mean ±half of it`; for programs it is three columns. Where
    there is no room `dispensable` columns are left out, the first of them first. folds: the column of long words.
    """
    form = form_of([item for row in rows for item in row.values() if isinstance(item, dict)])
    columns = []
    for key in rows[0]:
        items = [row[key] for row in rows]
        importance = len(dispensable) - dispensable.index(key) if key in dispensable else 0
        words = all(isinstance(item, str) for item in items)
        columns.append(Column(key, _cells(key, items, ends, form), not words, key == folds, importance))
    out.text(not_shown(out.table(columns, [flattened(row) for row in rows])), style="dim")


def not_shown(titles: Sequence[str]) -> list[str]:
    """What is said of the columns that a table has no room for; nothing where there are none."""
    return [f"Not shown for want of space: {', '.join(titles)}."] if titles else []


def print_found(
    rows: Sequence[Mapping[str, Cell]], said: Sequence[str], below: Sequence[str], then: str, out: Output
) -> None:
    """Write what a study has found: its rows, what follows from them, what is to be known below, what to type next."""
    print_listing(rows, out, ends=True, dispensable=["p"])
    out.text([""])
    out.conclusion(said)
    out.text(["", *below])
    out.next(then)


def flattened(row: Mapping[str, Cell]) -> dict[str, str | float | None]:
    """A row in which an interval is three columns."""
    flat: dict[str, str | float | None] = {}
    for key, item in row.items():
        if isinstance(item, dict):
            flat |= {key: item["mean"], f"{key}_low": item["low"], f"{key}_high": item["high"]}
        else:
            flat[key] = item
    return flat


def _cells(key: str, items: Sequence[Cell], ends: bool, form: str) -> list[str]:
    own = form_of([Interval(mean=item, low=None, high=None) for item in items if isinstance(item, float)])
    cells = []
    for item in items:
        if isinstance(item, dict):
            cells.append(interval_cell(item, form, ends))
        elif isinstance(item, float):
            cells.append(number(item, own) if key != "p" else p_cell(item))
        else:
            cells.append("" if item is None else str(item))
    return cells


def p_cell(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"
