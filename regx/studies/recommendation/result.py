"""What `regx recommend` finds, as recommendation.json holds it beside the runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.load import load_config
from regx.config.reader import MAX_BYTES
from regx.core.shown import Shown
from regx.store.files import OUTCOME, read_json
from regx.store.opened import damaged, read_bytes
from regx.studies.recommendation.inspection import Inspection
from regx.studies.recommendation.judgement import PLAIN, Conclusion, Measured, Raced, Scores, conclude
from regx.studies.recommendation.references import LINEAR, TRIVIAL, references

OF_SPLITS = ("test", "accuracy", "balanced")
RECOMMENDED = "recommended.yaml"


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
    found = read_json(path)
    inspection, measured = Inspection.of_json(found["inspection"]), found["measured"]
    lanes = tuple(
        Raced(one["name"], one["stack"], one["lr"], **_scores(one, "val", *OF_SPLITS)) for one in measured["lanes"]
    )
    by_role = {one.role: one for one in references(inspection.task)}
    models = tuple(
        Measured(by_role[one["role"]], **_scores(one, *OF_SPLITS, "p"))
        for one in measured["references"]
        if one["role"] in by_role
    )
    scores = [*(of for one in lanes for of in (one.val, one.test)), *(one.test for one in models)]
    names = {*(lane.name for lane in lanes), *(one.reference.role for one in models)}
    if not names >= {PLAIN, TRIVIAL, LINEAR} or not scores[0] or any(of.keys() != scores[0].keys() for of in scores):
        needed = f"the lane '{PLAIN}', the references '{TRIVIAL}' and '{LINEAR}'"
        raise damaged(path, f"expected {needed}, and scores of all lanes and references on the same splits")
    if not min(inspection.split):
        raise damaged(path, "expected rows in every split, found none")
    conclusion = conclude(lanes, models, inspection.split, inspection.rows, measured.get("gains", False))
    read_bytes(folder / RECOMMENDED, MAX_BYTES)  # of a stranger it may be a link
    config = load_config(folder / RECOMMENDED)
    notes, unfinished = tuple(found["notes"]), tuple(measured["unfinished"])
    seconds, cost = measured["seconds"], measured.get("cost", "loss")
    return Recommendation(folder, config, inspection, lanes, models, conclusion, seconds, notes, unfinished, cost)


def _plain(scores: Mapping[str, Scores | None], *names: str) -> dict[str, Any]:
    """Scores with the seeds as words, as JSON has keys."""
    return {name: (own := scores[name]) and {str(seed): score for seed, score in own.items()} for name in names}


def _scores(plain: Mapping[str, Any], *names: str) -> dict[str, Any]:
    # Those of earlier versions lack some.
    return {name: (of := plain.get(name)) and {int(seed): score for seed, score in of.items()} for name in names}
