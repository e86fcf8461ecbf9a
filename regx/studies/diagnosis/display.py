"""`regx diagnose`, without its options."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from regx.core.errors import InputError
from regx.core.text import clean
from regx.report.render import is_terminal
from regx.report.sparkline import sparkline
from regx.store.atomic import write_atomically
from regx.store.files import config_text, strict
from regx.studies.diagnosis.advice import changed
from regx.studies.diagnosis.result import Diagnosed, Diagnosis

WIDEST = 100  # of a line of prose
# The columns of the flat form that are means over seeds.
MEASURED = (
    "train", "val", "gap", "rise", "gain", "pattern", "accuracy_gap", "growth", "gradient", "dead", "divergence",
)  # fmt: skip


def print_diagnoses(found: Sequence[Diagnosed], stream: IO[str], as_json: bool, quiet: bool = False) -> None:
    """Write the diagnoses: a block each on a terminal, else a tab-separated line each, or one JSON document.

    quiet: on a terminal without what only informs.
    """
    if as_json:
        documents = [_document(one) for one in found]
        stream.write(json.dumps(strict(documents), indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    elif is_terminal(stream):
        _write_blocks(found, stream, quiet)
    else:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        rows = [_flat(one) for one in found]
        writer.writerow(rows[0])
        writer.writerows(row.values() for row in rows)


def write_changed(found: Sequence[Diagnosed], number: int, path: Path, force: bool) -> str:
    """Write the config of the one run with one of its advice applied. Returns a sentence that says so.

    number: of the advice, from 1. Raises InputError where there is not one run, no such advice, or, without `force`, a
    file already; RegxError if the disk refuses.
    """
    if len(found) != 1:
        raise InputError(f"--apply: expected one run, whose config is changed, found {len(found)}. Name one.")
    one = found[0]
    if one.run is None:
        raise InputError(f"--apply: {one.place} is a log and has no config to change. Expected a run of regx.")
    if not one.advice:
        raise InputError(f"--apply: expected a run that needs a change; {one.place} is {one.diagnosis.verdict}.")
    if not 1 <= number <= len(one.advice):
        raise InputError(f"--advice: expected a number from 1 to {len(one.advice)}, found {number}.")
    chosen = one.advice[number - 1]
    if not chosen.overrides:
        usable = [str(place) for place, item in enumerate(one.advice, start=1) if item.overrides]
        raise InputError(
            f"--advice {number}: expected advice that a config can follow, found: {chosen.reason} "
            f"Those that can: {', '.join(usable) or 'none'}."
        )
    if path.exists() and not force:
        raise InputError(f"--apply: {path} is there already. Choose another file, or --force to replace it.")
    config = changed(one.run, chosen)
    overrides = " ".join(f"-s {override}" for override in chosen.overrides)
    heading = (
        f"# {clean(str(one.place))}, {one.diagnosis.verdict}, with advice {number} of `regx diagnose`:\n# {overrides}\n"
    )
    write_atomically(path, (heading + config_text(config.resolved)).encode())
    return f"{path}: {config.name}, which is {one.run.name} with {overrides}. Next: regx run {path}"


def _document(one: Diagnosed) -> dict[str, Any]:
    diagnosis = one.diagnosis
    return {
        "run": str(one.place),
        "name": one.name,
        "verdict": diagnosis.verdict,
        "seeds": len(diagnosis.seeds),
        "diverged": sum(seed.diverged is not None for seed in diagnosis.seeds),
        "rows": diagnosis.rows,
        "parameters": one.run and one.run.summary.parameters,
        "trivial_loss": diagnosis.trivial,
        "evidence": [asdict(item) for item in diagnosis.evidence],
        "notes": list(diagnosis.notes),
        "advice": [asdict(item) for item in one.advice],
        "curves": asdict(diagnosis.curves),
    }


def _flat(one: Diagnosed) -> dict[str, str]:
    means = {item.name: item.value for item in one.diagnosis.evidence}
    values = {name: means.get(name) for name in MEASURED}
    return {
        "name": clean(one.name),
        "verdict": one.diagnosis.verdict,
        "seeds": str(len(one.diagnosis.seeds)),
        **{name: "" if value is None else f"{value:.6g}" for name, value in values.items()},
        "advice": "; ".join(" ".join(item.overrides) or item.name for item in one.advice),
        "run": clean(str(one.place)),
    }


def _write_blocks(found: Sequence[Diagnosed], stream: IO[str], quiet: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(file=stream, highlight=False)
    wide = min(console.width, WIDEST)

    def say(text: str, indent: int = 2, style: str = "") -> None:
        console.print(Padding(Text(clean(text), style=style), (0, 0, 0, indent)), width=wide)

    for number, one in enumerate(found):
        if number:
            console.print()
        diagnosis = one.diagnosis
        console.print(Text.assemble((clean(one.name), "bold"), ": ", (diagnosis.verdict, _style(diagnosis.verdict))))
        if not quiet:
            say(_about(one), style="dim")
            for line in _sparklines(diagnosis, wide - 27):
                console.print(Text(f"  {line}"), no_wrap=True)
        for item in diagnosis.evidence:
            if item.points_to or not quiet:
                _bullet(console, "!" if item.points_to else "·", item.text, wide, "" if item.points_to else "dim")
        for note in () if quiet else diagnosis.notes:
            _bullet(console, "·", note, wide)
        if one.advice:
            say("Change next, in this order:")
        elif diagnosis.verdict == "healthy":
            say("Nothing needs to be changed.")
        for place, change in enumerate(one.advice, start=1):
            overrides = " ".join(f"-s {override}" for override in change.overrides)
            _bullet(console, f"{place}.", f"{overrides}\n{change.reason}" if overrides else change.reason, wide)


def _bullet(console: Any, sign: str, text: str, wide: int, style: str = "") -> None:
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_column(width=4, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    lines = "\n".join(clean(line) for line in text.split("\n"))
    grid.add_row(Text(sign, style=style), Text(lines, style=style))
    console.print(grid, width=wide)


def _about(one: Diagnosed) -> str:
    diagnosis = one.diagnosis
    if one.run is None:
        return f"{one.place}: a log of {len(diagnosis.curves.epochs)} epochs."
    summary = one.run.summary
    rows = "" if diagnosis.rows is None else f", {diagnosis.rows:,} rows"
    parameters = "" if summary.parameters is None else f", {summary.parameters:,} parameters"
    seeds = f"{len(diagnosis.seeds)} seed{'' if len(diagnosis.seeds) == 1 else 's'}"
    stack = "no regularizer" if one.run.stack == "none" else one.run.stack
    text = f"{summary.dataset}{rows}{parameters}, {stack}, {seeds}."
    if diagnosis.trivial is None:
        return text
    answer = "the mean" if summary.task == "regression" else "the shares of the classes"
    return (
        f"{text} The trivial loss is {diagnosis.trivial:.3g}, that of always answering {answer} of the training rows; "
        "points are hundredths of it, brackets 95 % intervals over seeds."
    )


def _sparklines(diagnosis: Diagnosis, wide: int) -> list[str]:
    """A line for each loss, on a scale of its own: where it began, its course, where it ended."""
    curves = diagnosis.curves
    if len(curves.epochs) < 2:
        return []
    return [
        f"{name:5} {values[0]:>8.3g} {sparkline(values, min(wide, 60)).rstrip()} {values[-1]:.3g}"
        for name, values in (("train", curves.train), ("val", curves.val))
        if values
    ]


def _style(verdict: str) -> str:
    return {"healthy": "bold green", "mild overfitting": "bold yellow", "cannot tell": "bold"}.get(verdict, "bold red")
