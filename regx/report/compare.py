"""`regx compare`, without its options."""

from collections.abc import Sequence

from regx.report.conclusion import without_baseline
from regx.report.output import Output
from regx.report.render import print_rows
from regx.report.run import ended
from regx.report.table import Row, by_group, compare_rows, known_columns, only_changed, read_with_baseline, sort_rows


def print_comparison(
    paths: Sequence[str],
    out: Output,
    *,
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
    runs, problems = read_with_baseline(paths, baseline)
    rows = compare_rows(runs, baseline, metric, also=[*(columns or ()), *([sort] if sort else ())])
    rows = sort_rows(only_changed(rows, runs) if changed else rows, sort, top)
    print_rows(rows, out, columns, sort or "val_loss")
    out.next(f"regx report {' '.join(map(str, paths))}")
    out.warn(problems)
    ended(runs, out)
    out.warn(_without_baseline(rows))


def _without_baseline(rows: Sequence[Row]) -> list[str]:
    """What to say of groups in which there was nothing to compare with."""
    said = []
    for group, members in by_group(rows).items():
        if len(members) > 1 and not any(row["verdict"] for row in members):
            why = without_baseline(members)
            said.append(f"{group}: {why[0].lower()}{why[1:]}")
    return said
