"""What a study of worth says, in sentences."""

from regx.studies.worth.judgement import Worth
from regx.studies.worth.result import AtSize, RowsWorth


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
    said = [f"{first.stack} with {first.rows} rows does as well as the plain network with {_rows(first.worth)}."]
    better = [point for point in points if _verdict(point) == "better"]
    worse = [point for point in points if _verdict(point) == "worse"]
    rest = [point for point in points if _verdict(point) not in ("better", "worse")]
    parts = [
        f"{words} {_sizes(those)}" for words, those in (("better at", better), ("worse at", worse)) if those
    ]  # fmt: skip
    if rest:
        parts.append(f"not to be told apart by {len(study.seeds)} seeds at {_sizes(rest)}")
    said.append(f"Beside the plain network with the same rows it is {'; '.join(parts)} rows.")
    return said


def _verdict(point: AtSize) -> str:
    return point.comparison.verdict if point.comparison is not None else ""


def _sizes(points: list[AtSize]) -> str:
    words = [str(point.rows) for point in points]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _rows(worth: Worth) -> str:
    """`74 [58, 101]`, `more than 240`, or an interval with an open end."""
    if worth.rows is None:
        return f"{worth.bound} {worth.edge:.0f}"
    low = "?" if worth.low is None else f"{worth.low:.0f}"
    high = "?" if worth.high is None else f"{worth.high:.0f}"
    open_end = " (?: beyond the sizes that were trained)" if "?" in (low, high) else ""
    return f"{worth.rows:.0f} [{low}, {high}]{open_end}"
