"""The page's figures as plain plotly data. Colours are page.js's, since they change between light and dark."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from regx.core.text import clean, elided
from regx.evidence.curves import Curve
from regx.page.curves import SPLITS
from regx.page.strength import Strength
from regx.page.surface import DrawnSurface, rounded
from regx.report.numbers import is_number

Figure = dict[str, Any]
DASHES = {"train": "dot", "val": "dash", "test": "solid"}
# Of classes: how a sign of text looks in plotly, and the numbers of page.css's colours.
CLASS_SYMBOLS = {
    "●": "circle", "✖": "x", "■": "square", "◆": "diamond", "✚": "cross", "▲": "triangle-up", "★": "star",
}  # fmt: skip
CLASS_COLOURS = (2, 1, 3, 4, 5, 6, 7, 0)
LONGEST = 36  # letters of a column or a class beside an axis
LOG_SPAN = 30  # losses that span more than this factor are drawn on a logarithmic scale


def plot_text(text: str) -> str:
    """Text for plotly, which reads some HTML and some placeholders in names and titles: here it reads none."""
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("%{", "%&#123;")):
        text = text.replace(sign, code)
    return text


def short(text: str) -> str:
    """A name of a table for an axis: shortened in its middle, since plotly cuts what is too long at both ends."""
    return elided(clean(text), LONGEST)


def scatter(mode: str, x: Sequence[float], y: Sequence[Any], meta: Mapping[str, Any], **look: Any) -> Figure:
    """A trace of lines or markers. meta: what page.js knows it by; look: as plotly has it."""
    return {"type": "scatter", "mode": mode, "x": x, "y": y, "meta": dict(meta), **look}


def curves_figure(
    curves: Mapping[int, Mapping[str, Mapping[str, Curve]]], labels: Sequence[str], shown: Sequence[int]
) -> Figure:
    """Learning curves: for each run, metric (loss, accuracy) and split a line, and a band over several seeds.

    curves: by run, metric and split, in the order of `SPLITS`. shown: the runs that are visible at first, with their
    training and test loss.
    """
    traces: list[dict[str, Any]] = []
    means = [float(one) for run in curves.values() for curve in run.get("loss", {}).values() for one in curve.mean]
    floor = min((mean for mean in means if mean > 0), default=0.0) / 2
    for run, metrics in curves.items():
        for metric, splits in metrics.items():
            for split, curve in splits.items():
                visible = run in shown and metric == "loss" and split != "val"
                meta = {"run": run, "metric": metric, "split": split}
                epochs = curve.epoch.tolist()
                if curve.low is not None and curve.high is not None:
                    # An interval of losses may reach below 0, where a logarithmic axis has no place.
                    low = curve.low.clip(min=floor) if metric == "loss" else curve.low
                    around = rounded(curve.high) + rounded(low)[::-1]
                    look = {"fill": "toself", "line": {"width": 0}, "visible": visible and split == "test"}
                    band = {**meta, "role": "band"}
                    traces.append(scatter("lines", epochs + epochs[::-1], around, band, hoverinfo="skip", **look))
                look = {"line": {"dash": DASHES[split], "width": 2}, "visible": visible}
                named = {"name": plot_text(f"{labels[run]}, {split}"), "hoverinfo": "x+y+name"}
                line = {**meta, "role": "line"}
                traces.append(scatter("lines+markers", epochs, rounded(curve.mean), line, **named, **look))
    log = bool(means) and min(means) > 0 and max(means) > LOG_SPAN * min(means)
    return {"data": traces, "layout": axes_layout("epoch", "loss", log=log)}


def prediction_figure(surface: DrawnSurface, names: Mapping[int, str]) -> Figure:
    """What networks predict on a surface: a line for each, by its number and its name, or a map."""
    return _fit_figure(surface, names) if surface.where.is_line else _map_figure(surface)


def _fit_figure(surface: DrawnSurface, names: Mapping[int, str]) -> Figure:
    """A line over one feature: training points, test split, and for each run an empty line that page.js fills."""
    train, test = surface.dataset.train, surface.dataset.test
    order = test.x[:, 0].argsort()
    x, hover = rounded(surface.where.axes[0]), {"hoverinfo": "name+x+y"}
    traces = [
        scatter(
            "lines" if surface.test_is_a_curve else "markers", rounded(test.x[order, 0]), rounded(test.y[order, 0]),
            {"role": "test"}, name="test split", line={"dash": "dot", "width": 2}, marker={"size": 4}, **hover,
        ),
        scatter(
            "markers", rounded(train.x[:, 0]), rounded(train.y[:, 0]), {"role": "points"}, name="training points",
            marker={"size": 7, "symbol": "circle-open"}, **hover,
        ),
        *(
            scatter("lines", x, [], {"role": "fit", "run": run}, name=plot_text(name), line={"width": 2}, **hover)
            for run, name in names.items()
        ),
    ]  # fmt: skip
    layout = axes_layout(surface.dataset.features[0], surface.dataset.target)
    layout["yaxis"] |= {"range": [surface.low, surface.high], "autorange": False}
    return {"data": traces, "layout": layout}


def _map_figure(surface: DrawnSurface) -> Figure:
    """A map over two features: colours for the prediction, the boundary, and the training points by their class."""
    train, classes = surface.dataset.train, surface.classes
    x, y = (rounded(axis) for axis in surface.where.axes)
    bar = {"title": {"text": ""}, "thickness": 12}
    heat: dict[str, Any] = {
        "type": "heatmap", "x": x, "y": y, "z": [], "zmin": surface.low, "zmax": surface.high, "hoverinfo": "x+y+z",
        "zsmooth": False if classes else "best", "colorbar": bar, "showscale": not classes,
        "meta": {"role": "map", "colours": [CLASS_COLOURS[number % len(CLASS_COLOURS)] for number in range(classes)]},
    }  # fmt: skip
    traces = [heat]
    if surface.dataset.task == "binary":
        bar["title"] = {"text": plot_text(f"p({short(_class_name(surface, 1))})"), "side": "right"}
        traces.append({
            "type": "contour", "x": x, "y": y, "z": [], "showscale": False, "hoverinfo": "skip", "autocontour": False,
            "contours": {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}, "line": {"width": 2.5},
            "meta": {"role": "boundary"},
        })  # fmt: skip
    groups = train.y[:, 0].round().astype(int) if surface.dataset.task == "binary" else train.y.argmax(axis=1)
    if surface.dataset.task == "regression":  # its one output is the greatest: all rows are of group 0
        bar["title"] = {"text": plot_text(short(surface.dataset.target)), "side": "right"}
    symbols = tuple(CLASS_SYMBOLS.values())
    for group in sorted(set(groups.tolist())):
        rows = groups == group
        labelled = surface.dataset.task != "regression"
        name = f"labelled {clean(_class_name(surface, group))}" if labelled else "training points"
        marker = {"size": 7, "symbol": symbols[group % len(symbols)], "line": {"width": 1}}
        meta = {"role": "class", "colour": CLASS_COLOURS[group % len(CLASS_COLOURS)]}
        across, up = (rounded(column) for column in train.x[rows].T)
        named = {"name": plot_text(name), "hoverinfo": "x+y+name"}
        traces.append(scatter("markers", across, up, meta, marker=marker, **named))
    first, second = surface.dataset.features
    layout = axes_layout(first, second)
    layout["xaxis"] |= {"range": [x[0], x[-1]], "autorange": False}
    layout["yaxis"] |= {"range": [y[0], y[-1]], "autorange": False}
    return {"data": traces, "layout": layout}


def class_marks(surface: DrawnSurface) -> list[dict[str, str | int]]:
    """How a map shows the training points of each class: symbol, colour and name. None of a regression."""
    signs, colours = tuple(CLASS_SYMBOLS), CLASS_COLOURS
    return [
        {"symbol": signs[number % len(signs)], "colour": colours[number % len(colours)], "name": clean(name)}
        for number, name in enumerate(surface.dataset.classes)
    ]


def race_loss_figure(lanes: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Figure:
    """Losses over epochs as far as the race has come: lines for page.js to lengthen, and a mark at the end of each."""
    traces: list[dict[str, Any]] = []
    every: list[float] = []
    starts: list[float] = [1.0]
    for number, lane in enumerate(lanes):
        for split in ("train", "test"):
            if split not in lane["loss"]:
                continue
            losses = lane["loss"][split]["loss"]
            every += [loss for loss in losses if loss > 0]
            starts.append(losses[0])
            meta = {"run": lane["run"], "lane": number, "split": split}
            named = {"name": plot_text(f"{labels[lane['run']]}, {split}"), "hoverinfo": "x+y+name"}
            line = {"dash": DASHES[split], "width": 2}
            traces.append(scatter("lines", [], [], {**meta, "role": "loss"}, line=line, **named))
            traces.append(scatter("markers", [], [], {**meta, "role": "now"}, hoverinfo="skip", marker={"size": 9}))
    ends = [split["epoch"][-1:] for lane in lanes for split in lane["loss"].values()]
    last = max((epoch for end in ends for epoch in end), default=1)
    log = bool(every) and max(every) > LOG_SPAN * min(every)
    layout = axes_layout("epoch", "loss", log=log)
    layout["xaxis"] |= {"range": [-0.02 * last, 1.02 * last], "autorange": False}
    if every:
        # A network that diverges would press all others to the floor.
        low, high = min(every), min(max(every), 100 * max(starts))
        reach = [math.log10(low) - 0.1, math.log10(high) + 0.1] if log else [0, high * 1.05]
        layout["yaxis"] |= {"range": reach, "autorange": False}
    return {"data": traces, "layout": layout}


def weights_figure() -> Figure:
    """A weight matrix: rows are the layer's inputs, columns its units."""
    layout = axes_layout("unit of the layer", "input of the layer")
    layout["yaxis"] |= {"autorange": "reversed"}
    heat = {"type": "heatmap", "z": [], "hoverinfo": "x+y+z", "xgap": 0, "colorbar": {"thickness": 12}}
    return {"data": [{**heat, "meta": {"role": "weights"}}], "layout": layout}


def strength_figure(strength: Strength) -> Figure:
    """Losses along a swept axis with their intervals, the chosen value, and a line that page.js moves."""
    traces: list[dict[str, Any]] = []
    for split in SPLITS:
        intervals = [run.summary.over_seeds(f"{split}_loss") for run in strength.runs]
        ends = [(one["mean"], one["high"]) for one in intervals]
        if all(mean is None for mean, _ in ends):
            continue
        half = [high - mean if high is not None and mean is not None else 0.0 for mean, high in ends]
        bars = {"type": "data", "array": half, "thickness": 1.5, "width": 4}
        look = {"line": {"dash": DASHES[split], "width": 2}, "marker": {"size": 8}, "error_y": bars}
        named = {"name": f"{split} loss", "hoverinfo": "y+name"}
        meta, means = {"role": "strength", "split": split}, [mean for mean, _ in ends]
        traces.append(scatter("lines+markers", strength.positions, means, meta, **named, **look))
    layout = axes_layout(strength.key + (" (logarithmic)" if strength.log else ""), "loss")
    ticks = [plot_text(value_text(value)) for value in strength.values]
    layout["xaxis"] |= {"tickmode": "array", "tickvals": strength.positions, "ticktext": ticks, "autorange": True}
    layout |= {"legend": {"orientation": "h", "y": 1.12, "x": 0}, "showlegend": True}
    layout["shapes"] = [upright(strength.positions[strength.chosen], dash) for dash in ("dot", "solid")]
    return {"data": traces, "layout": layout}


def value_text(value: Any) -> str:
    """A swept value as it is typed."""
    return f"{value:g}" if is_number(value) else str(value)


def upright(x: float, dash: str) -> dict[str, Any]:
    return {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper", "line": {"width": 1.5, "dash": dash}}


def _class_name(surface: DrawnSurface, number: int) -> str:
    names = surface.dataset.classes
    return names[number] if number < len(names) else str(number)


def axes_layout(x: str, y: str, log: bool = False) -> dict[str, Any]:
    def axis(name: str, **more: str) -> dict[str, Any]:
        return {"title": {"text": plot_text(short(name))}, "zeroline": False, "automargin": True, **more}

    # Without a tickformat a logarithmic axis says 10.00, 1.000 and 0.1000.
    up = axis(y, hoverformat=".4g", tickformat="~g", type="log" if log else "linear")
    return {
        "autosize": True, "margin": {"l": 58, "r": 14, "t": 12, "b": 46}, "showlegend": False, "hovermode": "closest",
        "hoverlabel": {"namelength": -1},
        "dragmode": False,  # dragging would zoom, which takes scrolling away from a finger
        "xaxis": axis(x), "yaxis": up,
    }  # fmt: skip
