"""The figure that the page opens with: a metric by run, a dot a seed, and the paired differences to the baseline."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regx.evidence.run import Run
from regx.page.figures import Figure, axes_layout, plot_text, scatter, upright
from regx.report.row import Row
from regx.stats.aggregate import UNKNOWN, Interval

NAME_ABOVE = 0.3  # of a row's height: a name stands above its marks, so that on a phone it takes no width from them


def comparison_figures(
    rows: Sequence[tuple[Row, Run]], named: Mapping[str, Mapping[str, Any]], metric: str
) -> dict[str, Figure]:
    """`values`: a dot a seed, mean and 95 % interval; `differences`: to the baseline, where there is one.

    rows: of one group, from above. named: by folder the run's label, its index and its mark.
    """
    values, differences = [], []
    texts: dict[str, list[str]] = {"values": [], "differences": []}
    every: list[float] = []
    for place, (row, run) in enumerate(rows):
        mark = named[row.run]
        found = run.per_seed(metric)
        every += found.values()
        spread = np.linspace(-0.12, 0.12, len(found)) if len(found) > 1 else np.zeros(len(found))
        meta = {"run": mark["index"]}
        look = {"text": [f"seed {seed}" for seed in found], "hoverinfo": "text+x", "marker": {"size": 6}}
        at = (place + spread).tolist()
        values.append(scatter("markers", list(found.values()), at, {**meta, "role": "seed"}, **look))
        values.append(_bar(row.metrics.get(metric), place, {**meta, "role": "mean"}))
        differences.append(_bar(row.difference, place, {"role": "difference", "verdict": row.verdict or ""}))
        texts["values"].append(str(mark["label"]))
        texts["differences"].append(f"{mark['label']}: {row.cell('verdict')}" if row.verdict else str(mark["label"]))
    word = metric.replace("_", " ")
    made = {"values": _figure(values, word, texts["values"])}
    if every and min(every) > 0 and max(every) > 20 * min(every):
        made["values"]["layout"]["xaxis"] |= {"type": "log", "dtick": "D2" if max(every) < 1000 * min(every) else 1}
    base = next((named[row.run]["label"] for row, _ in rows if row.verdict == "baseline"), None)
    if base is not None and len(rows) > 1:
        title = f"{word} less that of {base}, at the same seeds"
        made["differences"] = _figure(differences, title, texts["differences"])
        made["differences"]["layout"]["shapes"] = [upright(0, "dot")]
    return made


def _bar(interval: Interval | None, place: int, meta: Mapping[str, Any]) -> Figure:
    interval = interval or UNKNOWN
    mean, low, high = interval["mean"], interval["low"], interval["high"]
    x, y = ([], []) if mean is None else ([mean], [place])
    bar = scatter("markers", x, y, meta, hoverinfo="x", marker={"size": 10, "symbol": "diamond"})
    if mean is not None and low is not None and high is not None:
        ends = {"array": [high - mean], "arrayminus": [mean - low]}
        bar["error_x"] = {"type": "data", "symmetric": False, "thickness": 2, "width": 5, **ends}
    return bar


def _figure(traces: Sequence[Mapping[str, Any]], title: str, names: Sequence[str]) -> Figure:
    layout = axes_layout("", "")
    layout["margin"] |= {"l": 8, "r": 8, "t": 4}
    layout["xaxis"] |= {"title": {"text": plot_text(title)}, "tickformat": "~g", "nticks": 6}
    layout["yaxis"] |= {
        "range": [len(names) - 0.5, -0.6], "autorange": False, "showticklabels": False, "showgrid": False,
        "title": {"text": ""},
    }  # fmt: skip
    layout["annotations"] = [
        {
            "text": plot_text(name), "x": 0, "xref": "paper", "xanchor": "left", "y": place - NAME_ABOVE,
            "showarrow": False, "align": "left",
        }
        for place, name in enumerate(names)
    ]  # fmt: skip
    return {"data": list(traces), "layout": layout}
