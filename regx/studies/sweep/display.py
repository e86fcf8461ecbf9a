"""What `regx sweep` prints: its table best first, what was chosen and how much that flatters, and the curve."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from regx.config.grid import Cell
from regx.core.errors import SOME_DIVERGED
from regx.core.text import capital
from regx.report.lines import MARKERS, validation_curve
from regx.report.numbers import count, in_full, listed
from regx.report.output import WIDEST, Output
from regx.report.render import print_rows
from regx.report.run import ended
from regx.report.settings import setting, setting_value
from regx.report.table import compare_rows, sort_rows
from regx.stats.optimism import Optimism
from regx.studies.sweep.interpolation import Interpolation, fits, interpolation
from regx.studies.sweep.judgement import Choice, choose
from regx.studies.sweep.result import Sweep, read_sweep


def print_grid(cells: Sequence[Cell], out: Output) -> None:
    """Write the cells that would be trained, a line each: the name, then the value of every axis as `-s` takes it."""
    if out.as_json:
        out.document(
            [{"name": cell.config.name, "seeds": len(cell.config.seeds), "point": cell.point} for cell in cells]
        )
        return
    out.lines(
        [cell.config.name, count(len(cell.config.seeds), "seed"), *(setting(*axis) for axis in cell.point.items())]
        for cell in cells
    )


def print_sweep(sweep: Sweep, out: Output, metric: str = "test_loss", columns: Sequence[str] | None = None) -> int:
    """Write the sweep's table, best first by what chooses, or one JSON document. The exit code that it ends with.

    What was chosen follows in words, and on a terminal, where one axis of numbers was swept, the losses along it.
    metric, columns: as `regx compare` takes them; neither changes what is chosen.
    """
    choice = choose(sweep)
    everyone = [*sweep.runs, *([sweep.baseline] if sweep.baseline is not None else [])]
    rows = {row.run: row for row in sort_rows(compare_rows(everyone, None, metric, columns or ()), sweep.chosen_by)}
    found = interpolation(sweep)
    points = {str(cell.run.folder): cell.point for cell in [*sweep.ranked(), *sweep.cells] if cell.run is not None}
    ordered = [replace(rows[run], point=point) for run, point in points.items()]
    beside = [rows[str(sweep.baseline.folder)]] if sweep.baseline is not None else []
    if found is not None:
        told: Mapping[bool | None, Any] = {True: "yes", False: "no", None: None}
        fitted = {str(run.folder): told[fits(run)] for run in sweep.runs}
        ordered = [replace(row, interpolates=fitted[row.run]) for row in ordered]
    if out.as_json:
        chosen = None if choice is None else _as_json(choice)
        plain = [row.as_json() | ({"interpolates": row.interpolates} if found else {}) for row in ordered]
        out.document(
            {"sweep": str(sweep.folder), "best": chosen and chosen["run"], "chosen": chosen, "rows": plain}
            | ({"baseline": beside[0].as_json()} if beside else {})
            | ({"interpolation": found.as_json()} if found else {})
        )
    else:
        print_rows([*ordered, *beside], out, columns, sweep.chosen_by)
        out.text([""])
        out.conclusion([choice_in_words(choice), *(fitting(found) if found else ())])
        if out.form == "terminal":
            out.picture(_curve(read_sweep(sweep.folder, []) if sweep.compact else sweep, choice, out.width))
        out.text([str(sweep.folder)])
        out.next(f"regx report {sweep.folder}")
    if sweep.all_losses is not None and bool((sweep.all_losses != sweep.all_losses).any()):  # there is a NaN
        return SOME_DIVERGED
    return ended(everyone, out)


def _as_json(choice: Choice) -> dict[str, Any]:
    cell, by = choice.cell, choice.by
    assert cell.run is not None
    return {
        "run": str(cell.run.folder), "name": cell.run.name, "point": cell.point, "by": by, "peek": by == "test_loss",
        "among": choice.among, by: cell.loss(by), "judged": cell.judged or cell.loss(by),
        "optimism": None if choice.optimism is None else asdict(choice.optimism), "test_loss": cell.loss("test_loss"),
    }  # fmt: skip


def choice_in_words(choice: Choice | None) -> str:
    """What was chosen, by what, how much that flatters it, and its test loss."""
    if choice is None:
        return "Nothing was chosen: every network diverged."
    assert choice.cell.run is not None
    peeked = choice.by == "test_loss"
    loss = "test loss" if peeked else "validation loss"
    point = ", ".join(setting(key, value) for key, value in choice.cell.point.items()) or choice.cell.run.name
    peek = " (--peek)" * peeked
    said = [f"Chosen by {loss} among {choice.among}{peek}: {point}."]
    if choice.among == 1:
        said = [f"There was but one to choose{peek}: {point}."]
    said.append(f"Its {loss} is {in_full(choice.cell.loss(choice.by))}.")
    if choice.cell.judged is not None:
        said.append(
            f"It stopped early by that loss, so it was chosen by one that is not flattered by this: "
            f"{in_full(choice.cell.judged)}, where "
            "each half of the rows judges the epoch that the other half chooses."
        )
    if choice.among > 1:
        said.append(_flattered(choice.optimism))
    if peeked:
        said.append("Its test loss is no honest estimate: no data are left that had no say in the choice.")
    else:
        said.append(f"Its test loss, which had no say in the choice, is {in_full(choice.cell.loss('test_loss'))}.")
    return " ".join(said)


def fitting(found: Interpolation) -> list[str]:
    """Where the training rows are just fitted, and the best strength along the axis."""
    at = ", ".join(setting(*axis) for axis in found.fixed.items())
    said = []
    for flags, event in (
        (found.fitted, "the training error becomes 0"),
        (found.enough, "the network has as many parameters as training rows times outputs"),
    ):
        turn = found.turn(flags)
        where = f"between {setting(found.key, turn[0])} and {setting_value(turn[1])}" if turn else None
        if where is None and True in flags and False not in flags:
            where = f"outside of these values of {found.key}, at all of which that is so"
        said.append(f"{event} {where}" if where else f"it is nowhere seen along {found.key} that {event}")
    threshold = f"{'; '.join(said)}{f' (at {at})' if at else ''}."
    best = [
        f"{setting_value(best)} at {setting_value(value)}"
        for value, best in zip(found.values, found.best, strict=False)
    ]
    return [capital(threshold)] + [f"The best {found.strength} by mean loss: {listed(best)}." for _ in best[:1]]


def _flattered(optimism: Optimism | None) -> str:
    """How much of a loss is due to its having been chosen for being the least."""
    if optimism is None:
        return "How much choosing the least flatters it, these seeds cannot tell."
    how = f"chosen anew without each of the {optimism.seeds} seeds in turn, it is"
    changed = optimism.changed
    often = f"another one {count(changed, 'time')}" if changed else "always the same"
    amount = f"about {optimism.mean:.2g}" if optimism.mean else "nothing that can be measured"
    return f"Choosing the least flatters it by {amount}: {how} {often}."


def _curve(sweep: Sweep, choice: Choice | None, width: int) -> list[str]:
    """The losses along the one axis of numbers, or nothing where there is no such axis."""
    cells = [cell for cell in sweep.cells if cell.known]
    keys = list(cells[0].point) if cells else []
    values = [cell.point[key] for cell in cells for key in keys]
    if len(keys) != 1 or len(cells) < 3 or not all(type(value) in (int, float) for value in values):
        return []
    along = sorted(cells, key=lambda cell: float(cell.point[keys[0]]))
    means, lows, highs = (
        {name: [cell.loss(name)[end] for cell in along] for name in MARKERS} for end in ("mean", "low", "high")
    )
    marked = next((index for index, cell in enumerate(along) if choice and cell.point == choice.cell.point), None)
    axis = [cell.point[keys[0]] for cell in along]
    drawn = validation_curve(axis, means, lows, highs, marked, width=min(width, WIDEST))
    return ["", f"loss along {keys[0]}", *drawn.split("\n")]
