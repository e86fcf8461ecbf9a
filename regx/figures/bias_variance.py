"""The expected test error and its parts, bias², variance and noise, along an axis or at one point."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.figures.kind import Kind
from regx.figures.labels import words
from regx.figures.parts import area_key, band, ends, legend_below, panels, star
from regx.figures.scale import AxisScale, scale_of
from regx.figures.style import BLACK, COLUMN, GREEN, GREY, PURPLE, VERMILLION, Figure, Line
from regx.studies.bias_variance.result import BiasVariance

NAMES = {"error": "expected test error", "bias2": "bias²", "variance": "variance", "noise": "noise"}
LOOKS = {
    "error": Line(BLACK, "-", "o"),
    "bias2": Line(VERMILLION, "--", "s"),
    "variance": Line(GREEN, "-.", "^"),
    "noise": Line(PURPLE, ":", "D"),
}


@dataclass(frozen=True)
class Parts:
    """What is drawn of one study. scale: None where there is one point.

    parts: by part, mean, low and high, (3, n), NaN where there is none; no noise where it cannot be told from bias².
    least: the place of the least error.
    """

    title: str
    key: str | None
    scale: AxisScale | None
    parts: dict[str, Array]
    names: dict[str, str]
    least: int | None
    label: str


def unfit(study: BiasVariance) -> str | None:
    return None if any(point.known for point in study.points) else "every network of it diverged"


def read(study: BiasVariance) -> Parts:
    points, scale = list(study.points), None
    if study.axis is not None and len(points) > 1:
        scale = scale_of([point.value for point in points])
        points = [next(point for point in points if point.value == value) for value in scale.values]
    parts = {}
    for part in NAMES:
        values = ends(point.part(part) for point in points)
        if np.isfinite(values[0]).any():
            parts[part] = values
    names = dict(NAMES) if "noise" in parts else {**NAMES, "bias2": "bias² + noise"}
    diverged = study.left_out("diverged")
    title = f"{words(study.name)}, {len(study.seeds)} training sets" + (
        f" ({diverged} networks diverged)" if diverged else ""
    )
    label = "expected squared error" + ("" if study.task == "regression" else "\nof the probabilities")
    least = int(np.nanargmin(parts["error"][0])) if scale else None
    return Parts(title, study.axis.key if study.axis else None, scale, parts, names, least, label)


def draw(studies: Sequence[Parts]) -> Figure:
    (one,) = studies
    return _bars(one) if one.scale is None else _lines(one, one.scale)


def _lines(one: Parts, scale: AxisScale) -> Figure:
    figure, (panel,) = panels(1, height=2.6)
    handles: list[Any] = []
    banded = False
    for part, (mean, low, high) in one.parts.items():
        style = LOOKS[part]
        if np.isfinite(low).any():
            banded = True
            band(panel, scale.positions, low, high, style.colour, label=f"{one.names[part]} interval")
        handles += panel.plot(scale.positions, mean, label=one.names[part], **style.drawn())
    if banded:
        handles.append(area_key("95 % interval", facecolor=GREY, alpha=0.3))
    if one.least is not None:
        at = scale.positions[one.least]
        panel.axvline(at, color=GREY, linewidth=0.8, linestyle=":")
        handles.append(star(panel, at, one.parts["error"][0, one.least], "least expected error"))
    scale.apply(panel, str(one.key), COLUMN)
    # Wide intervals are cut, so that the means keep most of the picture.
    highest = max(float(np.nanmax(mean)) for mean, _, _ in one.parts.values())
    reach = max((float(np.nanmax(high)) for _, _, high in one.parts.values() if np.isfinite(high).any()), default=0.0)
    panel.set(ylim=(0, 1.05 * min(max(reach, highest), 1.5 * highest)), ylabel=one.label, title=one.title)
    legend_below(figure, handles)
    return figure


def _bars(one: Parts) -> Figure:
    figure, (panel,) = panels(1, height=2.2)
    hatches = {"error": "", "bias2": "////", "variance": "....", "noise": "xxxx"}
    colours = {"error": "#bbbbbb", "bias2": VERMILLION, "variance": GREEN, "noise": PURPLE}
    for place, (part, values) in enumerate(one.parts.items()):
        mean, low, high = values[:, 0]
        panel.bar(
            [place], [mean], color=colours[part], edgecolor=BLACK, hatch=hatches[part], linewidth=0.6, width=0.65,
            label=one.names[part],
        )  # fmt: skip
        if np.isfinite(low):
            panel.plot([place, place], [low, high], color=BLACK, marker="_", linewidth=1, label="interval")
    panel.set_xticks(range(len(one.parts)), [one.names[part] for part in one.parts])
    panel.set(title=one.title, xlabel="part (bars: 95 % interval)", ylabel=one.label)
    return figure


KIND = Kind(
    "bias_variance", "bias_variance", "expected test error split into bias², variance and noise", unfit, read, draw
)
