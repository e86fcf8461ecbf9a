"""What a comparison table says, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from regx.report.numbers import MOST_NAMES, listed
from regx.report.table import Row, is_equal, labels, seeds_text, spoken


def conclusion(rows: Sequence[Row]) -> list[str]:
    """What the rows of one group say: a sentence for each verdict, and for each reason to read a run with care.

    Verdicts are on what regularizes, what went wrong is a run's.
    """
    told = any(row.get("verdict") in ("better", "worse", "lower", "higher", "unclear") for row in rows)
    about = of_one_table(rows[0].get("dataset")) if told else []
    return [*_verdicts(rows, spoken(rows)), *_baseline(rows), *about, *_marks(rows, labels(rows))]


def _baseline(rows: Sequence[Row]) -> list[str]:
    """Why it is this one of several runs that nothing regularizes."""
    because = rows[0].get("baseline_because") if rows else None
    if because is None:
        return []
    return [f"Of several runs that nothing regularizes the baseline is {rows[0]['baseline']}, {because}."]


def of_one_table(dataset: str | None) -> list[str]:
    """What a reader must know of differences over seeds that are splits of one table; nothing of generated data.

    Nadeau & Bengio 2003, Inference for the Generalization Error; `regx.stats.resampled` says how much it matters.
    """
    from regx.evidence.splits import is_of_one_table

    if dataset is None or not is_of_one_table(dataset):
        return []
    return [
        "The seeds are splits of one table and share its rows. Intervals and p of differences allow for that by the "
        "corrected resampled t-test, so more seeds tell little more: more rows would."
    ]


def _verdicts(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    here = next((name for name, row in zip(names, rows, strict=True) if row.get("verdict") == "baseline"), None)
    baseline = here or (rows[0].get("baseline") if rows else None)  # which --top may have cut off
    if baseline is None:
        return []
    found: dict[str, list[str]] = {
        "better": [],
        "worse": [],
        "lower": [],
        "higher": [],
        "unclear": [],
        "equal": [],
        "few": [],
    }
    for name, row in zip(names, rows, strict=True):
        verdict = row.get("verdict") or ""
        if row.get("peek") and verdict in ("better", "worse"):
            found[verdict].append(f"{name} (by peeking)")
        elif verdict in ("better", "worse", "lower", "higher"):
            found[verdict].append(name)
        elif verdict == "unclear" and is_equal(row):
            found["equal"].append(name)
        elif verdict == "unclear":
            found["unclear"].append(f"{name} ({_needed(row)})")
        elif verdict.startswith("cannot tell"):
            found["few"].append(name)
    metric = str(rows[0].get("metric", "test_loss")).replace("_", " ")
    openings = {
        "better": f"Better than {baseline} in {metric}",
        "worse": f"Worse than {baseline} in {metric}",
        "lower": f"Lower than {baseline} in {metric}",
        "higher": f"Higher than {baseline} in {metric}",
        "unclear": f"Not told apart from {baseline}",
        "equal": f"At every shared seed exactly as {baseline} in {metric}",
        "few": f"Fewer than five seeds shared with {baseline}, so nothing can be told",
    }
    if found["unclear"]:  # says once what the numbers are
        found["unclear"][0] = found["unclear"][0].removesuffix(")") + " seeds would tell)"
    return [f"{openings[kind]}: {listed(members, MOST_NAMES)}." for kind, members in found.items() if members]


def _marks(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    peeked = [name for name, row in zip(names, rows, strict=True) if row.get("peek")]
    said = []
    if peeked:
        who = "all runs here" if 1 < len(peeked) == len(rows) else listed(peeked, MOST_NAMES)
        said.append(f"The test split was used for choosing (--peek), so its loss is no honest estimate: {who}.")
    diverged = [
        f"{name} (seeds: {row['diverged']} of {row['seeds']})"
        for name, row in zip(names, rows, strict=True)
        if row.get("diverged")
    ]
    if diverged:
        said.append(f"Diverged, and in no mean: {listed(diverged, MOST_NAMES)}.")
    lacking: dict[str, list[str]] = {}
    for name, row in zip(names, rows, strict=True):
        if row.get("missing_seeds"):
            plural = "s" * (len(row["missing_seeds"]) > 1)
            lacking.setdefault(f"Without seed{plural} {seeds_text(row['missing_seeds'])}", []).append(name)
    return said + [f"{lack}: {listed(members, MOST_NAMES)}." for lack, members in lacking.items()]


def _needed(row: Row) -> str:
    """How many seeds would tell a run from the baseline. Of splits of one table there may be no such number."""
    seeds = row.get("seeds_to_tell")
    if seeds is None:
        return "no number of" if of_one_table(row.get("dataset")) else "more than 1000"
    rounded = seeds if seeds < 100 else -(-seeds // 10) * 10
    return f"about {rounded}"
