"""`regx diagnose`, without its options."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from regx.core.errors import InputError
from regx.core.text import clean
from regx.report.output import WIDEST, Output
from regx.report.sparkline import sparkline
from regx.store.atomic import write_atomically
from regx.store.files import config_text
from regx.studies.diagnosis.advice import changed
from regx.studies.diagnosis.result import Diagnosed, Diagnosis
from regx.studies.diagnosis.words import about

# The columns of the flat form that are means over seeds.
MEASURED = (
    "train", "val", "gap", "rise", "gain", "pattern", "accuracy_gap", "growth", "gradient", "dead", "divergence",
)  # fmt: skip
STYLES = {"healthy": "bold green", "mild overfitting": "bold yellow", "cannot tell": "bold"}


def print_diagnoses(found: Sequence[Diagnosed], out: Output) -> None:
    """Write the diagnoses: a block each for people, without what only informs if quiet; a line each for programs."""
    if out.as_json:
        out.document([_document(one) for one in found])
    elif out.for_people:
        for number, one in enumerate(found):
            out.text([""] * bool(number))
            _print_block(one, out)
        advised = [one for one in found if one.run is not None and any(item.overrides for item in one.advice)]
        if advised:
            out.next(f"regx diagnose {advised[0].place} --apply next.yaml")
    else:
        out.flat([_flat(one) for one in found])


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
    config, place = changed(one.run, chosen), clean(str(one.place))
    overrides = " ".join(f"-s {override}" for override in chosen.overrides)
    heading = f"# {place}, {one.diagnosis.verdict}, with advice {number} of `regx diagnose`:\n# {overrides}\n"
    write_atomically(path, (heading + config_text(config.resolved)).encode())
    return f"{path}: {config.name}, which is {one.run.name} with {overrides}. Next: regx run {path}"


def _document(one: Diagnosed) -> dict[str, Any]:
    diagnosis = one.diagnosis
    return {
        "run": str(one.place), "name": one.name, "verdict": diagnosis.verdict, "seeds": len(diagnosis.seeds),
        "diverged": sum(seed.diverged is not None for seed in diagnosis.seeds), "rows": diagnosis.rows,
        "parameters": one.run and one.run.summary.parameters, "trivial_loss": diagnosis.trivial,
        "evidence": [asdict(item) for item in diagnosis.evidence], "notes": list(diagnosis.notes),
        "advice": [asdict(item) for item in one.advice], "curves": asdict(diagnosis.curves),
    }  # fmt: skip


def _flat(one: Diagnosed) -> dict[str, Any]:
    means = {item.name: item.value for item in one.diagnosis.evidence}
    advised = "; ".join(" ".join(item.overrides) or item.name for item in one.advice)
    about = {"name": one.name, "verdict": one.diagnosis.verdict, "seeds": len(one.diagnosis.seeds)}
    return {**about, **{name: means.get(name) for name in MEASURED}, "advice": advised, "run": str(one.place)}


def _print_block(one: Diagnosed, out: Output) -> None:
    diagnosis = one.diagnosis
    out.heading(one.name, f": {diagnosis.verdict}", STYLES.get(diagnosis.verdict, "bold red"))
    if not out.quiet:
        out.text([about(one)], style="dim", indent=2)
        out.picture(f"  {line}" for line in _sparklines(diagnosis, min(out.width, WIDEST) - 27))
    for item in diagnosis.evidence:
        if item.points_to:
            out.text([item.text], bullet="!")
        elif not out.quiet:
            out.text([item.text], bullet="·", style="dim")
    out.text(() if out.quiet else diagnosis.notes, bullet="·")
    if one.advice:
        out.text(["Change next, in this order:"], indent=2)
    elif diagnosis.verdict == "healthy":
        out.text(["Nothing needs to be changed."], indent=2)
    for place, change in enumerate(one.advice, start=1):
        overrides = " ".join(f"-s {override}" for override in change.overrides)
        out.text([f"{overrides}\n{change.reason}" if overrides else change.reason], bullet=f"{place}.")


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
