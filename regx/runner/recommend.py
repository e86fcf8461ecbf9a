"""Which regularizers help on a table: a race of the usual stacks, chosen on validation, judged on test.

The method, which the reader of a report may hold us to:

- Outer splits. Each seed splits the table anew into training, validation and test rows. The test rows of a split are
  looked at once, in the report, for the candidate that the validation rows of the same split have chosen.
- Lanes. The ladder from no regularizer to all of them (`runner/ladder.py`). Every lane, the plain one too, is tried
  with the same learning rates, and every regularizer with a small grid of strengths; several together start from what
  each had alone.
- Tuning. On each split successive halving over epochs, by validation loss (`runner/halving.py`). The candidates of all
  splits train together, as populations. The same halving over the mean of all splits chooses the strengths that are
  written into the config: more rows have their say in them than in those of any one split, so what is reported is, if
  anything, a little pessimistic about them.
- Judgement. The lane is chosen on validation, its test losses are compared with those of the plain network and of
  scikit-learn's plain models on the same splits (`evidence/recommendation.py`).

Every result of tuning is kept in tuning.json, so that the same command again trains only what is missing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.config import Config, digest
from regx.config.load import Seeds, config_of
from regx.core.errors import InputError, RegxError
from regx.core.trained import Trained
from regx.data.table import TableSource
from regx.evidence.inspection import Inspection, inspect
from regx.evidence.recommendation import FEWEST_SPLITS, PLAIN, Conclusion, Measured, Raced, conclude
from regx.evidence.references import Score, references, score
from regx.nn.layout import Layout
from regx.regularizers import REGISTRY
from regx.runner.halving import mean_losses, rung_epochs, survivors
from regx.runner.ladder import (
    ADAPTIVE_RATES,
    ALONE,
    COMBINED,
    LADDER,
    LEARNING_RATES,
    OPTIMIZER,
    SMALL,
    STRENGTHS,
    Candidate,
    Lane,
    alone,
    combined,
    stack,
)
from regx.runner.networks import Progress, train_networks
from regx.runner.plan import Member, dataset, estimated_seconds, fingerprint, forget_data
from regx.runner.runs import Target, bring_up_to_date
from regx.store.atomic import write_atomically
from regx.store.files import SWEEP, config_text, read_json, write_json
from regx.store.run import read_run
from regx.store.summary import stack_text

SPLITS = 10
FEWEST_ROWS = 40
MINUTES = 5.0
# Steps of the optimizer, enough for the plain network to learn its training rows by heart where it can.
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 2000, 30, 2000
FULL_BATCH_UP_TO, BATCH, LARGE_TABLE, LARGE_BATCH = 128, 64, 10_000, 256
HIDDEN = (64,)
EVALUATIONS = 50  # of a whole training
TUNING, OUTCOME, RECOMMENDED = "tuning.json", "recommendation.json", "recommended.yaml"
FOR_TUNING = 0.85  # share of the minutes; the rest is for training what is kept
SECONDS_BETWEEN_WRITES = 5.0
SLACK = 2.0  # a first guess at how much longer training takes than estimated, until it is measured
ALL = -1  # the chooser that looks at all splits, beside those that look at one

OnStage = Callable[[str, float, float], None]  # what is being done, the share that is done, the seconds left


class _OutOfTimeError(Exception):
    """The minutes are over; raised between populations."""


@dataclass(frozen=True)
class Question:
    """What is asked. Fields are the options of `regx recommend`."""

    table: Path
    target: str
    overrides: tuple[str, ...] = ()
    seeds: Seeds = None
    minutes: float = MINUTES
    jobs: int | None = None
    force: bool = False


@dataclass(frozen=True)
class Plan:
    """What will be done. base: the plain network's config, its seeds the splits. seconds: about what it takes."""

    base: Config
    rates: tuple[float, ...]
    inspection: Inspection
    lanes: tuple[Lane, ...]
    seconds: float
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Recommendation:
    """What was found.

    folder: of the race. config: the one that is recommended. notes: what a reader should know. unfinished: the lanes
    in whose run folders a network diverged or failed.
    """

    folder: Path
    config: Config
    lanes: tuple[Raced, ...]
    references: tuple[Measured, ...]
    conclusion: Conclusion
    seconds: float
    notes: tuple[str, ...]
    unfinished: tuple[str, ...]


def planned(question: Question) -> Plan:
    """Look at the table and decide what to train. Raises InputError for a table that cannot be learned from."""
    forget_data()
    _check_overrides(question.overrides)
    dataset_keys = {"name": "csv", "path": str(question.table), "target": question.target}
    # Where the error of a missing file is the user's own word for it, not a key of a config they have not written.
    if not os.path.isfile(question.table):  # noqa: PTH113  # false where a name is too long, or a folder closed
        raise InputError(f"{question.table}: no such table. Expected a CSV file with a header line.")
    mapping = {"dataset": dataset_keys, "seeds": SPLITS}
    of_data = (*_only(question.overrides, "dataset."), *_only(question.overrides, "seeds="))
    first = config_of(mapping, str(question.table), of_data, question.seeds)
    source = first.dataset
    assert isinstance(source, TableSource)
    rows = len(source.table().y)
    if rows < FEWEST_ROWS:
        raise InputError(
            f"{question.table}: {rows} rows are too few to train, to choose and to judge on: expected {FEWEST_ROWS} or "
            "more. With so few a plain model by cross-validation is the better start."
        )
    data = dataset(source, first.seeds[0])
    if not len(data.val.x):
        raise InputError("regx recommend chooses by validation loss: expected dataset.val_fraction above 0.")
    base = _base(question, dataset_keys, len(data.train.x), MOST_EPOCHS)
    rates: tuple[float, ...] = LEARNING_RATES if base.optimizer.kind == OPTIMIZER["name"] else ADAPTIVE_RATES
    if _only(question.overrides, "optimizer.lr="):
        rates = (float(base.resolved["optimizer"]["lr"]),)
    notes: list[str] = []
    jobs = question.jobs or _cores()
    seconds = _estimate(base, LADDER, rates, len(base.seeds)) * SLACK / jobs
    least = _estimate(base, LADDER, rates, min(FEWEST_SPLITS, len(base.seeds))) * SLACK / jobs
    if least > question.minutes * 60 and not _only(question.overrides, "training.epochs"):
        shorter = max(9, math.floor(base.training.epochs * question.minutes * 60 / least))
        if shorter < base.training.epochs:
            notes.append(
                f"{question.minutes:g} minutes are few for this table: networks train {shorter} epochs instead of "
                f"{base.training.epochs}."
            )
            base = _base(question, dataset_keys, len(data.train.x), shorter)
            seconds = _estimate(base, LADDER, rates, len(base.seeds)) * SLACK / jobs
    parameters = Layout(data.train.x.shape[1], base.architecture, data.train.y.shape[1]).size
    return Plan(base, rates, inspect(source, data, parameters), LADDER, seconds, tuple(notes))


def recommend(
    question: Question,
    plan: Plan,
    out: Path,
    on_stage: OnStage = lambda stage, share, left: None,
    command: Sequence[str] | None = None,
) -> Recommendation:
    """Race the ladder and conclude. Raises RegxError where a folder cannot be written, or no network survives."""
    race = _Race(question, plan, out, on_stage)
    return race.run(command)


def check_output(path: Path, force: bool) -> None:
    """Raise InputError unless the config may be written there: nothing of somebody else's is replaced unasked."""
    if path.is_dir():
        raise InputError(
            f"{path}: expected a file to write the config to, found a folder. Type a name such as my.yaml."
        )
    if not path.parent.is_dir():
        raise InputError(f"{path}: expected a folder to write into, found none: {path.parent}. Make it first.")
    if path.exists() and not force:
        try:
            first, _, rest = path.read_bytes().partition(b"\n")
        except OSError as error:
            raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
        if first != _mark(rest):
            raise InputError(
                f"{path}: there is a file already that `regx recommend` did not write, or that was changed since. "
                "Expected a new name after -o, or --force, which replaces it and trains everything anew."
            )


def _mark(rest: bytes) -> bytes:
    """The first line of a config that is written here, by which it is known again while nobody has changed it."""
    return f"# By regx recommend; unchanged while this fits: {hashlib.sha256(rest).hexdigest()[:8]}".encode()


def write(found: Recommendation, document: Mapping[str, Any], lines: Sequence[str], path: Path | None) -> Path:
    """Write the recommended config, to `path` or into the race's folder, and the document beside the runs.

    lines: how it was found, for the config's first lines. Returns where the config is. Raises RegxError if the disk
    refuses.
    """
    target = path or found.folder / RECOMMENDED
    resolved = {**found.config.resolved, "dataset": dict(found.config.resolved["dataset"])}
    table, beside = Path(resolved["dataset"]["path"]), target.parent.resolve()
    if table.is_relative_to(beside):  # then both can be moved together
        resolved["dataset"]["path"] = str(table.relative_to(beside))
    comment = "".join(f"# {line}\n" for text in lines for line in textwrap.wrap(_printable(text), 118))
    for each in dict.fromkeys((found.folder / RECOMMENDED, target)):
        own = resolved if each == target else found.config.resolved
        content = f"{comment}{config_text(own)}".encode()
        write_atomically(each, _mark(content) + b"\n" + content)
    write_json(found.folder / OUTCOME, {**document, "config": str(target)})
    return target


class _Race:
    def __init__(self, question: Question, plan: Plan, out: Path, on_stage: OnStage) -> None:
        self._question, self._plan, self._on_stage = question, plan, on_stage
        self._start = time.monotonic()
        self._deadline = self._start + question.minutes * 60
        self._base = plan.base
        self._splits = list(plan.base.seeds)
        self._jobs = question.jobs or _cores()
        self._notes = list(plan.notes)
        self._rungs = rung_epochs(self._base.training.epochs, self._base.training.eval_every)
        facts = {key: value for key, value in self._base.resolved.items() if key != "seeds"}
        self._data = fingerprint(self._base.dataset)
        of = {"config": facts, "data": self._data, "ladder": _ladder_facts(plan), "rungs": self._rungs}
        self.folder = out / f"{self._base.name}-recommend-{digest(of)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RegxError(f"{self.folder}: the folder cannot be made: {error.strerror or error}.") from error
        self._results = _Results(self.folder / TUNING, question.force)
        self._chosen: dict[str, dict[int, Candidate]] = {}
        self._over = self._short = False
        self._deadline_counts = True
        self._unfinished: list[str] = []
        self._pace = SLACK / self._jobs  # seconds for one that is estimated
        # What is done and what there is to do, in estimated seconds; what earlier starts have done is not new.
        self._done = self._new = 0.0
        self._tuning, self._folders = self._estimated()

    def run(self, command: Sequence[str] | None) -> Recommendation:
        measured = self._references()
        before, begun = time.monotonic(), self._new
        # Without the plain network there is no answer, so it is trained to the end whatever the clock says.
        self._deadline_counts = False
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
        conclusion = conclude(lanes, measured, self._plan.inspection.split, self._plan.inspection.rows)
        self._keep(lanes, conclusion, command)
        seconds = time.monotonic() - self._start
        config = self._final(conclusion.recommended)
        notes = tuple(dict.fromkeys(self._notes))
        return Recommendation(
            self.folder, config, tuple(lanes), tuple(measured), conclusion, seconds, notes, tuple(self._unfinished)
        )

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

    # Tuning

    def _same(self, lane: Lane) -> dict[int, list[Candidate]]:
        """The same candidates for every chooser."""
        return {chooser: alone(lane, self._plan.rates) for chooser in (*self._splits, ALL)}

    def _together(self, lane: Lane) -> dict[int, list[Candidate]]:
        """For every chooser the candidates around what it has chosen of each kind alone."""
        return {
            chooser: combined(lane, {kind: self._chosen[kind][chooser] for kind in STRENGTHS})
            for chooser in (*self._splits, ALL)
        }

    def _tune(self, stage: str, candidates: Mapping[Lane, Mapping[int, Sequence[Candidate]]]) -> None:
        """Successive halving of every lane, for every split by its own validation loss, and by the mean over splits."""
        pools = {lane: {chooser: list(pool) for chooser, pool in of.items()} for lane, of in candidates.items()}
        for rung, epochs in enumerate(self._rungs):
            wanted = [
                (candidate, epochs, seed)
                for of in pools.values()
                for chooser, pool in of.items()
                for candidate in pool
                for seed in (self._splits if chooser == ALL else [chooser])
            ]
            self._train(f"{stage}, round {rung + 1} of {len(self._rungs)}", list(dict.fromkeys(wanted)))
            last = rung == len(self._rungs) - 1
            for of in pools.values():
                for chooser, pool in of.items():
                    of[chooser] = survivors(self._losses(pool, epochs, chooser), last)
        for lane, of in pools.items():
            self._chosen[lane.name] = {chooser: pool[0] for chooser, pool in of.items()}

    def _losses(self, pool: Sequence[Candidate], epochs: int, chooser: int) -> dict[Candidate, float]:
        of = [
            {candidate: self._results.loss(candidate, epochs, seed) for candidate in pool}
            for seed in (self._splits if chooser == ALL else [chooser])
        ]
        return mean_losses(pool, of)

    def _train(self, stage: str, wanted: Sequence[tuple[Candidate, int, int]]) -> None:
        """Train what of these is not known yet, unless time is over."""
        missing = [one for one in wanted if not self._results.has(*one)]
        for candidate, epochs, _ in set(wanted) - set(missing):
            self._done += self._cost(candidate, epochs)
        self._over = self._over or (self._deadline_counts and self._tuning_is_over())
        if self._over or not missing:
            return
        numbers: dict[tuple[Candidate, int], int] = {}
        for candidate, epochs, _ in missing:
            numbers.setdefault((candidate, epochs), len(numbers))
        configs = [self._config(candidate, epochs) for candidate, epochs in numbers]
        keys = list(numbers)
        members = [Member(numbers[candidate, epochs], seed) for candidate, epochs, seed in missing]
        before, new = self._done, self._new
        stage_cost = sum(self._cost(candidate, epochs) for candidate, epochs, _ in missing)

        def on_trained(done: Sequence[Member], trained: Sequence[Trained]) -> None:
            for member, one in zip(done, trained, strict=True):
                self._results.add(*keys[member.config], one)
            if self._deadline_counts and self._tuning_is_over():
                raise _OutOfTimeError

        def on_failed(member: Member, reason: str) -> None:
            self._results.fail(*keys[member.config], member.seed, reason)

        def on_progress(progress: Progress) -> None:
            part = stage_cost * progress.epochs / progress.all_epochs
            self._done, self._new = before + part, new + part
            self._tell(stage)

        self._tell(stage)
        try:
            train_networks(
                configs, members, on_trained, self._question.jobs, on_progress, on_failed=on_failed, slim=True
            )
        except _OutOfTimeError:
            self._over = True
            return
        finally:
            self._results.write()
        self._done, self._new = before + stage_cost, new + stage_cost

    def _tuning_is_over(self) -> bool:
        return time.monotonic() > self._start + FOR_TUNING * 60 * self._question.minutes

    def _cost(self, candidate: Candidate, epochs: int) -> float:
        return epochs / self._base.training.epochs * _seconds(self._base)

    def _fit(self, took: float, estimated: float) -> None:
        """Leave out splits if, at the pace that was measured, all of them would not fit into the minutes."""
        if took < 1.0 or estimated <= 0:
            return
        pace = self._pace = took / estimated
        left = self._start + FOR_TUNING * 60 * self._question.minutes - time.monotonic()
        seconds_per_split = _estimate(self._base, self._plan.lanes[1:], self._plan.rates, 1) * pace
        fewest = min(FEWEST_SPLITS, len(self._splits))
        self._reduce(min(max(int(left / seconds_per_split), fewest), len(self._splits)), "training takes long")
        self._short = _estimate(self._base, ALONE[1:], self._plan.rates, fewest) * pace > left

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
        return _estimate(self._base, lanes, self._plan.rates, splits), len(lanes) * splits * _seconds(self._base)

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
                f"learning rate that was tried ({', '.join(map(str, self._plan.rates))}). A target or a column with a "
                f"few huge values does that: look at the table, or try -s optimizer.lr=0.0003.{why}"
            )
        return lanes, dropped

    def _shown(self, lane: Lane, candidate: Candidate) -> str:
        text = stack_text(stack(lane, candidate, self._patience()))
        if lane.name != SMALL:
            return text
        return f"{'-'.join(map(str, _quarter(self._base.architecture.hidden)))} hidden units"

    def _keep(self, lanes: Sequence[Raced], conclusion: Conclusion, command: Sequence[str] | None) -> None:
        """Run folders of the lanes as they would be recommended; of two alone where time is short."""
        names = [lane.name for lane in lanes]
        each = len(self._splits) * _seconds(self._base)
        if len(names) * each * self._pace > self._deadline - time.monotonic():
            names = list(dict.fromkeys((PLAIN, conclusion.recommended)))
            self._notes.append(f"Run folders of {' and '.join(names)} alone, for want of time.")
        configs = [self._final(name) for name in names]
        targets = [Target(config, self.folder / config.folder_name) for config in configs]
        self._check_same_table()
        self._deadline_counts = False
        new, self._folders = self._new, len(names) * each

        def on_progress(progress: Progress) -> None:
            part = self._folders * progress.epochs / progress.all_epochs
            self._done, self._new = self._tuning + part, new + part
            self._tell("run folders of the lanes", self._done)

        bring_up_to_date(targets, self._question.jobs, self._question.force, on_progress, command)
        self._unfinished = [
            name
            for name, target in zip(names, targets, strict=True)
            if read_run(target.folder).about["status"] != "completed"
        ]
        if self._unfinished:
            self._notes.append(f"In the run folders of these lanes networks diverged or failed: {self._unfinished}.")
        document = {
            "name": self._base.name,
            "axes": [],
            "cells": [{"run": target.folder.name, "point": {}} for target in targets],
        }
        write_atomically(self.folder / SWEEP, (json.dumps(document, indent=2) + "\n").encode())

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
        self._on_stage(stage, share, max(0.0, left))


class _Results:
    """Every result of tuning and of the references, in a file that is written now and then."""

    def __init__(self, path: Path, anew: bool) -> None:
        self._path = path
        stored = read_json(path, ("networks", "references"), sealed=True) if path.exists() and not anew else {}
        self._networks: dict[str, dict[str, dict[str, float | None]]] = stored.get("networks", {})
        self._references: dict[str, dict[str, dict[str, Any]]] = stored.get("references", {})
        self.failed: set[tuple[str, int]] = set()  # not stored, so that another start tries again
        self.reason = ""  # of the last that failed
        self._written = time.monotonic()

    @staticmethod
    def _key(candidate: Candidate, epochs: int) -> str:
        strengths = ",".join(f"{strength:g}" for strength in candidate.strengths)
        return f"{candidate.lane} lr={candidate.lr:g} ({strengths}) {epochs} epochs"

    def has(self, candidate: Candidate, epochs: int, seed: int) -> bool:
        key = self._key(candidate, epochs)
        return str(seed) in self._networks.get(key, {}) or (key, seed) in self.failed

    def get(self, candidate: Candidate, epochs: int, seed: int) -> dict[str, float] | None:
        key = self._key(candidate, epochs)
        if (key, seed) in self.failed:
            return {"val_loss": math.inf, "test_loss": math.inf}
        found = self._networks.get(key, {}).get(str(seed))
        if found is None:
            return None
        return {name: math.inf if value is None else value for name, value in found.items()}

    def loss(self, candidate: Candidate, epochs: int, seed: int) -> float:
        found = self.get(candidate, epochs, seed)
        return math.inf if found is None else found["val_loss"]

    def add(self, candidate: Candidate, epochs: int, trained: Trained) -> None:
        names = [name for name in ("val_loss", "test_loss", "test_accuracy") if name in trained.reported]
        # A test loss that is no number can be averaged with nothing. So no such network is chosen.
        finite = trained.status == "completed" and all(math.isfinite(trained.reported[name]) for name in names)
        kept: dict[str, float | None] = {str(name): trained.reported[name] if finite else None for name in names}
        self._networks.setdefault(self._key(candidate, epochs), {})[str(trained.seed)] = kept
        if time.monotonic() - self._written > SECONDS_BETWEEN_WRITES:
            self.write()

    def fail(self, candidate: Candidate, epochs: int, seed: int, reason: str) -> None:
        self.failed.add((self._key(candidate, epochs), seed))
        self.reason = reason

    def reference(self, role: str, seed: int) -> Score | None:
        found = self._references.get(role, {}).get(str(seed))
        return None if found is None else Score(found["loss"], found["accuracy"], tuple(found["notes"]))

    def add_reference(self, role: str, seed: int, found: Score) -> None:
        kept = {"loss": found.loss, "accuracy": found.accuracy, "notes": list(found.notes)}
        self._references.setdefault(role, {})[str(seed)] = kept
        if time.monotonic() - self._written > SECONDS_BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        write_json(self._path, {"networks": self._networks, "references": self._references})
        self._written = time.monotonic()


def _check_overrides(overrides: Sequence[str]) -> None:
    for key in ("regularizers", "lanes"):
        if _only(overrides, key):
            raise InputError(
                f"--set {_only(overrides, key)[0]}: `regx recommend` chooses the regularizers itself. Expected another "
                "key, such as architecture.hidden or dataset.task; to train a stack of your own, use `regx run`."
            )
    for key in ("dataset.name", "dataset.path", "dataset.target"):
        if _only(overrides, key):
            raise InputError(
                f"--set {_only(overrides, key)[0]}: expected the table as TABLE and its column to predict as --target."
            )


def _only(overrides: Sequence[str], prefix: str) -> tuple[str, ...]:
    return tuple(text for text in overrides if text.strip().startswith(prefix))


def _base(question: Question, dataset_keys: Mapping[str, str], rows: int, most_epochs: int) -> Config:
    """The plain network for a table of so many training rows, with the user's own settings on top."""
    batch: int | str = "full" if rows <= FULL_BATCH_UP_TO else BATCH if rows < LARGE_TABLE else LARGE_BATCH
    steps = 1 if batch == "full" else math.ceil(rows / int(batch))
    epochs = min(max(FEWEST_EPOCHS, STEPS // steps), most_epochs)

    def config(epochs: int) -> Config:
        mapping = {
            "dataset": dict(dataset_keys),
            "architecture": {"hidden": list(HIDDEN)},
            "regularizers": [],
            "optimizer": {} if _only(question.overrides, "optimizer.name") else OPTIMIZER,
            "training": {"epochs": epochs, "batch_size": batch, "eval_every": max(1, epochs // EVALUATIONS)},
            "seeds": SPLITS,
        }
        return config_of(mapping, str(question.table), question.overrides, question.seeds)

    found = config(epochs)
    # Epochs of the user's own are evaluated as often as others.
    return found if found.training.epochs == epochs else config(found.training.epochs)


def _estimate(base: Config, lanes: Sequence[Lane], rates: Sequence[float], splits: int) -> float:
    """About the seconds of one core that tuning these lanes takes, by the engine's own estimate."""
    rungs = rung_epochs(base.training.epochs, base.training.eval_every)
    epochs = 0.0
    for lane in lanes:
        if len(lane.kinds) > 1:
            pool: Mapping[int, float] = dict.fromkeys(range(2 ** sum(kind in STRENGTHS for kind in lane.kinds)), 0.0)
        else:
            pool = dict.fromkeys(range(len(alone(lane, tuple(rates)))), 0.0)
        for rung in rungs:
            epochs += len(pool) * rung
            pool = dict.fromkeys(survivors(pool), 0.0)
    return epochs / base.training.epochs * splits * _seconds(base)


def _seconds(base: Config) -> float:
    return estimated_seconds(base, dataset(base.dataset, base.seeds[0]))


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ladder_facts(plan: Plan) -> dict[str, Any]:
    strengths = {kind: [key, list(values)] for kind, (key, values) in STRENGTHS.items()}
    return {"lanes": [[lane.name, list(lane.kinds)] for lane in LADDER], "strengths": strengths, "lr": list(plan.rates)}


def _lane(name: str) -> Lane:
    return next(lane for lane in LADDER if lane.name == name)


def _quarter(hidden: Sequence[int]) -> tuple[int, ...]:
    return tuple(max(2, units // 4) for units in hidden)


def _of(scores: Mapping[int, float], splits: Sequence[int]) -> dict[int, float]:
    return {seed: scores[seed] for seed in splits}


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in text)
