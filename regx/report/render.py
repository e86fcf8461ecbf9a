"""How the comparison table looks: for eyes, for the next program, and for a document."""

from collections.abc import Mapping, Sequence
from typing import Any

from regx.core.text import clean, elided
from regx.report.columns import COLUMNS
from regx.report.conclusion import about_numbers, conclusion
from regx.report.listing import not_shown, p_cell
from regx.report.names import labels
from regx.report.numbers import form_of, interval_cell
from regx.report.output import Column, Output
from regx.report.row import Row
from regx.report.table import by_group, flat, present
from regx.stats.aggregate import Interval

FOLDED = ("stack", "changed")  # between words, so that no number is cut
# Shown where they are asked for.
SILENT = ("run", "group", "dataset", "task", "metric", "tied", "shared", "baseline", "baseline_because")
# Of columns what is to be known of them.
LEGEND = {
    ("verdict", "difference"): "difference and verdict: to the baseline, seed by seed, 95 % interval in brackets.",
    ("won",): "won: shared seeds at which the run does better than the baseline.",
    ("seeds_to_tell",): "seeds_to_tell: about how many would, if the difference is what it looks like now.",
    ("gap",): "gap: val_loss - train_loss.",
}


def print_rows(rows: Sequence[Row], out: Output, columns: Sequence[str] | None = None, sort: str | None = None) -> None:
    """Write the table, and what can be concluded from it.

    sort: the column that orders the rows, which a table for people always shows.
    columns: names in `COLUMNS`, in this order, and `peek` where a run has peeked; all that have something to say if
    None.
    """
    if columns is not None and any(row.peek for row in rows):
        columns = list(dict.fromkeys([*columns, "peek"]))
    if sort is not None:
        found = [row.cell(sort) for row in rows]
        known = any((one.get("mean") if isinstance(one, Mapping) else one) is not None for one in found)
        sort = sort if known else None
    if columns is not None and sort is not None and out.form not in ("csv", "json"):
        columns = list(dict.fromkeys([*columns, sort]))
    if out.as_json:
        whole = [row.as_json() for row in rows]
        if columns is not None:
            whole = [{key: (row | {"p": row["difference"]["p"]}).get(key) for key in columns} for row in whole]
        out.document(whole)
        return
    if not out.for_people:
        keys = present(rows) if columns is None else columns
        out.flat([flat(row, keys) for row in rows])
    left_out, shown = dict[str, None](), dict[str, None]()
    for label, members in by_group(rows).items():
        if out.for_people:
            keys = list(columns) if columns is not None else shown_columns(members)
            drawn = _columns(members, keys, out.width, chosen=columns is not None, sort=sort)
            out.heading(label)
            left_out |= dict.fromkeys(out.table(drawn, []))
            shown |= dict.fromkeys(keys)
            out.text([""] * (out.form != "md"))
        said = conclusion(members)
        out.conclusion(said)
        out.text([""] * bool(said))
    if out.form in ("terminal", "table"):
        out.text(_legend(set(shown) - set(left_out), list(left_out), rows), style="dim")
    elif out.form == "md":
        out.text(about_numbers(rows, shown))


def _columns(rows: Sequence[Row], keys: Sequence[str], width: int, chosen: bool, sort: str | None) -> list[Column]:
    """The columns as people read them. chosen: none of them may be left out, and no name shortened."""
    cells = cell_texts(rows, keys)
    if not chosen and "name" in cells:
        cells["name"] = [elided(cell, max(width // 4, 12)) for cell in cells["name"]]
    return [
        Column(
            key, cells[key], right=COLUMNS[key].kind != "text", folds=key in FOLDED,
            importance=0 if chosen or key in ("name", sort) else COLUMNS[key].importance,
        )
        for key in keys
    ]  # fmt: skip


def shown_columns(rows: Sequence[Row]) -> list[str]:
    """The columns that have something to say about these rows."""

    def speaks(key: str) -> bool:
        found = [row.cell(key) for row in rows]
        if key in SILENT:
            return False
        if key == "status":
            return any(item != "completed" for item in found)
        if key in ("peek", "diverged"):
            return any(found)
        if key == "difference":
            return any(item["mean"] is not None for item in found)
        return any(item is not None for item in found) or (key == "seeds_to_tell" and any(map(_is_hopeless, rows)))

    return [key for key in COLUMNS if speaks(key)]


def _legend(shown: set[str], dropped: list[str], rows: Sequence[Row]) -> list[str]:
    lines = ["±: 95 % interval over seeds.  *: the best of its column."]
    lines *= any(COLUMNS[key].kind == "interval" for key in shown)
    lines += [text for keys, text in LEGEND.items() if shown & {*keys}]
    lines += about_numbers(rows, shown)
    return lines + [f"{said} A wider terminal or --columns shows them." for said in not_shown(dropped)]


def cell_texts(rows: Sequence[Row], keys: Sequence[str]) -> dict[str, list[str]]:
    """Each column as text, the best values marked with a star."""
    cells = {}
    for key in keys:
        items: list[Any] = list(map(clean, labels(rows))) if key == "name" else [row.cell(key) for row in rows]
        if key == "won":
            tied = [f" ({row.tied} tied)" if row.tied else "" for row in rows]
            texts = [f"{row.won}/{row.shared}" if row.won is not None else "" for row in rows]
            cells[key] = [text and text + more for text, more in zip(texts, tied, strict=True)]
        elif key == "seeds_to_tell":
            cells[key] = [">1000" if _is_hopeless(row) else _word(row.cell(key)) for row in rows]
        elif COLUMNS[key].kind == "interval":
            cells[key] = _interval_cells(items, COLUMNS[key].best, brackets=key == "difference")
        else:
            cells[key] = [_word(item) for item in items]
    return cells


def _is_hopeless(row: Row) -> bool:
    return row.verdict == "unclear" and not row.is_equal and row.seeds_to_tell is None


def _word(item: Any) -> str:
    if isinstance(item, bool):
        return "yes" if item else ""
    if isinstance(item, float):
        return p_cell(item)
    return "" if item is None else str(item)


def _interval_cells(intervals: Sequence[Interval | None], best: str | None, brackets: bool) -> list[str]:
    form = form_of(intervals)
    means = [interval["mean"] if interval else None for interval in intervals]
    finite = [mean for mean in means if mean is not None]
    winner = None if best is None or len(set(finite)) < 2 else min(finite) if best == "least" else max(finite)
    marks = ["" if winner is None else "*" if mean == winner else " " for mean in means]
    return [interval_cell(one, form, ends=brackets) + mark for one, mark in zip(intervals, marks, strict=True)]
