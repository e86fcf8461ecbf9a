"""`regx diff`: two runs side by side."""

import json
from collections.abc import Mapping
from typing import Any

from regx.core.errors import InputError
from regx.core.text import elided
from regx.evidence.run import Run, read_run
from regx.metrics import REGISTRY
from regx.report.columns import SHOWN
from regx.report.names import labels, seeds_text
from regx.report.numbers import form_of, interval_cell, listed
from regx.report.output import Column, Output
from regx.report.run import ended
from regx.report.settings import asked_keys
from regx.stats.aggregate import Interval


def print_difference(first: str, second: str, out: Output) -> None:
    """Write the config keys in which two runs differ, their metrics, and what else tells them apart.

    Raises InputError if one of them is no run, or both are the same.
    """
    runs = (read_run(first), read_run(second))
    if runs[0].folder.resolve() == runs[1].folder.resolve():
        raise InputError(f"{first}: expected two runs, found the same one twice. `regx ls` lists the runs there are.")
    keys, metrics = _keys(*runs), _metrics(*runs)
    same_data = runs[0].summary.data_fingerprint == runs[1].summary.data_fingerprint
    if out.as_json:
        both = {"runs": [str(run.folder) for run in runs], "status": [run.about["status"] for run in runs]}
        out.document({**both, "config": keys, "metrics": metrics, "same_data": same_data})
        return
    names = labels(runs)
    if out.for_people:
        if keys:
            texts = {key: (_text(key, one), _text(key, other)) for key, (one, other) in keys.items()}
            _table(names, texts, "config", out)
            out.text([""])
        if metrics:
            cells = {
                name: tuple(interval_cell(one, form_of(pair), ends=False) for one in pair)
                for name, pair in metrics.items()
            }
            _table(names, cells, "metric", out)
            out.text([""])
    else:
        rows = [("config", key, _text(key, one), _text(key, other)) for key, (one, other) in keys.items()]
        means = [("metric", key, one["mean"], other["mean"]) for key, (one, other) in metrics.items()]
        out.flat([dict(zip(("part", "key", "a", "b"), row, strict=True)) for row in (*rows, *means)])
    out.conclusion(_said(runs, names, keys, same_data))
    ended(runs, out)
    out.next(f"regx compare {first} {second}")


def _keys(a: Run, b: Run) -> dict[str, tuple[Any, Any]]:
    """What differs between the configs, by key; None where one has no such key."""
    one, other = asked_keys(a.config), asked_keys(b.config)
    found = {key: (one.get(key), other.get(key)) for key in one | other if one.get(key) != other.get(key)}
    stacks = [[kind for member in run.config["regularizers"] for kind in member] for run in (a, b)]
    if stacks[0] != stacks[1] and sorted(stacks[0]) == sorted(stacks[1]):
        found["regularizers"] = (stacks[0], stacks[1])  # only their order differs
    if a.config["seeds"] != b.config["seeds"]:
        found["seeds"] = (a.config["seeds"], b.config["seeds"])
    return found


def _metrics(a: Run, b: Run) -> dict[str, tuple[Interval, Interval]]:
    """The metrics that every table shows, where one of the runs has them."""
    tasks = {a.summary.task, b.summary.task}
    found = {name: (a.summary.over_seeds(name), b.summary.over_seeds(name)) for name in SHOWN}
    return {
        name: pair
        for name, pair in found.items()
        if tasks & set(REGISTRY[name].tasks) and any(one["mean"] is not None for one in pair)
    }


def _table(names: list[str], rows: Mapping[str, tuple[str, ...]], title: str, out: Output) -> None:
    width = max(out.width // 3, 12)
    heads = [elided(name, width) if out.form == "terminal" else name for name in names]
    if heads[0] == heads[1]:
        heads = [f"A: {heads[0]}", f"B: {heads[1]}"]
    columns = [Column(title, list(rows))]
    for head, cells in zip(heads, zip(*rows.values(), strict=True), strict=True):
        columns.append(Column(head, cells, right=title == "metric", folds=True))
    out.table(columns, [])


def _text(key: str, value: Any) -> str:
    if key == "seeds":
        return seeds_text(value)
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value)


def _said(runs: tuple[Run, Run], names: list[str], keys: Mapping[str, tuple[Any, Any]], same_data: bool) -> list[str]:
    said = [] if keys else ["No key of their configs differs."]
    if not same_data:
        said.append("The data differs (another fingerprint), so the losses are of different rows.")
    if runs[0].seeds != runs[1].seeds:
        of = [f"{name} {seeds_text(run.seeds) or 'none'}" for name, run in zip(names, runs, strict=True)]
        said.append(f"Each mean is over the run's own finished seeds: {listed(of)}.")
    odd = [
        f"{name} is {run.about['status']}"
        for name, run in zip(names, runs, strict=True)
        if run.about["status"] != "completed"
    ]
    return [*said, *([f"{listed(odd)}."] if odd else [])]
