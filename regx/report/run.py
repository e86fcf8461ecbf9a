"""What `regx run` and `regx compare` print."""

from collections.abc import Sequence
from pathlib import Path

from regx.core.errors import DONE, SOME_DIVERGED
from regx.evidence.run import Run, read_runs
from regx.report.baseline import with_baseline
from regx.report.columns import known_columns
from regx.report.conclusion import without_baseline
from regx.report.output import Output
from regx.report.render import print_rows
from regx.report.table import by_group, compare_rows, mixed_versions, only_changed, sort_rows


def print_run(run: Run, out: Output) -> int:
    """Write the run's row, or one JSON document. The exit code that the run ends with."""
    if out.as_json:
        out.document({"run": str(run.folder), "status": run.about["status"], "summary": run.summary.content})
    else:
        print_rows(compare_rows([run]), out)
        out.text([str(run.folder)])
        out.next(f"regx diagnose {run.folder}")
    return ended([run], out)


def print_plan(folder: Path, seeds: list[int], out: Output) -> None:
    """Write what a run would train."""
    if out.as_json:
        out.document({"run": str(folder), "seeds": seeds})
    else:
        out.lines([(folder, f"seeds to train: {', '.join(map(str, seeds)) or 'none'}")])


def ended(runs: Sequence[Run], out: Output) -> int:
    """The exit code of a command that shows these runs: 0, or 3 where some network of a run diverged or failed.

    Warns last if versions are mixed.
    """
    out.warn(mixed_versions(runs))
    failed = any(run.about["status"] == "failed" for run in runs)
    diverged = any(not network.completed for run in runs for network in run.summary.networks.values())
    return SOME_DIVERGED if failed or diverged else DONE


def print_comparison(
    paths: Sequence[str],
    out: Output,
    baseline: str | None = None,
    metric: str = "test_loss",
    sort: str | None = None,
    top: int | None = None,
    columns: Sequence[str] | None = None,
    changed: bool = False,
) -> None:
    """Write the table over the runs at the paths, and what there is to be warned of.

    A baseline that is a folder need not be among the paths. changed: instead of the stack, the config keys that differ.
    Raises InputError for whatever is wrong with the paths or the options.
    """
    columns = known_columns(columns) if columns is not None else None
    sort = known_columns([sort])[0] if sort else None
    runs, problems = read_runs(with_baseline(paths, baseline))
    rows = compare_rows(runs, baseline, metric, also=[*(columns or ()), *([sort] if sort else ())])
    rows = sort_rows(only_changed(rows, runs) if changed else rows, sort, top)
    print_rows(rows, out, columns, sort or "val_loss")
    out.next(f"regx report {' '.join(map(str, paths))}")
    out.warn(problems)
    ended(runs, out)
    for group, members in by_group(rows).items():
        if len(members) > 1 and not any(row.verdict for row in members):  # there was nothing to compare with
            why = without_baseline(members)
            out.warn([f"{group}: {why[0].lower()}{why[1:]}"])
