"""The expected test error and its parts, bias², variance and noise, along an axis or at one point."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.figures.kind import Kind
from regx.figures.labels import words
from regx.figures.parts import area_key, band, ends, legend_below, panels, star
from regx.figures.scale import AxisScale, scale_of
from regx.figures.style import BLACK, COLUMN, GREEN, GREY, PURPLE, VERMILLION, Axes, Figure, Line
from regx.studies.bias_variance.result import BiasVariance

NAMES = {"error": "expected test error", "bias2": "bias²", "variance": "variance", "noise": "noise"}
LOOKS = {
    "error": Line(BLACK, "-", "o"),
    "bias2": Line(VERMILLION, "--", "s"),
    "variance": Line(GREEN, "-.", "^"),
    "noise": Line(PURPLE, ":", "D"),
}


def unfit(study: BiasVariance) -> str | None:
    return None if any(point.known for point in study.points) else "every network of it diverged"


def draw(studies: Sequence[BiasVariance]) -> Figure:
    (study,) = studies
    points, scale = list(study.points), None
    if study.axis is not None and len(points) > 1:
        scale = scale_of([point.value for point in points])
        points = [next(point for point in points if point.value == value) for value in scale.values]
    # Of each part mean, low and high, (3, n), NaN where there is none; no noise where it cannot be told from bias².
    found = {part: ends(point.part(part) for point in points) for part in NAMES}
    parts = {part: values for part, values in found.items() if np.isfinite(values[0]).any()}
    names = NAMES if "noise" in parts else {**NAMES, "bias2": "bias² + noise"}
    if scale is None:
        figure, panel = _bars(parts, names)
    else:
        assert study.axis is not None
        figure, panel = _lines(parts, names, scale, study.axis.key)
    diverged = study.left_out("diverged")
    more = f" ({diverged} networks diverged)" if diverged else ""
    panel.set_title(f"{words(study.name)}, {len(study.seeds)} training sets{more}")
    panel.set_ylabel("expected squared error" + ("" if study.task == "regression" else "\nof the probabilities"))
    return figure


def _lines(parts: Mapping[str, Array], names: Mapping[str, str], scale: AxisScale, key: str) -> tuple[Figure, Axes]:
    figure, (panel,) = panels(1, height=2.6)
    handles: list[Any] = []
    for part, (mean, low, high) in parts.items():
        style = LOOKS[part]
        if np.isfinite(low).any():
            band(panel, scale.positions, low, high, style.colour, label=f"{names[part]} interval")
        handles += panel.plot(scale.positions, mean, label=names[part], **style.drawn())
    if any(np.isfinite(low).any() for _, low, _ in parts.values()):
        handles.append(area_key("95 % interval", facecolor=GREY, alpha=0.3))
    least = int(np.nanargmin(parts["error"][0]))
    panel.axvline(scale.positions[least], color=GREY, linewidth=0.8, linestyle=":")
    handles.append(star(panel, scale.positions[least], parts["error"][0, least], "least expected error"))
    scale.apply(panel, key, COLUMN)
    # Wide intervals are cut, so that the means keep most of the picture.
    highest = max(float(np.nanmax(mean)) for mean, _, _ in parts.values())
    reach = max((float(np.nanmax(high)) for _, _, high in parts.values() if np.isfinite(high).any()), default=0.0)
    panel.set_ylim(0, 1.05 * min(max(reach, highest), 1.5 * highest))
    legend_below(figure, handles)
    return figure, panel


def _bars(parts: Mapping[str, Array], names: Mapping[str, str]) -> tuple[Figure, Axes]:
    figure, (panel,) = panels(1, height=2.2)
    hatches = {"error": "", "bias2": "////", "variance": "....", "noise": "xxxx"}
    for place, (part, values) in enumerate(parts.items()):
        mean, low, high = values[:, 0]
        colour = LOOKS[part].colour if part != "error" else "#bbbbbb"
        look: Any = {"color": colour, "edgecolor": BLACK, "hatch": hatches[part], "linewidth": 0.6, "width": 0.65}
        panel.bar([place], [mean], label=names[part], **look)
        if np.isfinite(low):
            panel.plot([place, place], [low, high], color=BLACK, marker="_", linewidth=1, label="interval")
    panel.set_xticks(range(len(parts)), [names[part] for part in parts])
    panel.set_xlabel("part (bars: 95 % interval)")
    return figure, panel


KIND = Kind("bias_variance", "bias_variance", "expected test error split into bias², variance and noise", unfit, draw)
