"""What `regx sweep` prints: its table best first, and the validation curve along its axis."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from regx.config.load import Cell
from regx.report.lines import MARKERS, validation_curve
from regx.report.render import is_terminal, print_rows
from regx.report.run import exit_code
from regx.report.table import Row, compare_rows, sort_rows
from regx.store.run import StoredRun

CHOSEN_BY = "val_loss"
WIDEST = 100


def print_grid(cells: Sequence[Cell], stream: IO[str], as_json: bool) -> None:
    """Write the cells that would be trained, a line each: the name, then the value of every axis."""
    if as_json:
        document = [{"name": cell.config.name, "seeds": len(cell.config.seeds), "point": cell.point} for cell in cells]
        stream.write(json.dumps(document, indent=2) + "\n")
        return
    for cell in cells:
        point = "\t".join(f"{key}={value}" for key, value in cell.point.items())
        stream.write(f"{cell.config.name}\t{len(cell.config.seeds)} seeds\t{point}\n")


def print_sweep(
    folder: Path, runs: Sequence[StoredRun], points: Sequence[Mapping[str, Any]], stream: IO[str], as_json: bool
) -> int:
    """Write the sweep's table, best validation loss first, or one JSON document. The exit code that it ends with.

    points: the place of each run in the grid, the axes' values by key. On a terminal, where one axis of numbers was
    swept, the losses along it follow.
    """
    point_of = {str(run.folder): dict(point) for run, point in zip(runs, points, strict=True)}
    rows = [{**row, "point": point_of[row["run"]]} for row in sort_rows(compare_rows(runs), CHOSEN_BY)]
    chosen = best(rows)
    if as_json:
        document = {"sweep": str(folder), "best": chosen, "rows": rows}
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        print_rows(rows, "table", stream)
        if is_terminal(stream):
            stream.write(_curve(rows, chosen) + f"{folder}\n")
    return exit_code(list(runs))


def best(rows: Sequence[Row]) -> str | None:
    """The folder of the least mean validation loss, or None if every network diverged."""
    measured = [row for row in rows if row.get(CHOSEN_BY) and row[CHOSEN_BY]["mean"] is not None]
    found: str | None = min(measured, key=lambda row: float(row[CHOSEN_BY]["mean"]))["run"] if measured else None
    return found


def _curve(rows: Sequence[Row], chosen: str | None) -> str:
    """The losses along the one axis of numbers, or nothing where there is no such axis."""
    keys = list(rows[0]["point"]) if rows else []
    values = [row["point"][key] for row in rows for key in keys]
    if len(keys) != 1 or len(rows) < 3 or not all(type(value) in (int, float) for value in values):
        return ""
    along = sorted(rows, key=lambda row: float(row["point"][keys[0]]))
    curves = {
        end: {name: [(row.get(name) or {}).get(end) for row in along] for name in MARKERS}
        for end in ("mean", "low", "high")
    }
    marked = next((index for index, row in enumerate(along) if row["run"] == chosen), None)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    axis = [row["point"][keys[0]] for row in along]
    drawn = validation_curve(axis, curves["mean"], curves["low"], curves["high"], marked, width=width)
    return f"\nloss along {keys[0]}\n{drawn}\n"
