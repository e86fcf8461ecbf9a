"""What `regx bias-variance` prints: the parts of the error, along the axis as a table and a plot, and what follows."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regx.config.grid import Cell
from regx.core.errors import DONE, SOME_DIVERGED
from regx.report.lines import validation_curve
from regx.report.listing import Listed, print_listing
from regx.report.numbers import in_words, listed
from regx.report.output import WIDEST, Output
from regx.report.settings import setting, short_key
from regx.report.settings import setting_value as shown
from regx.stats.aggregate import Interval, side
from regx.stats.bootstrap import bootstrap_interval
from regx.studies.bias_variance.result import LEFT_OUT, BiasVariance, Decomposed

MARKERS = {"bias²": "b", "bias²+noise": "b", "variance": "v", "noise": "n", "error": "e"}


def print_plan(folder: Path, cells: Sequence[Cell], out: Output) -> None:
    """Write the points that would be trained."""
    if out.as_json:
        points = [{"draws": len(cell.config.seeds), "point": cell.point} for cell in cells]
        out.document({"study": str(folder), "points": points})
        return
    for cell in cells:
        draws = f"{len(cell.config.seeds)} training sets to draw"
        out.lines([[folder, draws, *(setting(*axis) for axis in cell.point.items())]])
    if not cells:
        out.lines([[folder, "nothing to train"]])


def print_study(study: BiasVariance, out: Output) -> int:
    """Write the study, or one JSON document. The exit code that it ends with."""
    said, known = conclusion(study), remarks(study)
    if out.as_json:
        out.document({"study": str(study.folder), **study.as_json(), "conclusion": said, "notes": known})
    else:
        print_listing(_rows(study), out, ends=False)
        if out.form == "terminal":
            out.picture(_curve(study, out.width))
        out.text([""])
        out.conclusion(said)
        out.text([""])
        out.conclusion(known)
        out.text([str(study.folder)])
        out.next(f"regx plot {study.folder} --kind bias_variance")
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
        shown(point.value) for point in points if point is not least and not side(_difference(point, least, "error"))
    ]
    same = f" These training sets do not tell {listed(others)} from it." if others else ""
    opening = f"The test error is least at {axis} = {shown(least.value)}: {in_words(least.part('error'))}.{same}"
    ends = [end for end in (points[0], points[-1]) if end is not least]
    return [
        _split(study, least, opening),
        *(_end(end, least, axis) for end in ends if side(_difference(end, least, "error")) > 0),
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


def _names(study: BiasVariance) -> dict[str, str]:
    """How the parts are called, by their keys."""
    if study.separable:
        return {"bias2": "bias²", "variance": "variance", "noise": "noise", "error": "error"}
    return {"bias2": "bias²+noise", "variance": "variance", "error": "error"}


def _rows(study: BiasVariance) -> list[Listed]:
    rows: list[Listed] = []
    for point in study.points:
        row: Listed = {} if study.axis is None else {short_key(study.axis.key): shown(point.value)}
        row |= {name: point.part(part) for part, name in _names(study).items()}
        row |= {what: getattr(point, what) for what in LEFT_OUT if study.left_out(what)}
        rows.append(row)
    return rows


def _curve(study: BiasVariance, width: int) -> list[str]:
    """The parts along the axis; nothing without an axis."""
    points = study.points
    if study.axis is None or len(points) < 2:
        return []
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
    drawn = validation_curve(
        along, curves["mean"], curves["low"], curves["high"], least,
        width=min(width, WIDEST), markers=MARKERS, chosen_as="least error", log_loss=False,
    )  # fmt: skip
    return ["", f"error along {study.axis.key}", *drawn.split("\n")]


def _drawn(value: Any) -> Any:
    """One hidden layer is a number on the axis."""
    if isinstance(value, list | tuple) and len(value) == 1:
        return value[0]
    return shown(value) if isinstance(value, list | tuple | dict) else value


def _split(study: BiasVariance, point: Decomposed, opening: str) -> str:
    bias2, variance = in_words(point.part("bias2")), in_words(point.part("variance"))
    if not study.separable:
        return f"{opening} Of it {variance} is variance and {bias2} is bias² and noise together."
    noise = f" Noise, which no network can remove, is {in_words(point.part('noise'))} of it."
    noise = noise if point.part("noise")["mean"] else ""
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
    bias2, variance = (_difference(end, least, part) for part in ("bias2", "variance"))
    opening = f"At {axis} = {shown(end.value)} it is greater by {in_words(_difference(end, least, 'error'))}:"
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


def _difference(one: Decomposed, other: Decomposed, part: str, other_part: str | None = None) -> Interval:
    """A part at one point minus it, or another part, at another, over the training sets that both have."""
    mine, theirs = one.draws[part], other.draws[other_part or part]
    return bootstrap_interval([mine[seed] - theirs[seed] for seed in mine if seed in theirs])
