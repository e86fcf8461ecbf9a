"""What `regx bias-variance` prints: the parts of the error, along the axis as a table and a plot, and what follows."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from regx.config.grid import Cell
from regx.core.errors import DONE, SOME_DIVERGED
from regx.report.lines import validation_curve
from regx.report.listing import in_words, listed, print_listing, print_prose
from regx.report.render import is_terminal
from regx.report.table import setting, short_key
from regx.stats.aggregate import Interval, side
from regx.stats.bootstrap import bootstrap_interval
from regx.studies.bias_variance.result import LEFT_OUT, BiasVariance, Decomposed

MARKERS = {"bias²": "b", "bias²+noise": "b", "variance": "v", "noise": "n", "error": "e"}
WIDEST = 100


def print_plan(folder: Path, cells: Sequence[Cell], stream: IO[str], as_json: bool) -> None:
    """Write the points that would be trained."""
    points = [{"draws": len(cell.config.seeds), "point": cell.point} for cell in cells]
    if as_json:
        stream.write(json.dumps({"study": str(folder), "points": points}, indent=2) + "\n")
        return
    for cell in cells:
        point = "\t".join(setting(key, value) for key, value in cell.point.items())
        stream.write(f"{folder}\t{len(cell.config.seeds)} training sets to draw\t{point}".rstrip() + "\n")
    if not cells:
        stream.write(f"{folder}\tnothing to train\n")


def print_study(study: BiasVariance, stream: IO[str], notes: IO[str], as_json: bool, quiet: bool) -> int:
    """Write the study, or one JSON document. The exit code that it ends with.

    Where `stream` is no terminal it gets the table alone, and `notes`, unless `quiet`, what is said about it.
    """
    said, known = conclusion(study), remarks(study)
    if as_json:
        document = {"study": str(study.folder), **study.as_json(), "conclusion": said, "notes": known}
        stream.write(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    else:
        print_listing(_rows(study), stream, ends=False)
        if is_terminal(stream):
            stream.write(_curve(study) + "\n")
            print_prose([*said, "", *known, str(study.folder)], stream)
        elif not quiet:
            print_prose([*said, *known], notes)
    return SOME_DIVERGED if any(map(study.left_out, LEFT_OUT)) else DONE


def conclusion(study: BiasVariance) -> list[str]:
    """Which part dominates; along an axis where the error is least, and what makes it greater at the ends."""
    points = [point for point in study.points if point.known]
    if not points:
        return ["Too few networks are left to split their error: most of them diverged or failed."]
    if study.axis is None:
        return [_split(study, points[0], f"The test error is {in_words(points[0].part('error'))}.")]
    least = min(points, key=lambda point: float(point.part("error")["mean"] or 0.0))
    axis = short_key(study.axis.key)
    others = [
        shown(point.value) for point in points if point is not least and not side(_greater(point, least, "error"))
    ]
    opening = f"The test error is least at {axis} = {shown(least.value)}: {in_words(least.part('error'))}."
    if others:
        opening += f" These training sets do not tell {listed(others)} from it."
    ends = [end for end in (points[0], points[-1]) if end is not least]
    return [
        _split(study, least, opening),
        *(_end(end, least, axis) for end in ends if side(_greater(end, least, "error")) > 0),
    ]


def remarks(study: BiasVariance) -> list[str]:
    """What a reader must know of the numbers."""
    parts = "bias², variance and noise add up" if study.separable else "bias²+noise and variance add up"
    said = [
        f"Over {len(study.seeds)} training sets, each with initial weights of its own; intervals are 95 % over them, "
        f"and {parts} to the measured test error. ±: half an interval."
    ]
    if study.task != "regression":
        said.append(
            "The error is the squared distance of the predicted probabilities from what happened, summed over the "
            "network's outputs (Brier score), not the cross-entropy that training minimises."
        )
    if not study.separable:
        said.append(
            "A table does not say what is noise, so bias² and noise are one number. It cannot be drawn anew either: "
            "each training set is a bootstrap resample of the same rows, about 63 % of them, so the error is a little "
            "greater than that of a run."
        )
    elif study.task == "regression":
        said.append(
            "Test targets are noisy here. `regx run` measures on the clean curve, where the loss is bias² + variance."
        )
    if any((point.part("bias2")["mean"] or 0) < 0 for point in study.points):
        said.append("A bias² below 0 is one too small to be seen: its estimate is free of bias, not of scatter.")
    for what in LEFT_OUT:
        count = study.left_out(what)
        if count:
            said.append(f"{count} of {len(study.seeds) * len(study.points)} networks {what} and are left out.")
    return said


def shown(value: Any) -> str:
    """A value in a sentence: `0.01`, `8`, `64x64`, `normal: 0.1`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {shown(part)}" for key, part in value.items())
    if isinstance(value, list | tuple):
        return "x".join(map(shown, value)) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _names(study: BiasVariance) -> dict[str, str]:
    """How the parts are called, by their keys."""
    if study.separable:
        return {"bias2": "bias²", "variance": "variance", "noise": "noise", "error": "error"}
    return {"bias2": "bias²+noise", "variance": "variance", "error": "error"}


def _rows(study: BiasVariance) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for point in study.points:
        row: dict[str, Any] = {} if study.axis is None else {short_key(study.axis.key): shown(point.value)}
        row |= {name: point.part(part) for part, name in _names(study).items()}
        row |= {what: getattr(point, what) for what in LEFT_OUT if study.left_out(what)}
        rows.append(row)
    return rows


def _curve(study: BiasVariance) -> str:
    """The parts along the axis; nothing without an axis."""
    points = study.points
    if study.axis is None or len(points) < 2:
        return ""
    values = [_drawn(point.value) for point in points]
    numeric = all(type(value) in (int, float) for value in values)
    order = sorted(range(len(points)), key=lambda index: values[index]) if numeric else range(len(points))
    curves = {
        end: {name: [points[index].part(part)[end] for index in order] for part, name in _names(study).items()}
        for end in ("mean", "low", "high")
    }
    along = [values[index] for index in order]
    means = curves["mean"]["error"]
    least = min((mean, number) for number, mean in enumerate(means) if mean is not None)[1] if any(means) else None
    width = min(shutil.get_terminal_size().columns, WIDEST)
    drawn = validation_curve(
        along, curves["mean"], curves["low"], curves["high"], least,
        width=width, markers=MARKERS, chosen_as="least error", log_loss=False,
    )  # fmt: skip
    return f"\nerror along {study.axis.key}\n{drawn}\n"


def _drawn(value: Any) -> Any:
    """One hidden layer is a number on the axis."""
    return value[0] if isinstance(value, list | tuple) and len(value) == 1 else shown(value) if _many(value) else value


def _many(value: Any) -> bool:
    return isinstance(value, list | tuple | dict)


def _split(study: BiasVariance, point: Decomposed, opening: str) -> str:
    bias2, variance = in_words(point.part("bias2")), in_words(point.part("variance"))
    if not study.separable:
        return f"{opening} Of it {variance} is variance and {bias2} is bias² and noise together."
    noise = (
        f" Noise, which no network can remove, is {in_words(point.part('noise'))} of it."
        if point.part("noise")["mean"]
        else ""
    )
    found = side(_difference(point, point, "variance", "bias2"))
    verdict = {
        1: "so variance dominates: networks of different training sets differ more from each other than their mean "
        "differs from the truth",
        -1: "so bias dominates: the mean over training sets is further from the truth than the networks are from it",
        0: "and the two cannot be told apart",
    }[found]
    rest = "What is left is" if noise else "It is"
    return f"{opening}{noise} {rest} variance, {variance}, and bias², {bias2}, {verdict}."


def _end(end: Decomposed, least: Decomposed, axis: str) -> str:
    """What makes the error at one end of the axis greater. The noise of a table is the same everywhere and cancels."""
    bias2, variance = (_greater(end, least, part) for part in ("bias2", "variance"))
    opening = f"At {axis} = {shown(end.value)} it is greater by {in_words(_greater(end, least, 'error'))}:"
    if side(variance) > 0 and (variance["mean"] or 0) > (bias2["mean"] or 0):
        return (
            f"{opening} variance grows by {in_words(variance)}, as of networks that follow their training sets too "
            f"closely, while bias² changes by {in_words(bias2)}."
        )
    if side(bias2) > 0 and (bias2["mean"] or 0) >= (variance["mean"] or 0):
        return (
            f"{opening} bias² grows by {in_words(bias2)}, as of networks that are too stiff, while variance changes by "
            f"{in_words(variance)}."
        )
    return (
        f"{opening} whether by bias² or by variance, these training sets cannot tell. Bias² changes by "
        f"{in_words(bias2)}, variance by {in_words(variance)}."
    )


def _greater(one: Decomposed, other: Decomposed, part: str) -> Interval:
    return _difference(one, other, part, part)


def _difference(one: Decomposed, other: Decomposed, part: str, other_part: str) -> Interval:
    """A part at one point minus a part at another, over the training sets that both have."""
    mine, theirs = one.draws[part], other.draws[other_part]
    return bootstrap_interval([mine[seed] - theirs[seed] for seed in mine if seed in theirs])
