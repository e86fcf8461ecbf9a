"""What `regx recommend` finds, as recommendation.json holds it beside the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.load import load_config
from regx.core.shown import Shown
from regx.store.files import read_json
from regx.store.opened import damaged
from regx.studies.recommendation.inspection import Inspection
from regx.studies.recommendation.judgement import Conclusion, Measured, Raced, Scores, conclude
from regx.studies.recommendation.references import references

OF_SPLITS = ("test", "accuracy", "balanced")
OUTCOME, RECOMMENDED = "recommendation.json", "recommended.yaml"


@dataclass(frozen=True)
class Recommendation(Shown):
    """What was found.

    folder: of the race. config: the one that is recommended. seconds: that it took. notes: what a reader should know.
    unfinished: the lanes in whose run folders a network diverged or failed. cost: what lanes are chosen and judged by.
    fitted: the run folder of the recommended network trained on all rows, where that was asked for.
    """

    folder: Path
    config: Config
    inspection: Inspection
    lanes: tuple[Raced, ...]
    references: tuple[Measured, ...]
    conclusion: Conclusion
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    cost: str = "loss"
    fitted: Path | None = None

    @property
    def recommended(self) -> Raced:
        return next(lane for lane in self.lanes if lane.name == self.conclusion.recommended)

    def numbers(self) -> dict[str, Any]:
        """What the conclusion rests on, from which `read_recommendation` makes it again."""
        lanes = [{**one.__dict__, **_plain(one.__dict__, "val", *OF_SPLITS)} for one in self.lanes]
        models = [{"role": one.reference.role, **_plain(one.__dict__, *OF_SPLITS, "p")} for one in self.references]
        facts = {"gains": self.conclusion.gains, "seconds": self.seconds, "unfinished": list(self.unfinished)}
        return {"lanes": lanes, "references": models, **facts, "cost": self.cost}


def read_recommendation(folder: Path) -> Recommendation:
    """The recommendation in the folder of a race. Raises InputError if there is none, or its file is damaged."""
    path = folder / OUTCOME
    found = read_json(path, ("inspection", "measured", "notes"))
    try:
        inspection, measured = Inspection.of_json(found["inspection"]), found["measured"]
        by_role = {one.role: one for one in references(inspection.task)}
        lanes = tuple(Raced(**{**one, **_scores(one, "val", *OF_SPLITS)}) for one in measured["lanes"])
        models = tuple(
            Measured(by_role[one["role"]], **_scores(one, *OF_SPLITS, "p")) for one in measured["references"]
        )
        notes, unfinished = tuple(found["notes"]), tuple(measured["unfinished"])
        seconds = float(measured["seconds"])
    except (TypeError, KeyError, ValueError, AttributeError):
        raise damaged(path, "expected inspection, lanes and references as they were written") from None
    conclusion = conclude(lanes, models, inspection.split, inspection.rows, measured.get("gains", False))
    config = load_config(folder / RECOMMENDED)
    cost = measured.get("cost", "loss")
    return Recommendation(folder, config, inspection, lanes, models, conclusion, seconds, notes, unfinished, cost)


def _plain(scores: Mapping[str, Scores | None], *names: str) -> dict[str, Any]:
    """Scores with the seeds as words, as JSON has keys."""
    return {name: (own := scores[name]) and {str(seed): score for seed, score in own.items()} for name in names}


def _scores(plain: Mapping[str, Any], *names: str) -> dict[str, Any]:
    # Those of earlier versions lack some.
    return {name: (of := plain.get(name)) and {int(seed): score for seed, score in of.items()} for name in names}
