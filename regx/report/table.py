"""The comparison table: rows of plain values. How they look is `render`'s."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Literal

from regx.core.arrays import DataFrame
from regx.core.errors import InputError, did_you_mean
from regx.core.parameters import parameters
from regx.evidence.folders import find_runs
from regx.evidence.run import Needed, Run, read_runs
from regx.evidence.shrinkage import shrinkage_of
from regx.metrics import REGISTRY, check_metric
from regx.metrics.metric import Metric
from regx.report.listing import flattened
from regx.stats.aggregate import UNKNOWN, mean_interval
from regx.store.summary import DATA_AND_SHAPE, in_data_and_shape, in_optimizer

Row = dict[str, Any]
SHORT = 34  # letters, at most, of what regularizes a run where that is its name


@dataclass(frozen=True)
class TableColumn:
    """One column of the table. importance: columns with a greater one are left out first where space is short.

    best: which value is marked, where one is better than another.
    """

    key: str
    kind: Literal["text", "count", "number", "interval"]
    importance: float
    best: Literal["least", "greatest", None] = None


def _of_metric(metric: Metric) -> TableColumn:
    best: Any = {"lower": "least", "higher": "greatest", None: None}[metric.better]
    return TableColumn(metric.name, "interval", UNASKED if metric.importance is None else metric.importance, best)


UNASKED = 99.0  # the importance of what is shown where it is asked for only
_METRICS = [_of_metric(metric) for metric in REGISTRY.values() if metric.name != "epoch"]
COLUMNS = {
    column.key: column
    for column in (
        TableColumn("name", "text", 0),
        TableColumn("stack", "text", 5),
        TableColumn("changed", "text", 1),
        TableColumn("peek", "text", 2),
        TableColumn("status", "text", 4),
        TableColumn("seeds", "count", 9),
        TableColumn("diverged", "count", 4),
        TableColumn("missing_seeds", "text", 4.5),
        *(column for column in _METRICS if column.importance < 13),
        TableColumn("difference", "interval", 6),
        TableColumn("p", "number", 13),
        TableColumn("won", "count", 8.5, "greatest"),
        TableColumn("verdict", "text", 2),
        TableColumn("seeds_to_tell", "count", 8, "least"),
        *sorted((column for column in _METRICS if column.importance >= 13), key=lambda column: column.importance),
        TableColumn("shrinkage", "number", 12.5),
        TableColumn("interpolates", "text", 2.5),
        *(TableColumn(key, "text", UNASKED) for key in ("run", "group", "dataset", "task", "metric")),
        *(TableColumn(key, "count", UNASKED) for key in ("tied", "shared")),
        *(TableColumn(key, "text", UNASKED) for key in ("baseline", "baseline_because")),
    )
}
SHOWN = tuple(metric.name for metric in REGISTRY.values() if metric.importance is not None)


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
    chosen = _find(runs, baseline) if baseline is not None else None
    groups = _groups(runs)
    rows = {}
    reference: Run | None
    for label, members in groups.items():
        if chosen is not None and any(run is chosen for run in members):
            reference, why = chosen, None
        else:
            reference, why = _plain_run(members) if _measured(members, metric) else (None, None)
        judged = _judge(members, reference, metric)
        seeds = {seed for run in members for seed in run.seeds}
        own = [{**_row(run, label, seeds, asked), "metric": metric, **judged[id(run)]} for run in members]
        names = dict(zip(map(id, members), labels(own), strict=True))
        of = names[id(reference)] if reference is not None else None
        said = {"baseline": of, "baseline_because": why}
        rows.update({id(run): {**row, **said} for run, row in zip(members, own, strict=True)})
    by_label = [run for members in groups.values() for run in members]
    return [rows[id(run)] for run in by_label]


def read_with_baseline(
    paths: Iterable[Path | str], baseline: Path | str | None, need: Iterable[Needed] = ()
) -> tuple[list[Run], list[str]]:
    """`read_runs` of the paths, and of the baseline where it is a folder."""
    return read_runs(_with_baseline(paths, baseline), need)


def _with_baseline(paths: Iterable[Path | str], baseline: Path | str | None) -> list[Path | str]:
    return [*paths, *([baseline] if baseline is not None and Path(baseline).is_dir() else [])]


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

    folders, left_out = find_runs(_with_baseline(paths, baseline))
    for message in left_out:
        warnings.warn(message, stacklevel=3)
    runs, problems = read_runs(folders)
    if problems:
        raise InputError("\n".join(problems))
    from regx.report.conclusion import conclusion, opening

    rows = sort_rows(compare_rows(runs, baseline, metric))
    frame = pandas.DataFrame([flat(row) for row in rows])
    said = [sentence for members in by_group(rows).values() for sentence in (*opening(members), *conclusion(members))]
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
        return ", ".join(f"{short_key(name)}={_plain(item)}" for name, item in row[key].items()) or "-"
    return row.get(key)


def short_key(key: str) -> str:
    """A config's key where people read it: `hidden`, `l2.lam`, and of `optimizer.name` `optimizer`."""
    section, _, rest = key.partition(".")
    return section if rest in ("", "name") else rest


def setting(key: str, value: Any) -> str:
    """A config's key and value as `--set` takes them."""
    return f"{key}={value if isinstance(value, str) else json.dumps(value, separators=(',', ':'))}"


def seeds_text(seeds: Iterable[int]) -> str:
    """Ascending seeds in short, such as `0, 3-5`."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], seed]
        else:
            spans.append([seed])
    return ", ".join("-".join(map(str, span)) for span in spans)


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


def known_columns(names: Sequence[str]) -> list[str]:
    """The names, if all are columns. Raises InputError naming every one that is not."""
    wrong = [
        f"unknown column '{name}'.{did_you_mean(name, COLUMNS)} Expected some of {', '.join(COLUMNS)}."
        for name in names
        if name not in COLUMNS
    ]
    if wrong:
        raise InputError("\n".join(wrong))
    return list(dict.fromkeys(names))


def _row(run: Run, group: str, seeds: set[int], asked: Sequence[str]) -> Row:
    """What the run says of itself. seeds: those that the runs of its group have. asked: metrics beside the usual."""
    summary = run.summary
    names = [name for name in dict.fromkeys((*SHOWN, *asked)) if summary.task in REGISTRY[name].tasks]
    by = "test_loss" if summary.peek else "val_loss"
    judged = run.judged(by)
    return {
        "run": str(run.folder),
        "name": run.name,
        "stack": run.stack,
        "group": group,
        "dataset": summary.dataset,
        "task": summary.task,
        "status": run.about["status"],
        "seeds": len(run.seeds),
        "diverged": len(run.seeds) - len(run.completed_seeds),
        "missing_seeds": sorted((seeds | set(run.config["seeds"])) - set(run.seeds)),
        "peek": summary.peek,
        **{name: run.over_seeds(name) for name in names},
        **({} if (found := shrinkage_of(run)) is None else {"shrinkage": found}),
        **({"judged_loss": mean_interval(list(judged.values()))} if judged != run.per_seed(by) else {}),
    }


def _judge(runs: Sequence[Run], baseline: Run | None, metric: str) -> dict[int, Row]:
    """What each run's row says of it and the baseline, by the id of the run."""
    uncompared: Row = {"difference": {**UNKNOWN, "p": None}}
    uncompared |= dict.fromkeys(("won", "tied", "shared", "verdict", "seeds_to_tell"))
    if baseline is None:
        return {id(run): uncompared for run in runs}
    from regx.evidence.data import held_out
    from regx.stats.paired import compare_to_baseline

    others = [run for run in runs if run is not baseline]
    judged = compare_to_baseline(
        [run.per_seed(metric) for run in others],
        baseline.per_seed(metric),
        REGISTRY[metric].lower_is_better,
        held_out(baseline, metric),
        repeat(REGISTRY[metric].reach, len(others)),
    )
    found = {id(run): comparison._asdict() for run, comparison in zip(others, judged, strict=True)}
    return {id(baseline): {**uncompared, "verdict": "baseline"}, **found}


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


def labels(rows: Sequence[Row]) -> list[str]:
    """What to call each row: its name, or where several have one name, as much of their paths' ends as tells them."""
    called = [row.get("name") or "" for row in rows]
    parts = [Path(row["run"]).parts for row in rows]
    for depth in range(1, max(map(len, parts), default=0) + 1):
        times = Counter(called)
        called = ["/".join(own[-depth:]) if times[one] > 1 else one for one, own in zip(called, parts, strict=True)]
    return called


def spoken(rows: Sequence[Row]) -> list[str]:
    """What a sentence calls each row: what regularizes it; where several are alike in that, with their labels."""
    stacks = _told_apart(rows)
    times = Counter(stacks)
    return [
        label if stack is None else words if times[stack] == 1 else f"{words} ({label})"
        for label, stack in zip(labels(rows), stacks, strict=True)
        for words in ["no regularizer" if stack == "none" else str(stack)]
    ]


def short_names(rows: Sequence[Row]) -> list[str]:
    """What a figure or a page calls each row: what regularizes it if short and no other's; else its label."""
    stacks = _told_apart(rows)
    times = Counter(stacks)
    return [
        stack if stack is not None and times[stack] == 1 and len(stack) <= SHORT else label
        for stack, label in zip(stacks, labels(rows), strict=True)
    ]


def _told_apart(rows: Sequence[Row]) -> list[str | None]:
    """What regularizes each of several rows, without label noise and the like that the data or shape of all have."""
    stacks = [row.get("stack") for row in rows]
    parts = [str(stack).split(" + ") for stack in stacks]
    shared = set.intersection(*map(set, parts)) if len(rows) > 1 else set()
    without = {part for part in shared if part.partition("(")[0] in DATA_AND_SHAPE}
    return [
        stack and (" + ".join(part for part in own if part not in without) or "none")
        for stack, own in zip(stacks, parts, strict=True)
    ]


def _plain_run(runs: Sequence[Run]) -> tuple[Run | None, str | None]:
    """The run that nothing regularizes, and where several qualify why it is this one, whatever their order.

    That is one without members in its stack, decay or SAM in its optimizer, but for strengths that do nothing, such as
    the l2(0) of a sweep. Label noise, residual connections and tied weights may be there if all runs have them. Of
    several it is the one whose remaining settings most runs share.
    """
    from regx.config.identity import question

    apart = {id(run): in_data_and_shape(run.config) for run in runs}
    common = set.intersection(*(set(map(repr, one.items())) for one in apart.values())) if runs else set()

    def others(run: Run) -> str:
        without = {*in_optimizer(run.config), *apart[id(run)]}
        own = {key: item for key, item in dotted(question(run.config)).items() if key.rpartition(".")[2] not in without}
        plain = {key: item for key, item in own.items() if not key.startswith("regularizers.")}
        return json.dumps(plain, sort_keys=True, default=str)

    shared = Counter(map(others, runs))
    plain = [
        run
        for run in runs
        if not in_optimizer(run.config)
        and set(map(repr, apart[id(run)].items())) <= common
        and all(does_nothing(*one) for item in run.config["regularizers"] for one in item.items())
    ]
    if not plain:
        return None, None

    def rank(run: Run) -> tuple[Any, ...]:
        finished, stack = len(run.per_seed("test_loss")), bool(run.config["regularizers"])
        # With a run that has no finished seed nothing can be compared.
        return finished == 0, -shared[others(run)], stack, -finished, run.name, str(run.folder)

    first, *rest = sorted(plain, key=rank)
    if not rest:
        return first, None
    of = f"whose other settings {shared[others(first)]} of {len(runs)} runs share"
    reasons = ("which alone has finished seeds", of, "whose stack is empty", "which has the most seeds")
    pairs = zip(reasons, rank(first), rank(rest[0]), strict=False)
    return first, next((why for why, own, other in pairs if own != other), "the first by name")


def does_nothing(kind: str, given: Any) -> bool:
    """Whether a regularizer has strengths, and all of them at the value at which it does nothing."""
    from regx.regularizers import REGISTRY

    declared = parameters(REGISTRY[kind]).values() if kind in REGISTRY else ()
    strengths = [one for one in declared if one.neutral is not None]
    return bool(strengths) and isinstance(given, dict) and all(given.get(one.name) == one.neutral for one in strengths)


def _find(runs: Sequence[Run], wanted: Run | Path | str) -> Run:
    if isinstance(wanted, Run):
        wanted = wanted.folder
    named = [run for run in runs if run.folder.resolve() == Path(wanted).resolve()]
    named = named or [run for run in runs if str(wanted) in (run.name, run.folder.name)]
    if len(named) == 1:
        return named[0]
    known = [run.name for run in runs]
    found = f"several of that name: {', '.join(str(run.folder) for run in named)}" if named else "none of that name"
    raise InputError(
        f"--baseline: expected a run folder, or the name of one run, found {found}: '{wanted}'."
        + did_you_mean(str(wanted), known)
    )


def _groups(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Runs that may be compared, under a label that says what is special about their data."""
    kinds: dict[str, dict[str, dict[str, str]]] = {}  # by kind of dataset, each different data's facts
    keys = {}
    for run in runs:
        dataset = run.config["dataset"]
        dataset = dataset if isinstance(dataset, Mapping) else {"name": dataset}
        facts = {str(key): _plain(item) for key, item in dataset.items() if key not in ("name", "path")}
        facts |= {"task": run.summary.task, "data": run.summary.data_fingerprint[:12]}
        keys[id(run)] = repr(sorted(facts.items()))
        kinds.setdefault(run.summary.dataset, {})[keys[id(run)]] = facts
    groups: dict[str, list[Run]] = {}
    for run in runs:
        alike = kinds[run.summary.dataset]
        facts = alike[keys[id(run)]]
        special = [
            f"{key}={item}" for key, item in facts.items() if any(other.get(key) != item for other in alike.values())
        ]
        label = run.summary.dataset + (f" ({', '.join(special)})" if special else "")
        groups.setdefault(label, []).append(run)
    return groups


def only_changed(rows: Sequence[Row], runs: Sequence[Run]) -> list[Row]:
    """The rows with `changed` instead of `stack`: the config keys that differ within the group, and their values."""
    configs = {str(run.folder): asked_keys(run.config) for run in runs}
    differ: dict[str, set[str]] = {}
    for group, of_group in by_group(rows).items():
        members = [configs[row["run"]] for row in of_group]
        names = {name for config in members for name in config}
        differ[group] = {name for name in names if len({_plain(config.get(name)) for config in members}) > 1}
    changed = []
    for row in rows:
        own = {name: item for name, item in configs[row["run"]].items() if name in differ[row["group"]]}
        entries = [("changed", own) if key == "stack" else (key, item) for key, item in row.items()]
        changed.append(dict(entries))
    return changed


def asked_keys(config: Mapping[str, Any]) -> dict[str, Any]:
    """`dotted`, without what changes no number: where the table lies, and what was kept of a training."""
    from regx.config.identity import NO_QUESTION

    return {key: item for key, item in dotted(config).items() if tuple(key.split(".", 1)) not in NO_QUESTION}


def dotted(config: Mapping[str, Any]) -> dict[str, Any]:
    """A config's keys as they are typed after `--set`, but for name and seeds, which have columns of their own."""
    keys: dict[str, Any] = {}

    def add(path: str, item: Any) -> None:
        if isinstance(item, Mapping) and item:
            for key, inner in item.items():
                add(f"{path}.{key}", inner)
        else:
            keys[path] = "on" if item == {} else item

    for key, item in config.items():
        if key == "regularizers":
            for member in item:
                for kind, given in member.items():
                    add(f"regularizers.{kind}", given)
        elif key not in ("name", "seeds"):
            add(str(key), item)
    return keys


def _plain(item: Any) -> str:
    return f"{item:g}" if isinstance(item, float) else str(item)
