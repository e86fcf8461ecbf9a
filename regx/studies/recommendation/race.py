"""Which regularizers help on a table: a race of the usual stacks, chosen on validation, judged on test.

The method, which the reader of a report may hold us to:

- Outer splits. Each seed splits the table anew into training, validation and test rows. The test rows of a split are
  looked at once, in the report, for the candidate that the validation rows of the same split have chosen.
- Network. Its depth, width, optimizer, schedule and length are chosen first, as the best that nobody regularizes
  (`network.py`). All lanes share it.
- Lanes. The ladder from no regularizer to all of them, and a cocktail (`ladder.py`). Every lane is tried with the
  lengths of training of the plain one and with the learning rates beside its best, and every regularizer with a small
  grid of strengths; several together start from what each had alone.
- Tuning. On each split successive halving over epochs, by validation loss (`halving.py`). The candidates of all
  splits train together, as populations. The same halving over the mean of all splits chooses the strengths that are
  written into the config: more rows have their say in them than in those of any one split, so what is reported is, if
  anything, a little pessimistic about them.
- Folds. Where validation rows are few, what each split has chosen of each lane is trained on its other folds too: with
  the same test rows, and others of the remaining ones for validation. Lanes are compared by the mean over folds.
- Judgement. The lane is chosen on validation, its test losses are compared with those of the plain network and of
  scikit-learn's plain models on the same splits (`judgement.py`).

Every result of tuning is kept in tuning.json, so that the same command again trains only what is missing.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regx.config.identity import Identity, digest
from regx.core.errors import InputError
from regx.data.table import Table, TableSource
from regx.nn.layout import Layout
from regx.runner.plan import dataset, fingerprint
from regx.runner.standing import standing
from regx.store.files import TUNING
from regx.store.lock import Lock
from regx.studies.recommendation.clock import Clock
from regx.studies.recommendation.criteria import LOSS
from regx.studies.recommendation.judgement import FEWEST_SPLITS, PLAIN, Measured, conclude
from regx.studies.recommendation.ladder import PARTS, LadderLane, candidates
from regx.studies.recommendation.lanes import ALL, Lanes, lengths
from regx.studies.recommendation.network import GAIN, SHARE, CandidateNetwork, simplest
from regx.studies.recommendation.network import SPLITS as TRIED_ON
from regx.studies.recommendation.outcome import Outcome
from regx.studies.recommendation.question import ENOUGH_SPLITS, Plan, TableQuestion, longer, work
from regx.studies.recommendation.references import Score, references, score
from regx.studies.recommendation.result import Recommendation
from regx.studies.recommendation.trials import Trials
from regx.studies.recommendation.tuning import Tuning
from regx.studies.recommendation.words import NOTES

REFERENCES = 0.15  # of the minutes, that the plain models may take
FOLDERS = 0.2  # of the minutes at most, that are kept for training what is recommended
FOLDS = 0.2  # of the minutes at most, that are kept for choosing by more folds
SEEDS_OF_A_TIME = 3  # fewer than it takes for a verdict
FOR_LARGER = 10  # splits that a larger network has to leave time for
# Validation rows by which lanes are told apart: of fewer the best of many lanes is often that which was lucky.
ENOUGH_VALIDATION_ROWS = 1000
# In which order lanes are raced: what helps most often first, since time may end.
FIRST = ("crop", "rotate", "early_stopping", "dropout", "l2", "l1", "batch_norm", "weight_decay", "weight_average")

# How often the work of a group of lanes must fit, for them to be raced together: cut short, all of them are lost.
AT_ONCE = 2


def recommend(question: TableQuestion, plan: Plan, out: Path) -> Recommendation:
    """Race the ladder and conclude.

    Raises RegxError where a folder cannot be written or somebody else writes there, or no network survives.
    """
    with Lock(race_folder(plan, out)) as held:
        return TableRace(question, plan, held).run()


def race_folder(plan: Plan, out: Path) -> Path:
    """The folder of a race: of its networks, data and ladder."""
    lengths = [(one.base.training.epochs, one.base.training.eval_every) for one in plan.networks]
    tried = [[one.name, list(one.rates), *length] for one, length in zip(plan.networks, lengths, strict=True)]
    images = plan.base.dataset.is_images
    parts = [[part.name, part.key, list(part.strengths)] for part in PARTS.values() if images or part.only != "images"]
    ladder = {"lanes": [[lane.name, list(lane.parts)] for lane in plan.lanes], "parts": parts, "by": "last epoch"}
    raced = {"data": fingerprint(plan.base.dataset), "ladder": ladder, "tried": tried}

    def of(identity: Identity) -> str:
        facts = {key: value for key, value in identity(plan.base.resolved).items() if key != "seeds"}
        return digest({"config": facts, **raced})

    return standing(out, f"{plan.base.name}-recommend", of, plan.base)


class TableRace:
    def __init__(self, question: TableQuestion, plan: Plan, held: Lock) -> None:
        self._question, self._plan = question, plan
        self._notes = list(plan.notes)
        self.folder = held.folder
        self._clock = Clock(question.minutes * 60, plan.pace, question.options.watchers.on_progress)
        self._results = Tuning(self.folder / TUNING, question.options.force)
        self._clock.ahead = plan.seconds / plan.pace
        task = plan.inspection.task
        self._trials = Trials(question, task, plan.criterion, self._results, self._clock, plan.networks[0])
        self._tuned = Lanes(self._trials, plan.base.seeds, plan.rates)
        self._outcome = Outcome(question, plan, self._trials, self._tuned, held, self._notes)
        self._gains: bool | None = None  # from more epochs
        self._lanes = list(plan.lanes)
        if self._table.times is not None:
            self._tuned.splits = self._splits[:SEEDS_OF_A_TIME]
            self._note("split by time")

    @property
    def _table(self) -> Table:
        source = self._plan.base.dataset
        assert isinstance(source, TableSource)
        return source.table()

    @property
    def _splits(self) -> list[int]:
        return self._tuned.splits

    def _note(self, case: str, **facts: object) -> None:
        self._notes.append(NOTES[case].format(**facts))

    def run(self) -> Recommendation:
        measured = self._references()
        # Without the plain network there is no answer, so it is trained to the end whatever the clock says.
        self._choose_network()
        self._choose_splits()
        plain, *others = self._lanes
        self._tuned.tune("the plain network", [plain])
        # What the plain network does best with, and what lies beside it: no other lane is tried with more rates.
        rate = self._tuned.chosen[PLAIN][ALL][0].lr
        tried = sorted({*self._tuned.rates, rate})
        self._tuned.rates = tuple(tried[max(0, tried.index(rate) - 1) : tried.index(rate) + 2])
        self._clock.is_bound, self._clock.ahead = True, self._clock.later
        self._race(others)
        self._clock.reserve -= self._for_folds
        self._tuned.compare_by_folds(self._most_folds())
        outcome = self._outcome
        lanes, dropped = outcome.raced(self._lanes)
        if dropped:
            self._note("not raced", lanes=", ".join(dropped))
        if self._results.failed:
            self._note("failed", networks=len(self._results.failed), reason=self._results.reason)
        measured = [self._on_splits(one) for one in measured]
        if self._tuned.folds > 1:
            self._note("folds", folds=self._tuned.folds)
        inspection = dataclasses.replace(self._plan.inspection, parameters=self._parameters())
        conclusion = conclude(lanes, measured, inspection.split, inspection.rows, self._gains)
        unfinished = outcome.keep(lanes, conclusion.recommended)
        config = outcome.config(conclusion.recommended, whole=True)
        notes = tuple(dict.fromkeys(self._notes))
        return Recommendation(
            self.folder, config, inspection, tuple(lanes), tuple(measured), conclusion, self._clock.elapsed, notes,
            tuple(unfinished), self._plan.criterion.cost,
        )  # fmt: skip

    # References

    def _references(self) -> list[Measured]:
        models = references(self._plan.inspection.task)
        scores: dict[str, dict[int, Score]] = {one.role: {} for one in models}
        try:
            for seed in list(self._splits):
                number = len(scores[models[0].role])
                if number >= FEWEST_SPLITS and self._clock.elapsed > REFERENCES * 60 * self._question.minutes:
                    self._reduce(number, "the references take long")
                    break
                try:
                    data = dataset(self._plan.base.dataset, seed)
                except InputError as error:  # such as of groups of which one holds a whole class
                    self._tuned.splits.remove(seed)
                    self._note("split left out", seed=seed, error=error)
                    continue
                self._clock.tell("references")
                for one in models:
                    found = self._results.reference(one.role, seed)
                    if found is None:
                        found = score(one, data, seed)
                        self._results.add_reference(one.role, seed, found)
                    scores[one.role][seed] = found
        finally:
            self._results.write()
        self._notes += dict.fromkeys(note for of in scores.values() for one in of.values() for note in one.notes)
        together = self._table.groups is not None or self._table.times is not None
        measured = []
        for one in models:
            of, by = scores[one.role], self._plan.criterion
            test = {seed: by.of(each.metrics[by.metric]) for seed, each in of.items()}
            accuracy, balanced = (
                {seed: each.metrics[name] for seed, each in of.items() if name in each.metrics} or None
                for name in ("accuracy", "balanced_accuracy")
            )
            p = None if together or one is models[0] else {seed: each.p for seed, each in of.items()}
            measured.append(Measured(one, test, accuracy, balanced, p))
        return measured

    def _on_splits(self, one: Measured) -> Measured:
        """Only of the splits that the networks were trained on."""
        kept: dict[str, Any] = {
            name: {seed: of[seed] for seed in self._splits}
            for name in ("test", "accuracy", "balanced", "p")
            if (of := getattr(one, name))
        }
        return dataclasses.replace(one, **kept)

    # The network

    def _choose_network(self) -> None:
        """Try each network without a regularizer, then the best for longer, as far as a share of the minutes goes."""
        reached: dict[str, float] = {}
        for network in self._plan.networks:
            if not reached or self._is_affordable(network):
                reached[network.name] = self._reached(network)
        name = simplest(reached)
        chosen = next(one for one in self._plan.networks if one.name == name)
        loss = reached[name]
        while self._plan.lengthen:
            trained_longer = longer(self._question, chosen)
            if not self._is_affordable(trained_longer):
                break
            after = self._reached(trained_longer)
            self._gains = loss - after > GAIN * abs(loss)
            if not self._gains:
                break
            chosen, loss, self._gains = trained_longer, after, None
        self._trials.use(chosen)
        self._tuned.rates = chosen.rates
        hidden = chosen.base.architecture.hidden
        if all(one != other for one, other in itertools.pairwise(hidden)):  # no equal layers to skip
            self._lanes = [lane for lane in self._lanes if "skip" not in [part.exclusive for part in lane.known][:1]]
        case, epochs = "network" if len(reached) == 1 else "network chosen", chosen.base.training.epochs
        self._note(case, tried=len(reached), name=name, epochs=epochs, parameters=self._parameters())

    def _is_affordable(self, network: CandidateNetwork) -> bool:
        """Whether there is time to try a network, and then to race what helps most often on enough splits.

        A larger one that leaves time for few splits would end without an answer.
        """
        self._trials.use(network)
        tries = self._work(self._lanes[:1], min(TRIED_ON, len(self._splits)))
        race = self._work(self._early(), min(FOR_LARGER, len(self._splits)))
        return self._clock.fits(tries, SHARE) and self._clock.fits(tries + race)

    def _early(self) -> list[LadderLane]:
        return [lane for lane in self._lanes if lane.name in (PLAIN, *FIRST)]

    def _reached(self, network: CandidateNetwork) -> float:
        """The least mean validation loss of a network at its last epoch, over the first splits."""
        self._trials.use(network)
        pool = lengths(candidates(self._plan.lanes[0], network.rates), self._trials.rungs)
        splits = self._splits[:TRIED_ON]
        self._trials.train(f"the network, {network.name}", [(*one, seed) for one in pool for seed in splits])
        return min(self._trials.costs(pool, splits).values())

    def _parameters(self) -> int:
        base = self._trials.network.base
        data = dataset(base.dataset, self._splits[0])
        return Layout(data.shape, base.architecture, data.train.y.shape[1]).size

    # Tuning

    def _work(self, lanes: Sequence[LadderLane], splits: int) -> float:
        return work(self._trials.network.base, lanes, self._tuned.rates, splits)

    def _choose_splits(self) -> None:
        """Leave out splits if, at the pace that was measured, all lanes would not fit into the minutes on all."""
        clock, splits = self._clock, len(self._splits)
        fewest, enough = min(FEWEST_SPLITS, splits), min(ENOUGH_SPLITS, splits)
        early = [*self._early(), *(lane for lane in self._lanes if lane.is_cocktail)]
        for lanes, most in ((self._lanes, splits), (early, enough)):
            fitting = [
                number
                for number in range(fewest, most + 1)
                if self._work(lanes, number) * clock.pace + sum(self._kept_back(number)) <= clock.left
            ]
            if lanes is early or (fitting and fitting[-1] >= enough):
                self._reduce(max([fewest, *fitting]), "training takes long")
                break
        for_folders, self._for_folds = self._kept_back(len(self._splits))
        clock.reserve = for_folders + self._for_folds
        clock.ahead, clock.later = (self._work(some, len(self._splits)) for some in (self._lanes[:1], self._lanes[1:]))

    def _kept_back(self, splits: int) -> tuple[float, float]:
        """Seconds for the run folders of two lanes, and the network of all rows, and for folds."""
        all_seconds, each = 60 * self._question.minutes, splits * self._trials.seconds * self._clock.pace
        folders = min(FOLDERS * all_seconds, 2 * each)
        folds = min(FOLDS * all_seconds, (self._most_folds() - 1) * len(self._lanes) * each)
        return folders * (1 + self._question.fit), folds

    def _reduce(self, splits: int, why: str) -> None:
        wanted = ENOUGH_SPLITS if self._question.seeds is None else len(self._plan.base.seeds)
        if splits < min(wanted, len(self._splits)):
            self._note("fewer splits", splits=splits, wanted=wanted, minutes=self._question.minutes, why=why)
        self._tuned.splits = self._splits[:splits]

    def _race(self, lanes: Sequence[LadderLane]) -> None:
        """Tune the lanes: what helps most often, alone and together, then the others; one by one where time ends."""
        first = FIRST if self._plan.criterion is LOSS else ("class_weight", *FIRST)  # a loss punishes such weights
        several = [lane for lane in lanes if not lane.is_alone and not lane.is_cocktail]
        groups = {
            "what helps most often": [lane for name in first for lane in lanes if lane.name == name],
            "several of these together": [lane for lane in several if {*lane.parts} <= {*first}],
            "cocktails": [lane for lane in lanes if lane.is_cocktail],
            "one regularizer each": [lane for lane in lanes if lane.is_alone and lane.name not in first],
            "several together": [lane for lane in several if not {*lane.parts} <= {*first}],
        }
        for stage, group in groups.items():
            fits = self._clock.fits(AT_ONCE * self._work(group, len(self._splits)))
            for some in [group] if fits else [[lane] for lane in group]:
                if not self._clock.fits(self._work(some, len(self._splits))):
                    continue
                # Several together start from what each had alone.
                alone = self._tuned.chosen.keys()
                self._tuned.tune(stage, [one for one in some if one not in several or alone >= {*one.parts}])

    def _most_folds(self) -> int:
        """By how many folds lanes are compared if time suffices: until there are `ENOUGH_VALIDATION_ROWS`."""
        train, val, _ = self._plan.inspection.split
        return 1 if self._table.times is not None else min((train + val) // val, -(-ENOUGH_VALIDATION_ROWS // val))
