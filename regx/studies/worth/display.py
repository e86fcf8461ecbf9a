"""What `regx worth` prints."""

from dataclasses import asdict
from typing import Any

from regx.report.listing import print_listing
from regx.report.output import Output
from regx.report.run import ended
from regx.stats.aggregate import UNKNOWN
from regx.studies.worth.result import AtSize, RowsWorth
from regx.studies.worth.words import answers


def print_worth(study: RowsWorth, out: Output) -> int:
    """Write the study, or one JSON document. The exit code that it ends with."""
    said = answers(study)
    if out.as_json:
        document = {
            "worth": str(study.folder), "metric": study.metric, "plain": study.plain, "seeds": list(study.seeds),
            "points": [_plain(point) for point in study.points], "answers": said,
        }  # fmt: skip
        out.document(document)
        return ended(study.runs, out)
    print_listing([_row(study, point) for point in study.points], out, ends=True, dispensable=["p"])
    out.text([""])
    out.conclusion(said)
    out.text(["", str(study.folder)])
    out.next(f"regx report {study.folder}")
    return ended(study.runs, out)


def _row(study: RowsWorth, point: AtSize) -> dict[str, Any]:
    compared, worth = point.comparison, point.worth
    rows = None if worth is None else {"mean": worth.rows, "low": worth.low, "high": worth.high}
    return {
        "lane": point.lane, "rows": point.rows, study.metric: point.loss, "p": compared and compared.difference["p"],
        "verdict": compared.verdict if compared else "", "worth in rows": rows or UNKNOWN,
        "": worth.bound and f"{worth.bound} {worth.edge:.0f}" if worth else "",
    }  # fmt: skip


def _plain(point: AtSize) -> dict[str, Any]:
    compared = point.comparison
    return {
        "lane": point.lane, "stack": point.stack, "rows": point.rows, "loss": point.loss,
        "difference": compared and compared.difference, "verdict": compared and compared.verdict,
        "worth": point.worth and asdict(point.worth),
    }  # fmt: skip
