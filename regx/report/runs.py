"""`regx ls`, without its options: which runs there are, the newest first."""

import functools
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from regx.core.errors import RegxError
from regx.core.parameters import parameters
from regx.core.text import elided
from regx.evidence.run import Run, read_runs
from regx.metrics import REGISTRY, check_metric
from regx.regularizers import REGISTRY as REGULARIZERS
from regx.report.filter import Filter
from regx.report.listing import flattened
from regx.report.names import labels
from regx.report.numbers import form_of, interval_cell
from regx.report.output import Column, Output
from regx.report.settings import dotted, short_key
from regx.report.table import Row
from regx.stats.aggregate import UNKNOWN, Interval


def print_runs(paths: Sequence[str], out: Output, metric: str = "test_loss", condition: str | None = None) -> None:
    """Write a row for each run at the paths that fulfils the condition, and a warning for each that cannot be read.

    Raises InputError if there is nothing at a path, no run can be read, or metric or condition are none.
    """
    wanted = Filter(condition) if condition is not None else None
    runs, problems = read_runs(paths)
    check_metric(metric, [run.summary.task for run in runs])
    values = [(run, _values(run)) for run in runs]
    if wanted is not None:
        wanted.check_names(_known(keys for _, keys in values))
    rows = []
    for run, keys in values:
        try:
            if wanted is None or wanted.holds(functools.partial(_value, run, keys)):
                rows.append(_row(run, metric))
        except RegxError as error:  # what is computed from weights or data that are gone
            problems.append(str(error))
    rows.sort(key=lambda row: row["when"] or "", reverse=True)
    if out.as_json:
        out.document(rows)
    elif rows:
        _print_table(rows, out, metric)
        out.next(f"regx compare {' '.join(map(str, paths))}")
    out.warn(problems)
    if not rows and runs:
        out.note(f"note: of {len(runs)} runs none fulfils the --filter {condition}")


def _row(run: Run, metric: str) -> Row:
    when = run.about.get("finished") or run.about.get("started")
    itself = {"run": str(run.folder), "name": run.name, "status": run.about["status"], "stack": run.stack}
    counted = {"seeds": len(run.seeds), metric: _measured(run, metric)}
    return {**itself, **counted, "when": when if isinstance(when, str) else None}


def _print_table(rows: Sequence[Row], out: Output, metric: str) -> None:
    form = form_of([row[metric] for row in rows])
    names = [elided(name, max(out.width // 4, 12)) if out.form == "terminal" else name for name in labels(rows)]
    columns = [
        Column("name", names),
        Column("state", [row["status"] for row in rows], importance=1),
        Column("stack", [row["stack"] for row in rows], folds=True, importance=3),
        Column(metric, [interval_cell(row[metric], form, ends=False) for row in rows], right=True, importance=2),
        Column("seeds", [str(row["seeds"]) for row in rows], right=True, importance=5),
        Column("when", [_local(row["when"]) for row in rows], importance=4),
    ]
    left_out = out.table(columns, [flattened(row) for row in rows])
    if left_out:
        out.text([f"Not shown for want of space: {', '.join(left_out)}."], style="dim")


def _local(when: str | None) -> str:
    """A time of run.json as the clock on the wall says it."""
    try:
        return datetime.fromisoformat(when or "").astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return "-"


def _measured(run: Run, metric: str) -> Interval:
    return run.over_seeds(metric) if run.summary.task in REGISTRY[metric].tasks else UNKNOWN


def _values(run: Run) -> dict[str, Any]:
    """What a run says under which names: itself, then keys in full, then in short; a kind of its stack is true."""
    keys = dotted(run.config)
    kinds = {kind: True for member in run.config["regularizers"] for kind in member}
    short = {short_key(key): value for key, value in keys.items()}
    itself = {"name": run.name, "status": run.about["status"], "stack": run.stack, "run": str(run.folder)}
    return {**short, **kinds, **keys, **itself, "seeds": len(run.seeds)}


def _value(run: Run, values: dict[str, Any], name: str) -> Any:
    return _measured(run, name)["mean"] if name in REGISTRY and name not in values else values.get(name)


def _known(of_runs: Iterable[dict[str, Any]]) -> dict[str, None]:
    """Every name that a run may have: those that one has, and the settings of all regularizers."""
    names = dict.fromkeys([*REGISTRY, *(name for values in of_runs for name in values), *REGULARIZERS])
    own = [f"{kind}.{name}" for kind, member in REGULARIZERS.items() for name in parameters(member)]
    return names | dict.fromkeys([*own, *(f"regularizers.{name}" for name in (*REGULARIZERS, *own))])
