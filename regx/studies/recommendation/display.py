"""What `regx recommend` prints: the lanes and references as a table or as JSON, between the words of `words.py`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.report.listing import Listed, print_listing
from regx.report.numbers import verdict_text
from regx.report.output import Output
from regx.stats.aggregate import UNKNOWN
from regx.studies.recommendation.inspection import Inspection
from regx.studies.recommendation.judgement import PROCEDURE, LossDifference, Measured, Raced, mean
from regx.studies.recommendation.question import Plan
from regx.studies.recommendation.result import RECOMMENDED, Recommendation
from regx.studies.recommendation.words import LEGEND, conclusion_lines, inspection_lines, plan_lines


def rows(recommendation: Recommendation) -> list[dict[str, Any]]:
    """One row of plain values for each lane, for what validation chooses on each split, and for each reference."""
    lanes, references, conclusion = recommendation.lanes, recommendation.references, recommendation.conclusion
    nothing = dict.fromkeys(("stack", "lr", "val_loss"))

    def shares(one: Raced | Measured) -> dict[str, Any]:
        own = (("test_accuracy", one.accuracy), ("test_balanced_accuracy", one.balanced))
        return {"test_loss": mean(one.test), **{name: scores and mean(scores) for name, scores in own}}

    def against(compared: LossDifference | None, without: str | None) -> dict[str, Any]:
        if compared is None:
            return {"difference": None, "verdict": without}
        return {"difference": compared.as_json(), "verdict": verdict_text(compared.verdict, compared.splits, "split")}

    found = []
    for lane in lanes:
        own = {"stack": lane.stack, "lr": lane.lr, "val_loss": mean(lane.val), **shares(lane)}
        own |= against(conclusion.lanes.get(lane.name), "baseline")
        own |= {"recommended": lane.name == conclusion.recommended}
        found.append({"lane": lane.name, "kind": "network", **own})

    def chosen(what: str) -> float | None:
        of = {lane.name: getattr(lane, what) for lane in lanes}
        own = {seed: of[name][seed] for seed, name in conclusion.chosen.items() if of[name] is not None}
        return mean(own) if own else None

    own = {"test_loss": mean(conclusion.procedure), "test_accuracy": chosen("accuracy")}
    own |= {"test_balanced_accuracy": chosen("balanced"), **against(conclusion.to_plain, None), "recommended": False}
    found.append({"lane": "chosen on each split", "kind": PROCEDURE, **nothing, **own})
    for one in references:
        own = {**nothing, **shares(one), **against(None, None), "recommended": False}
        found.append({"lane": one.reference.table, "kind": "reference", **own})
    return found


def document(found: Recommendation) -> dict[str, Any]:
    """Everything that was found, as `--json` prints it."""
    recommended, conclusion = found.recommended, found.conclusion
    return {
        "recommend": str(found.folder),
        "recommended": {"lane": recommended.name, "stack": recommended.stack, "lr": recommended.lr},
        "metric": found.cost,
        "learnable": conclusion.learnable,
        "learnable_by_chance": conclusion.by_chance,
        "detectable": conclusion.detectable,
        "regularization": conclusion.regularization,
        "reference": {
            "name": conclusion.rival,
            "network_is": conclusion.contest,
            "difference": conclusion.to_reference[conclusion.rival].as_json(),
        },
        "splits": len(conclusion.procedure),
        "splits_needed": conclusion.splits_needed,
        "rows_needed": conclusion.rows_needed,
        "chosen": {str(seed): name for seed, name in conclusion.chosen.items()},
        "conclusion": conclusion_lines(found),
        "notes": list(found.notes),
        "inspection": found.inspection.as_json(),
        "rows": rows(found),
    }


def print_inspection(inspection: Inspection, out: Output) -> None:
    """Write what the table is taken to be, before anything is trained."""
    if not out.as_json:
        out.say(*inspection_lines(inspection))


def print_plan(plan: Plan, out: Output) -> None:
    """Write what would be trained."""
    lanes = [lane.name for lane in plan.lanes]
    lines = plan_lines(lanes, len(plan.base.seeds), plan.base.training.epochs, plan.seconds, plan.notes)
    if out.as_json:
        out.document({"inspection": plan.inspection.as_json(), "plan": lines})
    else:
        out.say(*lines)


def print_recommendation(found: Recommendation, out: Output, config: Path | None = None) -> None:
    """Write the table of lanes and references, the conclusion, and where everything is; or one JSON document.

    config: where the recommended one was written, if not beside the runs.
    """
    config = config or found.folder / RECOMMENDED
    if out.as_json:
        fitted = {} if found.fitted is None else {"fitted": str(found.fitted)}
        out.document({**document(found), "config": str(config), **fitted})
        return
    out.line()
    if out.for_people:
        print_listing(_rows_for_people(rows(found)), out, ends=False, folds="lane")
        out.text(["", LEGEND])
    else:
        out.flat([_flat(row) for row in rows(found)])
    if found.cost != "loss":
        out.line()
        out.say(f"val_loss and test_loss are here the {found.cost}, by which lanes are chosen and judged.")
    for line in conclusion_lines(found):
        out.line()
        out.say(line)
    out.line()
    out.say(*found.notes, f"Config: {config}", f"Runs: {found.folder}")
    if found.fitted is not None:
        out.say(f"Trained on all rows: {found.fitted}")
        out.next(f"regx predict {found.fitted} TABLE")
    else:
        out.next(f"regx run {config}")


def _rows_for_people(rows: Sequence[Mapping[str, Any]]) -> list[Listed]:
    accuracy = any(row["test_accuracy"] is not None for row in rows)
    return [
        {
            "lane": row["lane"].replace("+", " + ") + (" *" if row["recommended"] else ""),
            "val_loss": row["val_loss"],
            "test_loss": row["test_loss"],
            **({"accuracy": row["test_accuracy"], "balanced": row["test_balanced_accuracy"]} if accuracy else {}),
            "difference": row["difference"] or UNKNOWN,
            "verdict": row["verdict"] or "",
        }
        for row in rows
    ]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    difference = row["difference"] or {}
    names = ("lane", "stack", "lr", "val_loss", "test_loss", "test_accuracy", "test_balanced_accuracy")
    ends = {"difference": difference.get("mean"), **{key: difference.get(key) for key in ("low", "high", "p")}}
    return {**{name: row[name] for name in names}, **ends, "verdict": row["verdict"]}
