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
from regx.report.listing import Listed, flattened, not_shown
from regx.report.names import labels
from regx.report.numbers import form_of, interval_cell
from regx.report.output import Column, Output
from regx.report.settings import dotted, short_key
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
    listed: list[tuple[Run, Interval]] = []  # with the metric
    for run, keys in values:
        try:
            if wanted is None or wanted.holds(functools.partial(_value, run, keys)):
                listed.append((run, _measured(run, metric)))
        except RegxError as error:  # what is computed from weights or data that are gone
            problems.append(str(error))
    listed.sort(key=lambda one: _when(one[0]) or "", reverse=True)
    if out.as_json:
        out.document([_row(*one, metric) for one in listed])
    elif listed:
        _print_table(listed, out, metric)
        out.next(f"regx compare {' '.join(map(str, paths))}")
    out.warn(problems)
    if not listed and runs:
        out.note(f"note: of {len(runs)} runs none fulfils the --filter {condition}")


def _row(run: Run, measured: Interval, metric: str) -> Listed:
    return {
        "run": str(run.folder), "name": run.name, "status": run.about["status"], "stack": run.stack,
        "seeds": len(run.seeds), metric: measured, "when": _when(run),
    }  # fmt: skip


def _print_table(listed: Sequence[tuple[Run, Interval]], out: Output, metric: str) -> None:
    runs, intervals = [run for run, _ in listed], [measured for _, measured in listed]
    form = form_of(intervals)
    names = [elided(name, max(out.width // 4, 12)) if out.form == "terminal" else name for name in labels(runs)]
    columns = [
        Column("name", names),
        Column("state", [run.about["status"] for run in runs], importance=1),
        Column("stack", [run.stack for run in runs], folds=True, importance=3),
        Column(metric, [interval_cell(measured, form, ends=False) for measured in intervals], right=True, importance=2),
        Column("seeds", [str(len(run.seeds)) for run in runs], right=True, importance=5),
        Column("when", [_local(_when(run)) for run in runs], importance=4),
    ]
    out.text(not_shown(out.table(columns, [flattened(_row(*one, metric)) for one in listed])), style="dim")


def _when(run: Run) -> str | None:
    when = run.about.get("finished") or run.about.get("started")
    return when if isinstance(when, str) else None


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
