"""What comes of a race: its lanes as they are judged, their run folders, and the config that is recommended."""

import math
from collections.abc import Sequence
from functools import partial
from statistics import fmean

from regx.config.config import Config
from regx.config.load import config_of
from regx.core.errors import RegxError
from regx.core.listener import Progress
from regx.evidence.run import read_run
from regx.runner.cells import write_sweep
from regx.runner.plan import fingerprint
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder
from regx.store.lock import Lock
from regx.store.summary import stack_text
from regx.studies.recommendation.judgement import PLAIN, Raced
from regx.studies.recommendation.ladder import LadderLane, applied
from regx.studies.recommendation.lanes import ALL, Lanes
from regx.studies.recommendation.question import Plan, TableQuestion
from regx.studies.recommendation.trials import Choice, Trials
from regx.studies.recommendation.words import NOTES


class Outcome:
    """What the trials of a race have come to. notes: to which it adds what a reader should know."""

    def __init__(
        self, question: TableQuestion, plan: Plan, trials: Trials, tuned: Lanes, held: Lock, notes: list[str]
    ) -> None:
        self._question, self._plan, self._trials, self._tuned, self._held = question, plan, trials, tuned, held
        self._notes, self._data = notes, fingerprint(plan.base.dataset)

    def raced(self, ladder: Sequence[LadderLane]) -> tuple[list[Raced], list[str]]:
        """The lanes whose candidates were trained to the end on every split; the names of those that were not."""
        lanes, dropped = [], []
        by = self._trials.criterion
        for lane in ladder:
            if lane.name not in self._tuned.chosen:
                dropped.append(lane.name)
                continue
            scores = partial(self._tuned.scores, lane.name)
            folds = [scores(f"val_{by.metric}", fold) for fold in range(self._tuned.folds)]
            val = {seed: fmean(by.of(fold[seed]) for fold in folds) for seed in self._tuned.splits}
            test = {seed: by.of(value) for seed, value in scores(f"test_{by.metric}").items()}
            if not all(math.isfinite(one) for one in (*val.values(), *test.values())):
                self._notes.append(NOTES["lane left out"].format(lane=lane.name))
                continue
            classes = bool(self._plan.inspection.classes)
            accuracy, balanced = (
                scores(f"test_{name}") if classes else None for name in ("accuracy", "balanced_accuracy")
            )
            pooled = self._tuned.chosen[lane.name][ALL]
            lanes.append(Raced(lane.name, self._shown(pooled), pooled[0].lr, val, test, accuracy, balanced))
        if PLAIN not in [lane.name for lane in lanes]:
            why = f" The last reason: {self._trials.results.reason}" if self._trials.results.failed else ""
            raise RegxError(
                f"{self._question.table}: there is a split on which the plain network diverged or failed at every "
                f"learning rate that was tried ({', '.join(map(str, self._tuned.rates))}). A target or a column with a "
                f"few huge values does that: look at the table, or try -s optimizer.lr=0.0003.{why}"
            )
        return lanes, dropped

    def _shown(self, choice: Choice) -> str:
        """What a candidate has that the plain network lacks."""
        resolved = applied(self._trials.network.base.resolved, choice[0], self._trials.patience(choice[1]))
        names = [name for name, _ in choice[0].parts]
        text = stack_text(resolved)
        if "small" in names:
            return f"{'-'.join(map(str, resolved['architecture']['hidden']))} hidden units"
        if "class_weight" not in names:
            return text
        return "class weights" if text == PLAIN else f"{text} + class weights"

    def keep(self, lanes: Sequence[Raced], recommended: str) -> list[str]:
        """Run folders of the lanes as they would be recommended; of two alone, or none, where time is short.

        Returns the names of those in whose folders a network diverged or failed.
        """
        clock, folder = self._trials.clock, self._held.folder
        each = len(self._tuned.splits) * self._trials.seconds  # the work of a run folder
        clock.reserve = 2 * each * clock.pace if self._question.fit else 0.0
        names = [lane.name for lane in lanes]
        for some in (names, list(dict.fromkeys((PLAIN, recommended))), []):
            done = len(some) * each
            if done * clock.pace <= clock.left:
                break
        if len(some) < len(names):
            self._notes.append(NOTES["few run folders" if some else "no run folders"].format(lanes=" and ".join(some)))
        configs = [self.config(name) for name in some]
        targets = [Target(config, run_folder(config, folder)) for config in configs]
        self._check_same_table()
        clock.is_bound, clock.ahead = False, done

        def follow(progress: Progress) -> None:
            clock.tell("run folders of the lanes", done * progress.share)

        if targets:
            clock.tell("run folders of the lanes")
            bring_up_to_date(targets, self._trials.options(follow), self._held)
            write_sweep(folder, self._plan.base.name, [], targets, [{}] * len(targets))
        clock.ahead = 0.0
        clock.tell("run folders of the lanes", ends=True)
        unfinished = [
            name
            for name, target in zip(some, targets, strict=True)
            if read_run(target.folder).about["status"] != "completed"
        ]
        if unfinished:
            self._notes.append(NOTES["unfinished"].format(lanes=unfinished))
        return unfinished

    def _check_same_table(self) -> None:
        """Raise RegxError if the table was changed since the start: its run folders would hold other data."""
        if self._plan.base.dataset.fingerprint() != self._data:
            raise RegxError(
                f"{self._question.table}: the table was changed while it was raced. Start again: the changed table is "
                "raced anew, and what was found so far is kept for the one before."
            )

    def config(self, name: str, whole: bool = False) -> Config:
        """The config of a lane with the strengths that all splits together have chosen. whole: for all rows."""
        resolved = self._trials.config(*self._tuned.chosen[name][ALL]).resolved
        data = dict(resolved["dataset"])
        if whole and "dataset.rows=" not in " ".join(self._question.overrides):
            data.pop("rows", None)
        own = {"name": name.replace("+", "_"), "dataset": data, "seeds": self._tuned.splits}
        return config_of({**resolved, **own}, str(self._question.table))
