"""What `regx sweep` prints: its table best first, what was chosen and how much that flatters, and the curve."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from regx.config.grid import Cell
from regx.core.arrays import Array
from regx.report.lines import MARKERS, validation_curve
from regx.report.render import is_terminal, print_rows
from regx.report.run import exit_code
from regx.report.table import Row, compare_rows, setting, sort_rows
from regx.store.run import StoredRun
from regx.studies.sweep.result import read_sweep

CHOSEN_BY, PEEKED_BY = "val_loss", "test_loss"
WIDEST = 100


def print_grid(cells: Sequence[Cell], stream: IO[str], as_json: bool) -> None:
    """Write the cells that would be trained, a line each: the name, then the value of every axis as `-s` takes it."""
    if as_json:
        document = [{"name": cell.config.name, "seeds": len(cell.config.seeds), "point": cell.point} for cell in cells]
        stream.write(json.dumps(document, indent=2) + "\n")
        return
    for cell in cells:
        point = "\t".join(setting(key, value) for key, value in cell.point.items())
        seeds = len(cell.config.seeds)
        stream.write(f"{cell.config.name}\t{seeds} seed{'' if seeds == 1 else 's'}\t{point}\n")


def print_sweep(
    folder: Path,
    runs: Sequence[StoredRun],
    points: Sequence[Mapping[str, Any]],
    stream: IO[str],
    as_json: bool,
    peek: bool = False,
    notes: IO[str] | None = None,
    losses: Array | None = None,
) -> int:
    """Write the sweep's table, best validation loss first, or one JSON document. The exit code that it ends with.

    points: the place of each run in the grid, the axes' values by key. peek: the test loss takes the place of the
    validation loss. On a terminal what was chosen follows in words, and where one axis of numbers was swept, the losses
    along it; elsewhere the words go to `notes`. losses: (C, S) of all cells, where the runs are of the best alone.
    """
    point_of = {str(run.folder): dict(point) for run, point in zip(runs, points, strict=True)}
    by = PEEKED_BY if peek else CHOSEN_BY
    rows = [{**row, "point": point_of[row["run"]]} for row in sort_rows(compare_rows(runs), by)]
    rows.sort(key=lambda row: _place(row, by))
    chosen = _chosen(rows, runs, by, losses)
    best = chosen["run"] if chosen else None
    if as_json:
        document = {"sweep": str(folder), "best": best, "chosen": chosen, "rows": rows}
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        return exit_code(list(runs))
    print_rows(rows, "table", stream)
    if is_terminal(stream):
        cells = [(row["point"], row) for row in rows] if losses is None else _of_networks(folder)
        curve = _curve(cells, chosen["point"] if chosen else None)
        stream.write(_paragraph(_sentences(chosen)) + curve + f"{folder}\n")
    elif notes is not None:
        notes.write(_sentences(chosen) + "\n")
    return exit_code(list(runs))


def _place(row: Row, by: str) -> tuple[int, float]:
    """Best first. A cell of which some seeds diverged is not chosen while one is there of which none did."""
    mean = (row.get(by) or {}).get("mean")
    return (2, 0.0) if mean is None else (1 if row["diverged"] else 0, float(mean))


def _chosen(
    rows: Sequence[Row], runs: Sequence[StoredRun], by: str, losses: Array | None = None
) -> dict[str, Any] | None:
    """The first of the sorted rows and how much choosing it flatters it, or None if every network diverged."""
    if not rows or _place(rows[0], by)[0] == 2:
        return None
    first = rows[0]
    considered = {row["run"] for row in rows if _place(row, by)[0] == _place(first, by)[0]}
    among: Array | list[dict[int, float]] = [run.per_seed(by) for run in runs if str(run.folder) in considered]
    if losses is not None and not first["diverged"] and first["status"] != "failed":
        among = losses[(losses == losses).all(axis=1)]  # those without NaN
    return {
        "run": first["run"],
        "name": first["name"],
        "point": first["point"],
        "by": by,
        "peek": by == PEEKED_BY,
        "among": len(among),
        by: first[by],
        "optimism": _optimism(among),
        "test_loss": first.get("test_loss"),
    }


def _optimism(losses: Array | Sequence[Mapping[int, float]]) -> dict[str, Any] | None:
    """What choosing among cells flatters, or None where it cannot be measured. losses: one per seed, of each cell."""
    import numpy as np

    from regx.stats.optimism import optimism_of_choice

    if isinstance(losses, np.ndarray):
        return asdict(optimism_of_choice(losses)) if losses.shape[1] > 1 else None
    seeds = sorted(losses[0])
    if len(seeds) < 2 or any(sorted(cell) != seeds for cell in losses):
        return None
    return asdict(optimism_of_choice(np.array([[cell[seed] for seed in seeds] for cell in losses])))


def _sentences(chosen: Mapping[str, Any] | None) -> str:
    """What was chosen, by what, how much that flatters it, and its test loss."""
    if chosen is None:
        return "Nothing was chosen: every network diverged."
    by = chosen["by"]
    loss = "test loss" if chosen["peek"] else "validation loss"
    point = ", ".join(setting(key, value) for key, value in chosen["point"].items()) or chosen["name"]
    peek = " (--peek)" * chosen["peek"]
    said = [f"Chosen by {loss} among {chosen['among']}{peek}: {point}."]
    if chosen["among"] == 1:
        said = [f"There was but one to choose{peek}: {point}."]
    said.append(f"Its {loss} is {_interval(chosen[by])}.")
    if chosen["among"] > 1:
        said.append(_flattered(chosen["optimism"]))
    if chosen["peek"]:
        said.append("Its test loss is no honest estimate: no data are left that had no say in the choice.")
    else:
        said.append(f"Its test loss, which had no say in the choice, is {_interval(chosen['test_loss'])}.")
    return " ".join(said)


def _flattered(optimism: Mapping[str, Any] | None) -> str:
    """How much of a loss is due to its having been chosen for being the least."""
    if optimism is None:
        return "How much choosing the least flatters it, these seeds cannot tell."
    seeds, changed = optimism["seeds"], optimism["changed"]
    how = f"chosen anew without each of the {seeds} seeds in turn, it is"
    often = f"another one {changed} time{'s' * (changed > 1)}" if changed else "always the same"
    amount = f"about {optimism['mean']:.2g}" if optimism["mean"] else "nothing that can be measured"
    return f"Choosing the least flatters it by {amount}: {how} {often}."


def _interval(interval: Mapping[str, Any] | None) -> str:
    if interval is None or interval["mean"] is None:
        return "not known"
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    return f"{mean:.3g}" + (f" (95 % interval {low:.3g} to {high:.3g})" if low is not None else "")


def _paragraph(text: str) -> str:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return "\n" + textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False) + "\n"


def _of_networks(folder: Path) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The cells of a sweep whose networks share a file."""
    return [(point, run.summary["over_seeds"]) for point, run in read_sweep(folder, []).cells if run is not None]


def _curve(cells: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]], chosen: Mapping[str, Any] | None) -> str:
    """The losses along the one axis of numbers, or nothing where there is no such axis.

    cells: each point, and the intervals of its losses by metric.
    """
    keys = list(cells[0][0]) if cells else []
    values = [point[key] for point, _ in cells for key in keys]
    if len(keys) != 1 or len(cells) < 3 or not all(type(value) in (int, float) for value in values):
        return ""
    along = sorted(cells, key=lambda cell: float(cell[0][keys[0]]))
    curves = {
        end: {name: [(losses.get(name) or {}).get(end) for _, losses in along] for name in MARKERS}
        for end in ("mean", "low", "high")
    }
    marked = next((index for index, (point, _) in enumerate(along) if point == chosen), None)
    width = min(shutil.get_terminal_size().columns, WIDEST)
    axis = [point[keys[0]] for point, _ in along]
    drawn = validation_curve(axis, curves["mean"], curves["low"], curves["high"], marked, width=width)
    return f"\nloss along {keys[0]}\n{drawn}\n"
