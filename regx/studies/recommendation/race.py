"""Which regularizers help on a table: a race of the usual stacks, chosen on validation, judged on test.

The method, which the reader of a report may hold us to:

- Outer splits. Each seed splits the table anew into training, validation and test rows. The test rows of a split are
  looked at once, in the report, for the candidate that the validation rows of the same split have chosen.
- Network. Its depth, width, optimizer, schedule and length are chosen first, by what it reaches on the validation rows
  of the first splits without a regularizer (`network.py`). All lanes share it.
- Lanes. The ladder from no regularizer to all of them (`ladder.py`). Every lane, the plain one too, is tried
  with the same learning rates, and every regularizer with a small grid of strengths; several together start from what
  each had alone.
- Tuning. On each split successive halving over epochs, by validation loss (`halving.py`). The candidates of all
  splits train together, as populations. The same halving over the mean of all splits chooses the strengths that are
  written into the config: more rows have their say in them than in those of any one split, so what is reported is, if
  anything, a little pessimistic about them.
- Judgement. The lane is chosen on validation, its test losses are compared with those of the plain network and of
  scikit-learn's plain models on the same splits (`judgement.py`).

Every result of tuning is kept in tuning.json, so that the same command again trains only what is missing.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.config.identity import Identity, digest
from regx.config.load import config_of
from regx.core.errors import RegxError
from regx.core.listener import Following, Keeper, Progress, Wanted, Watchers
from regx.core.trained import Trained
from regx.evidence.run import read_run
from regx.nn.layout import Layout
from regx.regularizers import REGISTRY
from regx.runner.cells import write_sweep
from regx.runner.networks import Options, train_networks
from regx.runner.plan import Member, dataset, fingerprint
from regx.runner.runs import Target, bring_up_to_date
from regx.runner.standing import run_folder, standing
from regx.store.lock import Lock
from regx.store.summary import stack_text
from regx.studies.recommendation.halving import mean_losses, rung_epochs, survivors
from regx.studies.recommendation.judgement import FEWEST_SPLITS, PLAIN, Conclusion, Measured, Raced, conclude
from regx.studies.recommendation.ladder import (
    ALONE,
    COMBINED,
    LADDER,
    SMALL,
    STRENGTHS,
    Candidate,
    LadderLane,
    alone,
    combined,
    stack,
)
from regx.studies.recommendation.network import GAIN, SHARE, CandidateNetwork, simplest
from regx.studies.recommendation.network import SPLITS as NETWORK_SPLITS
from regx.studies.recommendation.question import SLACK, Plan, TableQuestion, estimate, longer, processes, seconds_of
from regx.studies.recommendation.references import Score, references, score
from regx.studies.recommendation.result import Recommendation
from regx.studies.recommendation.tuning import TUNING, Tuning

FOR_TUNING = 0.85  # share of the minutes; the rest is for training what is kept
ALL = -1  # the chooser that looks at all splits, beside those that look at one


class _OutOfTimeError(Exception):
    """The minutes are over; raised between populations."""


def recommend(question: TableQuestion, plan: Plan, out: Path) -> Recommendation:
    """Race the ladder and conclude.

    Raises RegxError where a folder cannot be written or somebody else writes there, or no network survives.
    """
    with Lock(race_folder(plan, out)) as held:
        return TableRace(question, plan, held).run()


def race_folder(plan: Plan, out: Path) -> Path:
    """The folder of a race: of its plain network, data and ladder."""
    raced = {"data": fingerprint(plan.base.dataset), "ladder": _ladder_facts(plan), "tried": _tried(plan)}

    def of(identity: Identity) -> str:
        facts = {key: value for key, value in identity(plan.base.resolved).items() if key != "seeds"}
        return digest({"config": facts, **raced})

    return standing(out, f"{plan.base.name}-recommend", of, plan.base)


def _tried(plan: Plan) -> list[list[Any]]:
    training = plan.base.training
    return [[one.name, list(one.rates), training.epochs, training.eval_every] for one in plan.networks]


class _Tuned(Keeper):
    """Keeps the results of tuning. candidates: by the number of a config. ends: whether the minutes are over."""

    wanted = Wanted(slim=True)

    def __init__(self, results: Tuning, candidates: Sequence[tuple[Candidate, int]], ends: Callable[[], bool]) -> None:
        self._results, self._candidates, self._ends = results, candidates, ends

    def on_trained(self, members: Sequence[Member], trained: Sequence[Trained]) -> None:
        for member, one in zip(members, trained, strict=True):
            self._results.add(*self._candidates[member.config], one)
        if self._ends():
            raise _OutOfTimeError

    def on_failed(self, members: Sequence[Member], reason: str) -> None:
        for member in members:
            self._results.fail(*self._candidates[member.config], member.seed, reason)


class TableRace:
    def __init__(self, question: TableQuestion, plan: Plan, held: Lock) -> None:
        self._question, self._plan, self._held = question, plan, held
        self._start = time.monotonic()
        self._deadline = self._start + question.minutes * 60
        self._base, self._rates = plan.base, plan.rates
        self._splits = list(plan.base.seeds)
        self._jobs = processes(question)
        self._notes = list(plan.notes)
        self._data = fingerprint(self._base.dataset)
        self.folder = held.folder
        self._results = Tuning(self.folder / TUNING, question.options.force)
        self._use(plan.networks[0])
        self._gains: bool | None = None  # from more epochs
        self._share = 0.0
        self._chosen: dict[str, dict[int, Candidate]] = {}
        self._over = self._short = False
        self._deadline_counts = True
        self._unfinished: list[str] = []
        self._pace = SLACK / self._jobs  # seconds for one that is estimated
        # What is done and what there is to do, in estimated seconds; what earlier starts have done is not new.
        self._done = self._new = 0.0
        self._tuning, self._folders = self._estimated()

    def run(self) -> Recommendation:
        measured = self._references()
        before, begun = time.monotonic(), self._new
        self._begun = before
        # Without the plain network there is no answer, so it is trained to the end whatever the clock says.
        self._deadline_counts = False
        self._choose_network()
        self._tune("learning rates of the plain network", {ALONE[0]: self._same(ALONE[0])})
        self._deadline_counts = True
        self._fit(time.monotonic() - before, self._new - begun)
        if self._short:  # then the first of the ladder, to the end, rather than all of it half way
            for lane in ALONE[1:]:
                self._tune(lane.name, {lane: self._same(lane)})
        else:
            self._tune("one regularizer each", {lane: self._same(lane) for lane in ALONE[1:]})
        if not self._over and all(set(self._chosen.get(kind, {})) >= {*self._splits, ALL} for kind in STRENGTHS):
            self._tune("several together", {lane: self._together(lane) for lane in COMBINED})
        lanes, dropped = self._raced()
        if dropped:
            self._notes.append(
                f"Not raced to the end, for want of time, so nothing is said of them: {', '.join(dropped)}. --minutes "
                "gives more."
            )
        if self._results.failed:
            self._notes.append(
                f"Networks that could not be trained, and count as diverged: {len(self._results.failed)}. The reason "
                f"of the last: {self._results.reason}"
            )
        measured = [
            Measured(one.reference, _of(one.test, self._splits), one.accuracy and _of(one.accuracy, self._splits))
            for one in measured
        ]
        inspection = dataclasses.replace(self._plan.inspection, parameters=self._parameters())
        conclusion = conclude(lanes, measured, inspection.split, inspection.rows, self._gains)
        self._keep(lanes, conclusion)
        seconds = time.monotonic() - self._start
        config = self._final(conclusion.recommended)
        notes = tuple(dict.fromkeys(self._notes))
        return Recommendation(
            self.folder, config, inspection, tuple(lanes), tuple(measured), conclusion, seconds, notes,
            tuple(self._unfinished),
        )  # fmt: skip

    # References

    def _references(self) -> list[Measured]:
        task = self._plan.inspection.task
        scores: dict[str, dict[int, Score]] = {one.role: {} for one in references(task)}
        try:
            for number, seed in enumerate(self._splits):
                if number >= FEWEST_SPLITS and time.monotonic() - self._start > 0.2 * 60 * self._question.minutes:
                    self._reduce(number, "the references take long")
                    break
                self._tell("references")
                for one in references(task):
                    found = self._results.reference(one.role, seed)
                    if found is None:
                        found = score(one, dataset(self._base.dataset, seed), seed)
                        self._results.add_reference(one.role, seed, found)
                    scores[one.role][seed] = found
        finally:
            self._results.write()
        self._notes += dict.fromkeys(note for of in scores.values() for one in of.values() for note in one.notes)
        measured = []
        for one in references(task):
            accuracy = {seed: each.accuracy for seed, each in scores[one.role].items() if each.accuracy is not None}
            measured.append(Measured(one, {s: each.loss for s, each in scores[one.role].items()}, accuracy or None))
        return measured

    # The network

    def _use(self, network: CandidateNetwork) -> None:
        self._base, self._rates, self._results.network = network.base, network.rates, network.name
        self._rungs = rung_epochs(self._base.training.epochs, self._base.training.eval_every)

    def _choose_network(self) -> None:
        """Try each network without a regularizer, then the best for longer, as far as a share of the minutes goes."""
        reached: dict[str, float] = {}
        for network in self._plan.networks:
            if not reached or self._affordable(network):
                reached[network.name] = self._reached(network)
        name = simplest(reached)
        chosen = next(one for one in self._plan.networks if one.name == name)
        loss = reached[name]
        while self._plan.lengthen:
            trained_longer = dataclasses.replace(chosen, base=longer(self._question, chosen.base))
            if self._spent(trained_longer, SHARE * 60 * self._question.minutes):
                break
            after = self._reached(trained_longer)
            self._gains = loss - after > GAIN * abs(loss)
            if not self._gains or not self._affordable(trained_longer):
                break
            chosen, loss, self._gains = trained_longer, after, None
        self._use(chosen)
        tried = f", chosen first, by validation loss, of the {len(reached)} that were tried" if len(reached) > 1 else ""
        self._notes.append(
            f"The network of all lanes{tried}: {name}, {self._base.training.epochs} epochs, "
            f"{self._parameters():,} parameters."
        )
        self._tuning, self._folders = self._estimated()
        self._tuning += self._done

    def _reached(self, network: CandidateNetwork) -> float:
        """The least mean validation loss of a network at its best epoch, over the first splits and its rates."""
        self._use(network)
        splits, epochs = self._splits[:NETWORK_SPLITS], network.base.training.epochs
        pool = alone(ALONE[0], network.rates)
        self._train(f"the network, {network.name}", [(one, epochs, seed) for one in pool for seed in splits])
        of = [{one: self._results.loss(one, epochs, seed, best=True) for one in pool} for seed in splits]
        return min(mean_losses(pool, of).values())

    def _affordable(self, network: CandidateNetwork) -> bool:
        """Whether there is time to try a network, and then to race the lanes with it on as many splits as it takes."""
        splits = min(FEWEST_SPLITS, len(self._splits))
        race = estimate(network.base, self._plan.lanes, network.rates, splits) * self._measured_pace()
        left = self._start + FOR_TUNING * 60 * self._question.minutes - time.monotonic()
        return race < left and not self._spent(network, SHARE * 60 * self._question.minutes)

    def _spent(self, network: CandidateNetwork, seconds: float) -> bool:
        """Whether trying a network would end later than so many seconds after the choice began."""
        trials = len(network.rates) * min(NETWORK_SPLITS, len(self._splits))
        return time.monotonic() - self._begun + trials * seconds_of(network.base) * self._measured_pace() > seconds

    def _measured_pace(self) -> float:
        """Seconds for one that is estimated: as measured so far, if there is enough to go by."""
        return (time.monotonic() - self._begun) / self._new if self._new > 0 else self._pace

    def _parameters(self) -> int:
        data = dataset(self._base.dataset, self._splits[0])
        return Layout(data.train.x.shape[1], self._base.architecture, data.train.y.shape[1]).size

    # Tuning

    def _same(self, lane: LadderLane) -> dict[int, list[Candidate]]:
        """The same candidates for every chooser."""
        return {chooser: alone(lane, self._rates) for chooser in (*self._splits, ALL)}

    def _together(self, lane: LadderLane) -> dict[int, list[Candidate]]:
        """For every chooser the candidates around what it has chosen of each kind alone."""
        return {
            chooser: combined(lane, {kind: self._chosen[kind][chooser] for kind in STRENGTHS})
            for chooser in (*self._splits, ALL)
        }

    def _tune(self, stage: str, candidates: Mapping[LadderLane, Mapping[int, Sequence[Candidate]]]) -> None:
        """Successive halving of every lane, for every split by its own validation loss, and by the mean over splits."""
        pools = {lane: {chooser: list(pool) for chooser, pool in of.items()} for lane, of in candidates.items()}
        # The rate that is best in the end often looks worst early, and the plain network has nothing else to tune. So
        # its rates all go to the end: whatever the others gain over it, they do not gain by a better rate.
        rungs = self._rungs[-1:] if set(pools) == {ALONE[0]} else self._rungs
        for rung, epochs in enumerate(rungs):
            wanted = [
                (candidate, epochs, seed)
                for of in pools.values()
                for chooser, pool in of.items()
                for candidate in pool
                for seed in (self._splits if chooser == ALL else [chooser])
            ]
            self._train(f"{stage}, round {rung + 1} of {len(rungs)}", list(dict.fromkeys(wanted)))
            last = rung == len(rungs) - 1
            for of in pools.values():
                for chooser, pool in of.items():
                    of[chooser] = survivors(self._losses(pool, epochs, chooser, not last), last)
        for lane, of in pools.items():
            self._chosen[lane.name] = {chooser: pool[0] for chooser, pool in of.items()}

    def _losses(self, pool: Sequence[Candidate], epochs: int, chooser: int, best: bool) -> dict[Candidate, float]:
        """best: by the best epoch of each, as nothing is told yet by where it happens to stand; else by the last."""
        of = [
            {candidate: self._results.loss(candidate, epochs, seed, best) for candidate in pool}
            for seed in (self._splits if chooser == ALL else [chooser])
        ]
        return mean_losses(pool, of)

    def _train(self, stage: str, wanted: Sequence[tuple[Candidate, int, int]]) -> None:
        """Train what of these is not known yet, unless time is over."""
        missing = [one for one in wanted if not self._results.has(*one)]
        for candidate, epochs, _ in set(wanted) - set(missing):
            self._done += self._cost(candidate, epochs)
        self._over = self._over or (self._tuning_is_over())
        if self._over or not missing:
            return
        numbers: dict[tuple[Candidate, int], int] = {}
        for candidate, epochs, _ in missing:
            numbers.setdefault((candidate, epochs), len(numbers))
        configs = [self._config(candidate, epochs) for candidate, epochs in numbers]
        members = [Member(numbers[candidate, epochs], seed) for candidate, epochs, seed in missing]
        before, new = self._done, self._new
        stage_cost = sum(self._cost(candidate, epochs) for candidate, epochs, _ in missing)

        def on_progress(progress: Progress) -> None:
            part = stage_cost * progress.share
            self._done, self._new = before + part, new + part
            self._tell(stage)

        self._tell(stage)
        try:
            keeper = _Tuned(self._results, list(numbers), self._tuning_is_over)
            train_networks(configs, members, keeper, self._options(on_progress))
        except _OutOfTimeError:
            self._over = True
            return
        finally:
            self._results.write()
        self._done, self._new = before + stage_cost, new + stage_cost

    def _options(self, on_progress: Callable[[Progress], None]) -> Options:
        return dataclasses.replace(self._question.options, watchers=Watchers(Following(on_progress)))

    def _tuning_is_over(self) -> bool:
        minutes = FOR_TUNING * self._question.minutes
        return self._deadline_counts and time.monotonic() > self._start + minutes * 60

    def _cost(self, candidate: Candidate, epochs: int) -> float:
        return epochs / self._base.training.epochs * seconds_of(self._base)

    def _fit(self, took: float, estimated: float) -> None:
        """Leave out splits if, at the pace that was measured, all of them would not fit into the minutes."""
        if took < 1.0 or estimated <= 0:
            return
        pace = self._pace = took / estimated
        left = self._start + FOR_TUNING * 60 * self._question.minutes - time.monotonic()
        seconds_per_split = estimate(self._base, self._plan.lanes[1:], self._rates, 1) * pace
        fewest = min(FEWEST_SPLITS, len(self._splits))
        self._reduce(min(max(int(left / seconds_per_split), fewest), len(self._splits)), "training takes long")
        self._short = estimate(self._base, ALONE[1:], self._rates, fewest) * pace > left

    def _reduce(self, splits: int, why: str) -> None:
        if splits < len(self._splits):
            self._notes.append(
                f"{splits} splits instead of {len(self._splits)} to keep to {self._question.minutes:g} minutes, since "
                f"{why} here. --minutes gives more."
            )
            self._splits = self._splits[:splits]
            self._tuning, self._folders = self._estimated()

    def _estimated(self) -> tuple[float, float]:
        """The estimated seconds of tuning, and of the run folders of the lanes."""
        splits, lanes = len(self._splits), self._plan.lanes
        return estimate(self._base, lanes, self._rates, splits), len(lanes) * splits * seconds_of(self._base)

    # What comes of it

    def _raced(self) -> tuple[list[Raced], list[str]]:
        """The lanes whose candidates were trained to the end on every split; the names of those that were not."""
        lanes, dropped = [], []
        for lane in self._plan.lanes:
            chosen = self._chosen.get(lane.name, {})
            results = {
                seed: one
                for seed in self._splits
                if seed in chosen and (one := self._results.get(chosen[seed], self._rungs[-1], seed)) is not None
            }
            if len(results) < len(self._splits):
                dropped.append(lane.name)
                continue
            if not all(math.isfinite(one["val_loss"]) for one in results.values()):
                self._notes.append(f"Left out, since networks diverged or failed whatever was tried: {lane.name}.")
                continue
            accuracy = {seed: one["test_accuracy"] for seed, one in results.items() if "test_accuracy" in one}
            pooled = chosen[ALL]
            lanes.append(
                Raced(
                    lane.name,
                    self._shown(lane, pooled),
                    pooled.lr,
                    {seed: one["val_loss"] for seed, one in results.items()},
                    {seed: one["test_loss"] for seed, one in results.items()},
                    accuracy or None,
                )
            )
        if PLAIN not in [lane.name for lane in lanes]:
            why = f" The last reason: {self._results.reason}" if self._results.failed else ""
            raise RegxError(
                f"{self._question.table}: there is a split on which the plain network diverged or failed at every "
                f"learning rate that was tried ({', '.join(map(str, self._rates))}). A target or a column with a "
                f"few huge values does that: look at the table, or try -s optimizer.lr=0.0003.{why}"
            )
        return lanes, dropped

    def _shown(self, lane: LadderLane, candidate: Candidate) -> str:
        text = stack_text({"regularizers": stack(lane, candidate, self._patience())})
        if lane.name != SMALL:
            return text
        return f"{'-'.join(map(str, _quarter(self._base.architecture.hidden)))} hidden units"

    def _keep(self, lanes: Sequence[Raced], conclusion: Conclusion) -> None:
        """Run folders of the lanes as they would be recommended; of two alone where time is short."""
        names = [lane.name for lane in lanes]
        each = len(self._splits) * seconds_of(self._base)
        if len(names) * each * self._pace > self._deadline - time.monotonic():
            names = list(dict.fromkeys((PLAIN, conclusion.recommended)))
            self._notes.append(f"Run folders of {' and '.join(names)} alone, for want of time.")
        configs = [self._final(name) for name in names]
        targets = [Target(config, run_folder(config, self.folder)) for config in configs]
        self._check_same_table()
        self._deadline_counts = False
        new, self._folders = self._new, len(names) * each

        def on_progress(progress: Progress) -> None:
            part = self._folders * progress.share
            self._done, self._new = self._tuning + part, new + part
            self._tell("run folders of the lanes", self._done)

        bring_up_to_date(targets, self._options(on_progress), self._held)
        self._unfinished = [
            name
            for name, target in zip(names, targets, strict=True)
            if read_run(target.folder).about["status"] != "completed"
        ]
        if self._unfinished:
            self._notes.append(f"In the run folders of these lanes networks diverged or failed: {self._unfinished}.")
        write_sweep(self.folder, self._base.name, [], targets, [{}] * len(targets))

    def _check_same_table(self) -> None:
        """Raise RegxError if the table was changed since the start: its run folders would hold other data."""
        if self._base.dataset.fingerprint() != self._data:
            raise RegxError(
                f"{self._question.table}: the table was changed while it was raced. Start again: the changed table is "
                "raced anew, and what was found so far is kept for the one before."
            )

    # Configs

    def _config(self, candidate: Candidate, epochs: int) -> Config:
        """The config of a candidate for tuning, which is not written down."""
        lane = _lane(candidate.lane)
        members = tuple(
            REGISTRY[kind](**given) for item in stack(lane, candidate, self._patience()) for kind, given in item.items()
        )
        architecture = self._base.architecture
        if lane.name == SMALL:
            architecture = dataclasses.replace(architecture, hidden=_quarter(architecture.hidden))
        return dataclasses.replace(
            self._base,
            stack=members,
            architecture=architecture,
            optimizer=dataclasses.replace(self._base.optimizer, lr=candidate.lr),  # type: ignore[arg-type]
            training=dataclasses.replace(self._base.training, epochs=epochs),
        )

    def _final(self, name: str) -> Config:
        """The config of a lane with the strengths that all splits together have chosen."""
        lane, candidate = _lane(name), self._chosen[name][ALL]
        resolved = self._base.resolved
        architecture = dict(resolved["architecture"])
        if name == SMALL:
            architecture["hidden"] = list(_quarter(self._base.architecture.hidden))
        return config_of(
            {
                **resolved,
                "name": name.replace("+", "_"),
                "architecture": architecture,
                "regularizers": stack(lane, candidate, self._patience()),
                "optimizer": {**resolved["optimizer"], "lr": candidate.lr},
                "seeds": self._splits,
            },
            str(self._question.table),
        )

    def _patience(self) -> int:
        training = self._base.training
        return max(2 * training.eval_every, training.epochs // 5)

    def _tell(self, stage: str, done: float | None = None) -> None:
        """Say how far it is. done: of all; None while tuning, which may take more than estimated."""
        everything = self._tuning + self._folders
        done = min(self._done, self._tuning) if done is None else done
        share = done / everything
        elapsed = time.monotonic() - self._start
        left = (everything - done) * (elapsed / self._new if self._new > 0.02 * everything else self._pace)
        if self._deadline_counts:
            left = min(left, self._deadline - time.monotonic())
        self._share = max(self._share, share)  # the network that is chosen may take longer than those before
        told = Progress(self._share, stage=stage, seconds_left=max(0.0, left))
        self._question.options.watchers.on_progress(told)


def _ladder_facts(plan: Plan) -> dict[str, Any]:
    strengths = {kind: [key, list(values)] for kind, (key, values) in STRENGTHS.items()}
    return {"lanes": [[lane.name, list(lane.kinds)] for lane in LADDER], "strengths": strengths, "by": "best epoch"}


def _lane(name: str) -> LadderLane:
    return next(lane for lane in LADDER if lane.name == name)


def _quarter(hidden: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(2, units // 4) for units in hidden)


def _of(scores: Mapping[int, float], splits: Sequence[int]) -> dict[int, float]:
    return {seed: scores[seed] for seed in splits}
