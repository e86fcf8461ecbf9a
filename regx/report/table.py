"""The comparison table: its rows, their order and groups. How they look is `render`'s."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from regx.core.arrays import DataFrame
from regx.core.errors import InputError
from regx.core.text import capital
from regx.evidence.folders import find_runs
from regx.evidence.run import Run, read_runs
from regx.evidence.shrinkage import shrinkage_of
from regx.metrics import REGISTRY, check_metric
from regx.report.baseline import find_run, plain_run, with_baseline
from regx.report.columns import COLUMNS, SHOWN, known_columns
from regx.report.conclusion import conclusion, opening
from regx.report.listing import flattened
from regx.report.names import labels
from regx.report.row import Row
from regx.report.settings import asked_keys, plain
from regx.stats.aggregate import UNKNOWN, Interval, mean_interval


def compare_rows(
    runs: Sequence[Run], baseline: Run | Path | str | None = None, metric: str = "test_loss", also: Iterable[str] = ()
) -> list[Row]:
    """One row per run.

    Runs of other data or another task stand in groups of their own, and are compared within them alone. The baseline is
    `baseline`, a run, its folder or its name; in groups without it the run without regularizers, if there is one, and
    of several the one whose other settings most of the group share.
    Differences are in `metric` at the reported epoch, paired by seed. also: metrics that rows are to have beside those
    that every table shows. Raises InputError for a wrong baseline or metric, or where one of these has to be computed
    from data or weights that are not there.
    """
    check_metric(metric, [run.summary.task for run in runs])
    asked = [name for name in (metric, *also) if name in REGISTRY]
    chosen = find_run(runs, baseline) if baseline is not None else None
    rows = []
    for label, members in _groups(runs).items():
        reference, why = chosen, None
        if chosen is None or not any(run is chosen for run in members):
            reference, why = plain_run(members) if _measured(members, metric) else (None, None)
        seeds = {seed for run in members for seed in run.seeds}
        of = next((name for name, run in zip(labels(members), members, strict=True) if run is reference), None)
        for run, said in zip(members, _judge(members, reference, metric), strict=True):
            alone = _alone(run, label, seeds, asked)
            rows.append(replace(alone, metric=metric, baseline=of, baseline_because=why, **said))
    return rows


def compare_frame(
    paths: Iterable[Path | str], baseline: Path | str | None = None, metric: str = "test_loss"
) -> DataFrame:
    """The table as a DataFrame with flat columns, such as test_loss, test_loss_low and test_loss_high.

    paths: run folders, or folders that hold runs; each run is compared once, and of what holds none a Python warning
    says that it is left out. A baseline that is a folder need not be among them.
    Raises InputError if there are none, or one of the runs cannot be read.
    """
    import warnings

    import pandas

    folders, left_out = find_runs(with_baseline(paths, baseline))
    for message in left_out:
        warnings.warn(message, stacklevel=3)
    runs, problems = read_runs(folders)
    if problems:
        raise InputError("\n".join(problems))
    rows = sort_rows(compare_rows(runs, baseline, metric))
    shown = present(rows)
    frame = pandas.DataFrame([flat(row, shown) for row in rows])
    said = [sentence for members in by_group(rows).values() for sentence in (*opening(members), *conclusion(members))]
    said += [f"{capital(one)}." for one in mixed_versions(runs)]
    # A column in which nothing stands is one of numbers all the same.
    numbers = [key for key in frame.columns if COLUMNS.get(key, COLUMNS["p"]).kind != "text"]
    frame = frame.astype({key: float for key in numbers if frame[key].isna().any()})
    frame.attrs["conclusion"] = said
    return frame


def present(rows: Iterable[Row]) -> list[str]:
    """The columns of which one of the rows has something to say."""
    said = {key for row in rows for key in row.as_json()} | {"p"}
    return [key for key in COLUMNS if key in said]


def flat(row: Row, keys: Iterable[str]) -> dict[str, str | float | None]:
    """A row without nesting: an interval is three columns, its mean under its own name."""
    found = {key: row.cell(key) for key in keys}
    return flattened({key: item or UNKNOWN if COLUMNS[key].kind == "interval" else item for key, item in found.items()})


def sort_rows(rows: Sequence[Row], column: str | None = None, top: int | None = None) -> list[Row]:
    """Each group's rows, best first by a column's mean, or by name; at most `top` of each group.

    The column is val_loss unless given: choosing is the validation split's. Of what stopped early by it, it is the loss
    that is not flattered by this. What has no value comes last.
    """
    by_judgement = column is None
    column = known_columns([column])[0] if column else "val_loss"
    if top is not None and top < 1:
        raise InputError(f"--top: expected a number of rows from 1, found {top}.")

    def key(row: Row) -> tuple[bool, Any]:
        found = row.judged_loss if by_judgement and row.judged_loss is not None else row.cell(column)
        found = found.get("mean") if isinstance(found, Mapping) else found
        judged = REGISTRY[row.metric] if column == "difference" else None
        greatest = COLUMNS[column].best == "greatest" or (judged is not None and judged.better == "higher")
        return (found is None, 0 if found is None else -found if greatest else found)

    return [row for members in by_group(rows).values() for row in sorted(members, key=key)[:top]]


def by_group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each group, in their order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return groups


def _alone(run: Run, group: str, seeds: set[int], asked: Sequence[str]) -> Row:
    """The row of a run beside no other. seeds: those that its group has. asked: metrics beside the usual."""
    summary = run.summary
    names = [name for name in dict.fromkeys((*SHOWN, *asked)) if summary.task in REGISTRY[name].tasks]
    return Row(
        run=str(run.folder), name=run.name, stack=run.stack, group=group, dataset=summary.dataset, task=summary.task,
        status=run.about["status"], seeds=len(run.seeds), diverged=len(run.seeds) - len(run.completed_seeds),
        missing_seeds=sorted((seeds | set(run.config["seeds"])) - set(run.seeds)), peek=summary.peek,
        metrics={name: run.over_seeds(name) for name in names}, shrinkage=shrinkage_of(run),
        judged_loss=unflattered(run),
    )  # fmt: skip


def unflattered(run: Run) -> Interval | None:
    """The loss that chooses, cross-fitted, where early stopping has chosen the epoch by it; else None."""
    by = "test_loss" if run.summary.peek else "val_loss"
    judged = run.judged(by)
    return mean_interval(list(judged.values())) if judged != run.per_seed(by) else None


def _judge(runs: Sequence[Run], baseline: Run | None, metric: str) -> list[dict[str, Any]]:
    """What each run's row says of it and the baseline."""
    if baseline is None:
        return [{}] * len(runs)
    from regx.evidence.data import held_out
    from regx.stats.paired import compare_to_baseline

    measured = REGISTRY[metric]
    others = [run.per_seed(metric) for run in runs if run is not baseline]
    shared, reach = held_out(baseline, metric), [measured.reach] * len(others)
    found = compare_to_baseline(others, baseline.per_seed(metric), measured.lower_is_better, shared, reach)
    judged = iter(found)
    return [{"verdict": "baseline"} if run is baseline else next(judged)._asdict() for run in runs]


def _measured(runs: Sequence[Run], metric: str) -> bool:
    """Whether the runs can have the metric: a regression has no accuracy, and a split without rows no loss."""
    return not any(run.completed_seeds for run in runs) or any(run.per_seed(metric) for run in runs)


def mixed_versions(runs: Sequence[Run]) -> list[str]:
    """A sentence where networks that are compared were trained by different versions, whose last bits may differ."""
    found = sorted({version for run in runs for version in run.versions})
    return [f"versions are mixed: some seeds were trained by {', others by '.join(found)}"] if len(found) > 1 else []


def _groups(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs that may be compared, under a label that says what is special about their data."""
    kinds: dict[str, list[dict[str, str]]] = {}  # by kind of dataset, the facts of each different data
    facts_of = []
    for run in runs:
        dataset = run.config["dataset"]
        dataset = dataset if isinstance(dataset, Mapping) else {"name": dataset}
        facts = {str(key): plain(item) for key, item in dataset.items() if key not in ("name", "path")}
        facts_of.append({**facts, "task": run.summary.task, "data": run.summary.data_fingerprint[:12]})
        alike = kinds.setdefault(run.summary.dataset, [])
        alike += [facts_of[-1]] * (facts_of[-1] not in alike)
    groups: dict[str, list[Run]] = {}
    for run, facts in zip(runs, facts_of, strict=True):
        alike = kinds[run.summary.dataset]
        special = [f"{key}={item}" for key, item in facts.items() if any(one.get(key) != item for one in alike)]
        groups.setdefault(run.summary.dataset + (f" ({', '.join(special)})" if special else ""), []).append(run)
    return groups


def only_changed(rows: Sequence[Row], runs: Sequence[Run]) -> list[Row]:
    """The rows with `changed` instead of `stack`: the config keys that differ within the group, and their values."""
    keys = {str(run.folder): asked_keys(run.config) for run in runs}
    changed = []
    for members in by_group(rows).values():
        configs = [keys[row.run] for row in members]
        names = {name for config in configs for name in config}
        differ = {name for name in names if len({plain(config.get(name)) for config in configs}) > 1}
        for row, config in zip(members, configs, strict=True):
            own = {name: item for name, item in config.items() if name in differ}
            changed.append(replace(row, changed=own, stack=""))
    return changed
