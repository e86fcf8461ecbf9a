"""From stored runs to what the page's template needs: plain data, all of it in one place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.core.glossary import COLUMNS as GLOSSARY
from regx.core.text import capital, clean
from regx.evidence.run import Run, read_runs
from regx.metrics import REGISTRY as METRICS
from regx.page.group import Group
from regx.page.strength import strengths
from regx.report.baseline import with_baseline
from regx.report.names import short_names
from regx.report.table import by_group, compare_rows, mixed_versions, sort_rows
from regx.store.files import strict


def build(paths: Sequence[str], baseline: str | None, metric: str) -> tuple[dict[str, Any], list[str]]:
    """Everything the template shows, and what is wrong with runs that are left out, a message each.

    Raises InputError if no run can be read, or the baseline or metric is wrong.
    """
    runs, problems = read_runs(with_baseline(paths, baseline), need=("metrics", "weights", "snapshots"))
    rows = sort_rows(compare_rows(runs, baseline, metric))
    grouped = by_group(rows)
    called: dict[str, str] = {}  # each run of a group: its stack, else its name, its folder or its whole path
    for some in grouped.values():
        short = [clean(label) for label in short_names(some)]
        for row, label in zip(some, short, strict=True):
            called[row.run] = label if short.count(label) == 1 else clean(row.run)
    by_folder = {str(run.folder): run for run in runs}
    found, wrong = strengths(runs)
    problems += wrong
    data: dict[str, Any] = {"runs": [], "figures": {}, "races": {}, "strengths": {}}
    verdicts, groups = {row.run: row.cell("verdict") for row in rows}, []
    names = _group_names({name: by_folder[members[0].run] for name, members in grouped.items()})
    for number, (group, members) in enumerate(grouped.items()):
        name = names[group]
        sweeps = [one for one in found if str(one.runs[0].folder) in {row.run for row in members}]
        groups.append(Group(number, name, members, by_folder, called, metric, data, sweeps, verdicts).content())
    marks = {run["index"]: run for group in groups for run in group["runs"]}
    data["runs"] = [{key: marks[place][key] for key in ("label", "colour", "symbol")} for place in range(len(rows))]
    content = {
        "title": ", ".join(dict.fromkeys(clean(_data_name(run)) for run in runs)),
        "metric": metric.replace("_", " "),
        "groups": groups,
        "terms": _terms(groups),
        "problems": [clean(problem) for problem in problems],
        "remarks": [clean(f"{capital(said)}.") for said in mixed_versions(runs)],
        "data": strict(data),
    }
    return content, problems


def _data_name(run: Run) -> str:
    """The dataset of a run; the file's name where that is the user's own table."""
    dataset = run.config["dataset"]
    own = isinstance(dataset, Mapping) and dataset.get("name") == "csv" and dataset.get("path")
    return Path(str(own)).name if own else run.summary.dataset


def _group_names(groups: Mapping[str, Run]) -> dict[str, str]:
    """What the page calls each group: by a run of it what is predicted from which table; else the label of the data."""
    names = {
        label: f"{run.config['dataset'].get('target')} of {_data_name(run)}"
        for label, run in groups.items()
        if _data_name(run) != run.summary.dataset
    }
    times = Counter(names.values())
    return {label: names[label] if times[names.get(label, "")] == 1 else label for label in groups}


def _terms(groups: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What the columns of the tables mean, each named once."""
    tables = [group[part] for group in groups for part in ("table", "more")]
    columns = {column["key"]: column["title"] for table in tables for column in table["columns"]}
    meanings = {**GLOSSARY, **{name: metric.help for name, metric in METRICS.items()}}
    return [(title, meanings[key]) for key, title in columns.items() if key in meanings and key != "verdict"]
