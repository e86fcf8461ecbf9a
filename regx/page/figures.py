"""The page's figures as plain plotly data. Colours are page.js's, since they change between light and dark."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from regx.core.arrays import Array
from regx.core.text import clean, elided
from regx.evidence.curves import Curve
from regx.page.curves import SPLITS
from regx.page.strength import Strength
from regx.page.surface import DrawnSurface
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


def curves_figure(
    curves: Mapping[int, Mapping[str, Mapping[str, Curve]]], labels: Sequence[str], shown: Sequence[int]
) -> Figure:
    """Learning curves: for each run, metric (loss, accuracy) and split a line, and a band over several seeds.

    curves: by run, metric and split. shown: the runs that are visible at first, with their training and test loss.
    """
    traces: list[dict[str, Any]] = []
    means = [float(one) for run in curves.values() for curve in run.get("loss", {}).values() for one in curve.mean]
    floor = min((mean for mean in means if mean > 0), default=0.0) / 2
    for run, metrics in curves.items():
        for metric, splits in metrics.items():
            for split in SPLITS:
                if split not in splits:
                    continue
                curve = splits[split]
                visible = run in shown and metric == "loss" and split != "val"
                meta = {"run": run, "metric": metric, "split": split}
                epochs = curve.epoch.tolist()
                if curve.low is not None and curve.high is not None:
                    # An interval of losses may reach below 0, where a logarithmic axis has no place.
                    low = curve.low.clip(min=floor) if metric == "loss" else curve.low
                    traces.append(
                        {
                            "type": "scatter", "mode": "lines", "fill": "toself", "hoverinfo": "skip",
                            "x": epochs + epochs[::-1], "y": _rounded(curve.high) + _rounded(low)[::-1],
                            "line": {"width": 0}, "visible": visible and split == "test",
                            "meta": {**meta, "role": "band"},
                        }
                    )  # fmt: skip
                traces.append(
                    {
                        "type": "scatter", "mode": "lines+markers", "name": plot_text(f"{labels[run]}, {split}"),
                        "x": epochs, "y": _rounded(curve.mean), "hoverinfo": "x+y+name", "visible": visible,
                        "line": {"dash": DASHES[split], "width": 2}, "meta": {**meta, "role": "line"},
                    }
                )  # fmt: skip
    log = bool(means) and min(means) > 0 and max(means) > LOG_SPAN * min(means)
    return {"data": traces, "layout": axes_layout("epoch", "loss", log=log)}


def fit_figure(surface: DrawnSurface, names: Mapping[int, str]) -> Figure:
    """A line over one feature: training points, test split, and for each run an empty line that page.js fills."""
    train, test = surface.dataset.train, surface.dataset.test
    order = test.x[:, 0].argsort()
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines" if surface.test_is_a_curve else "markers",
            "name": "test split", "hoverinfo": "name+x+y",
            "x": _rounded(test.x[order, 0]), "y": _rounded(test.y[order, 0]),
            "line": {"dash": "dot", "width": 2}, "marker": {"size": 4}, "meta": {"role": "test"},
        },
        {
            "type": "scatter", "mode": "markers", "name": "training points", "hoverinfo": "name+x+y",
            "x": _rounded(train.x[:, 0]), "y": _rounded(train.y[:, 0]),
            "marker": {"size": 7, "symbol": "circle-open"}, "meta": {"role": "points"},
        },
    ]  # fmt: skip
    x = _rounded(surface.where.axes[0])
    traces += [
        {
            "type": "scatter", "mode": "lines", "name": plot_text(name), "x": x, "y": [], "hoverinfo": "name+x+y",
            "line": {"width": 2}, "meta": {"role": "fit", "run": run},
        }
        for run, name in names.items()
    ]  # fmt: skip
    layout = axes_layout(surface.dataset.features[0], surface.dataset.target)
    layout["yaxis"] |= {"range": [surface.low, surface.high], "autorange": False}
    return {"data": traces, "layout": layout}


def map_figure(surface: DrawnSurface) -> Figure:
    """A map over two features: colours for the prediction, the boundary, and the training points by their class."""
    train, classes = surface.dataset.train, surface.classes
    x, y = (_rounded(axis) for axis in surface.where.axes)
    bar = {"title": {"text": ""}, "thickness": 12}
    heat: dict[str, Any] = {
        "type": "heatmap", "x": x, "y": y, "z": [], "zmin": surface.low, "zmax": surface.high, "hoverinfo": "x+y+z",
        "zsmooth": False if classes else "best", "colorbar": bar, "showscale": not classes,
        "meta": {"role": "map", "colours": [CLASS_COLOURS[number % len(CLASS_COLOURS)] for number in range(classes)]},
    }  # fmt: skip
    traces = [heat]
    if surface.dataset.task == "binary":
        bar["title"] = {"text": plot_text(f"p({short(_class_name(surface, 1))})"), "side": "right"}
        traces.append(
            {
                "type": "contour", "x": x, "y": y, "z": [], "showscale": False, "hoverinfo": "skip",
                "autocontour": False,
                "contours": {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"}, "line": {"width": 2.5},
                "meta": {"role": "boundary"},
            }
        )  # fmt: skip
    groups = train.y[:, 0].round().astype(int) if surface.dataset.task == "binary" else train.y.argmax(axis=1)
    if surface.dataset.task == "regression":
        groups = groups * 0
        bar["title"] = {"text": plot_text(short(surface.dataset.target)), "side": "right"}
    symbols = tuple(CLASS_SYMBOLS.values())
    for group in sorted(set(groups.tolist())):
        rows = groups == group
        name = "training points"
        if surface.dataset.task != "regression":
            name = f"labelled {clean(_class_name(surface, group))}"
        traces.append(
            {
                "type": "scatter", "mode": "markers", "name": plot_text(name), "hoverinfo": "x+y+name",
                "x": _rounded(train.x[rows, 0]), "y": _rounded(train.x[rows, 1]),
                "marker": {"size": 7, "symbol": symbols[group % len(symbols)], "line": {"width": 1}},
                "meta": {"role": "class", "colour": CLASS_COLOURS[group % len(CLASS_COLOURS)]},
            }
        )  # fmt: skip
    first, second = surface.dataset.features
    layout = axes_layout(first, second)
    layout["xaxis"] |= {"range": [x[0], x[-1]], "autorange": False}
    layout["yaxis"] |= {"range": [y[0], y[-1]], "autorange": False}
    return {"data": traces, "layout": layout}


def class_marks(surface: DrawnSurface) -> list[dict[str, Any]]:
    """How a map shows the training points of each class: symbol, colour and name. None of a regression."""
    signs = tuple(CLASS_SYMBOLS)
    return [
        {
            "symbol": signs[number % len(signs)],
            "colour": CLASS_COLOURS[number % len(CLASS_COLOURS)],
            "name": clean(name),
        }
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
            traces.append(
                {
                    "type": "scatter", "mode": "lines", "name": plot_text(f"{labels[lane['run']]}, {split}"),
                    "x": [], "y": [], "hoverinfo": "x+y+name", "line": {"dash": DASHES[split], "width": 2},
                    "meta": {"role": "loss", "run": lane["run"], "lane": number, "split": split},
                }
            )  # fmt: skip
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "x": [], "y": [], "hoverinfo": "skip", "marker": {"size": 9},
                    "meta": {"role": "now", "run": lane["run"], "lane": number, "split": split},
                }
            )  # fmt: skip
    last = max(
        (epochs[-1] for lane in lanes for split in lane["loss"].values() if (epochs := split["epoch"])), default=1
    )
    log = bool(every) and max(every) > LOG_SPAN * min(every)
    layout = axes_layout("epoch", "loss", log=log)
    layout["xaxis"] |= {"range": [-0.02 * last, 1.02 * last], "autorange": False}
    if every:
        # A network that diverges would press all others to the floor.
        low, high = min(every), min(max(every), 100 * max(starts))
        ends = [math.log10(low) - 0.1, math.log10(high) + 0.1] if log else [0, high * 1.05]
        layout["yaxis"] |= {"range": ends, "autorange": False}
    return {"data": traces, "layout": layout}


def weights_figure() -> Figure:
    """A weight matrix: rows are the layer's inputs, columns its units."""
    layout = axes_layout("unit of the layer", "input of the layer")
    layout["yaxis"] |= {"autorange": "reversed"}
    return {
        "data": [
            {
                "type": "heatmap", "z": [], "hoverinfo": "x+y+z", "xgap": 0, "colorbar": {"thickness": 12},
                "meta": {"role": "weights"},
            }
        ],
        "layout": layout,
    }  # fmt: skip


def strength_figure(strength: Strength) -> Figure:
    """Losses along a swept axis with their intervals, the chosen value, and a line that page.js moves."""
    traces: list[dict[str, Any]] = []
    for split in SPLITS:
        intervals = [run.summary.over_seeds(f"{split}_loss") for run in strength.runs]
        means = [interval.get("mean") for interval in intervals]
        if all(mean is None for mean in means):
            continue
        ends = [(one.get("low"), one.get("mean"), one.get("high")) for one in intervals]
        half = [high - mean if high is not None and mean is not None else 0.0 for _, mean, high in ends]
        traces.append(
            {
                "type": "scatter", "mode": "lines+markers", "name": f"{split} loss",
                "x": strength.positions, "y": means,
                "error_y": {"type": "data", "array": half, "thickness": 1.5, "width": 4},
                "line": {"dash": DASHES[split], "width": 2}, "marker": {"size": 8}, "hoverinfo": "y+name",
                "meta": {"role": "strength", "split": split},
            }
        )  # fmt: skip
    layout = axes_layout(strength.key + (" (logarithmic)" if strength.log else ""), "loss")
    layout["xaxis"] |= {
        "tickmode": "array",
        "tickvals": strength.positions,
        "ticktext": [plot_text(value_text(value)) for value in strength.values],
        "autorange": True,
    }
    layout["legend"] = {"orientation": "h", "y": 1.12, "x": 0}
    layout["showlegend"] = True
    chosen = strength.positions[strength.chosen]
    layout["shapes"] = [upright(chosen, "dot"), upright(chosen, "solid")]
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
    return {
        "autosize": True,
        "margin": {"l": 58, "r": 14, "t": 12, "b": 46},
        "showlegend": False,
        "hovermode": "closest",
        "hoverlabel": {"namelength": -1},
        # Dragging would zoom, which takes scrolling away from a finger.
        "dragmode": False,
        "xaxis": {"title": {"text": plot_text(short(x))}, "zeroline": False, "automargin": True},
        "yaxis": {
            "title": {"text": plot_text(short(y))},
            "zeroline": False,
            "automargin": True,
            "hoverformat": ".4g",
            # Else a logarithmic axis says 10.00, 1.000 and 0.1000.
            "tickformat": "~g",
            "type": "log" if log else "linear",
        },
    }


def _rounded(numbers: Array) -> list[float]:
    return [float(f"{number:.4g}") for number in numbers.tolist()]
