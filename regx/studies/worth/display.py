"""What `regx worth` prints and says."""

from dataclasses import asdict
from typing import Any

from regx.report.listing import Listed, print_found
from regx.report.numbers import listed, verdict_text
from regx.report.output import Output
from regx.report.run import ended
from regx.stats.aggregate import UNKNOWN, Interval
from regx.studies.worth.judgement import Worth
from regx.studies.worth.result import AtSize, RowsWorth


def print_worth(study: RowsWorth, out: Output) -> int:
    """Write the study, or one JSON document. The exit code that it ends with."""
    said = answers(study)
    if out.as_json:
        about = {"metric": study.metric, "plain": study.plain, "seeds": list(study.seeds)}
        points = [_as_json(point) for point in study.points]
        out.document({"worth": str(study.folder), **about, "points": points, "answers": said})
    else:
        rows = [_row(study, point) for point in study.points]
        print_found(rows, said, [str(study.folder)], f"regx report {study.folder}", out)
    return ended(study.runs, out)


def _row(study: RowsWorth, point: AtSize) -> Listed:
    compared, worth = point.comparison, point.worth
    rows = UNKNOWN if worth is None else Interval(mean=worth.rows, low=worth.low, high=worth.high)
    return {
        "lane": point.lane, "rows": point.rows, study.metric: point.loss, "p": compared and compared.difference["p"],
        "verdict": _verdict(point) or "", "worth in rows": rows,
        "": worth.bound and f"{worth.bound} {worth.edge:.0f}" if worth else "",
    }  # fmt: skip


def _as_json(point: AtSize) -> dict[str, Any]:
    compared = point.comparison
    return {
        "lane": point.lane, "stack": point.stack, "rows": point.rows, "loss": point.loss,
        "difference": compared and compared.difference, "verdict": _verdict(point),
        "worth": point.worth and asdict(point.worth),
    }  # fmt: skip


def _verdict(point: AtSize) -> str | None:
    return point.comparison and verdict_text(point.comparison.verdict, point.comparison.shared)


def answers(study: RowsWorth) -> list[str]:
    """Of each lane what it is worth at the fewest rows, where its gain ends, and what the numbers do not say."""
    if len(study.seeds) < 2:
        return [f"Nothing can be told from {len(study.seeds)} seeds that completed everywhere: expected at least five."]
    said = [sentence for lane in study.lanes if lane != study.plain for sentence in _of_lane(study, lane)]
    if study.table:
        said.append(
            "The seeds are splits of one table and share rows; the intervals allow for that, and speak of this table."
        )
    if study.left_out:
        said.append(f"Seeds of which some network diverged or failed are left out everywhere: {study.left_out}.")
    return said


def _of_lane(study: RowsWorth, lane: str) -> list[str]:
    points = study.of(lane)
    first = points[0]
    assert first.worth is not None
    much = _worth_in_rows(first.worth)
    said = [f"{first.stack} with {first.rows} rows does as well as the plain network with {much}."]
    sizes: dict[str, list[str]] = {"better": [], "worse": [], "": []}
    for point in points:
        verdict = point.comparison.verdict if point.comparison is not None else ""
        sizes[verdict if verdict in sizes else ""].append(str(point.rows))
    parts = [f"{verdict} at {listed(those)}" for verdict, those in sizes.items() if verdict and those]
    if sizes[""]:
        parts.append(f"not to be told apart by {len(study.seeds)} seeds at {listed(sizes[''])}")
    said.append(f"Beside the plain network with the same rows it is {'; '.join(parts)} rows.")
    return said


def _worth_in_rows(worth: Worth) -> str:
    """`74 [58, 101]`, `more than 240`, or an interval with an open end."""
    if worth.rows is None:
        return f"{worth.bound} {worth.edge:.0f}"
    low = "?" if worth.low is None else f"{worth.low:.0f}"
    high = "?" if worth.high is None else f"{worth.high:.0f}"
    open_end = " (?: beyond the sizes that were trained)" if "?" in (low, high) else ""
    return f"{worth.rows:.0f} [{low}, {high}]{open_end}"
