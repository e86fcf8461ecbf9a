"""The comparison table: rows of plain values. How they look is `render`'s."""

from collections.abc import Iterable, Mapping, Sequence
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
from regx.report.listing import flattened
from regx.report.names import labels, seeds_text
from regx.report.settings import asked_keys, plain, short_key
from regx.stats.aggregate import UNKNOWN, Interval, mean_interval

Row = dict[str, Any]


def compare_rows(
    runs: Sequence[Run], baseline: Run | Path | str | None = None, metric: str = "test_loss", also: Iterable[str] = ()
) -> list[Row]:
    """One row of plain values per run, as `regx compare --json` prints them.

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
        judged = zip(members, _judge(members, reference, metric), strict=True)
        own = [{**_row(run, label, seeds, asked), "metric": metric, **said} for run, said in judged]
        of = next((name for name, run in zip(labels(own), members, strict=True) if run is reference), None)
        rows += [{**row, "baseline": of, "baseline_because": why} for row in own]
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
    from regx.report.conclusion import conclusion, opening

    rows = sort_rows(compare_rows(runs, baseline, metric))
    frame = pandas.DataFrame([flat(row) for row in rows])
    said = [sentence for members in by_group(rows).values() for sentence in (*opening(members), *conclusion(members))]
    said += [f"{capital(one)}." for one in mixed_versions(runs)]
    # A column in which nothing stands is one of numbers all the same.
    numbers = [key for key in frame.columns if COLUMNS.get(key, COLUMNS["p"]).kind != "text"]
    frame = frame.astype({key: float for key in numbers if frame[key].isna().any()})
    frame.attrs["conclusion"] = said
    return frame


def flat(row: Mapping[str, Any], keys: Iterable[str] | None = None) -> dict[str, str | float | None]:
    """A row without nesting: an interval is three columns, its mean under its own name."""
    keys = [key for key in COLUMNS if key in row or (key == "p" and "difference" in row)] if keys is None else keys
    is_interval = {key: COLUMNS[key].kind == "interval" for key in keys}
    return flattened({key: row.get(key) or UNKNOWN if is_interval[key] else value(row, key) for key in keys})


def value(row: Mapping[str, Any], key: str) -> Any:
    """What stands in a column: a word, a number, or an interval; None where there is none."""
    if key == "p":
        return row["difference"]["p"]
    if key == "missing_seeds":
        return seeds_text(row.get(key) or ()) or None
    if key == "changed" and isinstance(row.get(key), Mapping):
        return ", ".join(f"{short_key(name)}={plain(item)}" for name, item in row[key].items()) or "-"
    return row.get(key)


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
        found = row.get("judged_loss") if by_judgement and "judged_loss" in row else value(row, column)
        found = found.get("mean") if isinstance(found, Mapping) else found
        judged = REGISTRY.get(row.get("metric", "")) if column == "difference" else None
        greatest = COLUMNS[column].best == "greatest" or (judged is not None and judged.better == "higher")
        return (found is None, 0 if found is None else -found if greatest else found)

    return [row for members in by_group(rows).values() for row in sorted(members, key=key)[:top]]


def by_group(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each group, in their order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["group"], []).append(row)
    return groups


def _row(run: Run, group: str, seeds: set[int], asked: Sequence[str]) -> Row:
    """What the run says of itself. seeds: those that the runs of its group have. asked: metrics beside the usual."""
    summary = run.summary
    names = [name for name in dict.fromkeys((*SHOWN, *asked)) if summary.task in REGISTRY[name].tasks]
    judged = unflattered(run)
    return {
        "run": str(run.folder), "name": run.name, "stack": run.stack, "group": group, "dataset": summary.dataset,
        "task": summary.task, "status": run.about["status"], "seeds": len(run.seeds),
        "diverged": len(run.seeds) - len(run.completed_seeds),
        "missing_seeds": sorted((seeds | set(run.config["seeds"])) - set(run.seeds)), "peek": summary.peek,
        **{name: run.over_seeds(name) for name in names},
        **({} if (found := shrinkage_of(run)) is None else {"shrinkage": found}),
        **({} if judged is None else {"judged_loss": judged}),
    }  # fmt: skip


def unflattered(run: Run) -> Interval | None:
    """The loss that chooses, cross-fitted, where early stopping has chosen the epoch by it; else None."""
    by = "test_loss" if run.summary.peek else "val_loss"
    judged = run.judged(by)
    return mean_interval(list(judged.values())) if judged != run.per_seed(by) else None


def _judge(runs: Sequence[Run], baseline: Run | None, metric: str) -> list[Row]:
    """What each run's row says of it and the baseline."""
    uncompared: Row = {"difference": {**UNKNOWN, "p": None}}
    uncompared |= dict.fromkeys(("won", "tied", "shared", "verdict", "seeds_to_tell"))
    if baseline is None:
        return [uncompared] * len(runs)
    from regx.evidence.data import held_out
    from regx.stats.paired import compare_to_baseline

    measured = REGISTRY[metric]
    others = [run.per_seed(metric) for run in runs if run is not baseline]
    shared, reach = held_out(baseline, metric), [measured.reach] * len(others)
    found = compare_to_baseline(others, baseline.per_seed(metric), measured.lower_is_better, shared, reach)
    judged = iter(found)
    return [{**uncompared, "verdict": "baseline"} if run is baseline else next(judged)._asdict() for run in runs]


def _measured(runs: Sequence[Run], metric: str) -> bool:
    """Whether the runs can have the metric: a regression has no accuracy, and a split without rows no loss."""
    return not any(run.completed_seeds for run in runs) or any(run.per_seed(metric) for run in runs)


def mixed_versions(runs: Sequence[Run]) -> list[str]:
    """A sentence where networks that are compared were trained by different versions, whose last bits may differ."""
    found = sorted({version for run in runs for version in run.versions})
    return [f"versions are mixed: some seeds were trained by {', others by '.join(found)}"] if len(found) > 1 else []


def is_equal(row: Row) -> bool:
    """Whether a run does at every shared seed exactly as the baseline: if they are enough, no more would tell them."""
    return bool(row.get("shared")) and row.get("tied") == row["shared"]


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
        configs = [keys[row["run"]] for row in members]
        names = {name for config in configs for name in config}
        differ = {name for name in names if len({plain(config.get(name)) for config in configs}) > 1}
        for row, config in zip(members, configs, strict=True):
            own = {name: item for name, item in config.items() if name in differ}
            changed.append(dict(("changed", own) if key == "stack" else (key, item) for key, item in row.items()))
    return changed
