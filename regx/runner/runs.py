"""Bring run folders up to date: train the seeds that they lack, and write each as it is finished."""

import contextlib
import dataclasses
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.config import Config
from regx.core.errors import RegxError
from regx.core.listener import Keeper, Wanted
from regx.core.notes import note
from regx.core.trained import Trained
from regx.engine.checkpoint import Checkpoint, rows_so_far
from regx.runner.checkpoints import FOLDER, Checkpoints
from regx.runner.networks import DEFAULT, Options, train_networks
from regx.runner.plan import Trainee, dataset, fingerprint, forget_data, with_snapshots
from regx.store import lock
from regx.store.about import about
from regx.store.folder import Status, can_be_kept, check_data, check_peek, listed, mark, pictured, settle
from regx.store.writer import RunWriter

WAIT_PER_WRITING = 9.0  # between two writings into one folder, in multiples of the time that the first took


@dataclass(frozen=True)
class Target:
    """A config and the folder that its run belongs in."""

    config: Config
    folder: Path


def missing(targets: Sequence[Target], force: bool) -> list[Trainee]:
    """The networks that are to be trained, config by config. With `force` all of them."""
    trainees = []
    for number, target in enumerate(targets):
        entries = {} if force else listed(target.folder)
        finished = set(map(int, entries))
        if target.config.training.snapshots:  # asked for by the config, and kept of its first seed alone
            finished -= set(target.config.seeds[:1]) - pictured(entries)
        trainees += [Trainee(number, seed) for seed in target.config.seeds if seed not in finished]
    return trainees


def check_free(targets: Sequence[Target], force: bool) -> None:
    """Raises RegxError, before any data is loaded, if somebody else trains what the targets lack."""
    if missing(targets, force):
        lock.check_free(_place(targets))


def _place(targets: Sequence[Target]) -> Path:
    """The folder that is locked while the targets are brought up to date: that in which all of them stand."""
    return Path(os.path.commonpath([target.folder for target in targets]))


def bring_up_to_date(targets: Sequence[Target], options: Options = DEFAULT, held: lock.Lock | None = None) -> None:
    """Train what is missing in the targets' folders and write it there, each population as it is finished.

    held: the lock on the folder that the targets stand in, if the caller has it already.
    Whatever ends this early, what is finished stays, and the folders say how they were left.
    Raises RegxError where a folder holds something else, or cannot be written.
    """
    forget_data()
    place = held.folder if held else _place(targets)
    has_checkpoints = (place / FOLDER).is_dir() and (held is not None or lock.holder(place) is None)
    finished: Sequence[Target] = targets
    if has_checkpoints or missing(targets, options.force):
        # One command at a time where the runs stand together; what it lacks is looked up once nobody else is at it.
        with contextlib.nullcontext(held) if held else lock.Lock(place) as own:
            trainees = missing(targets, options.force)
            lacking = {trainee.config for trainee in trainees}
            finished = [target for number, target in enumerate(targets) if number not in lacking]
            _check(finished, options.peek)
            configs = [with_snapshots(target.config, options.pictured) for target in targets]
            checkpoints = Checkpoints(place, configs, options.peek)
            resumed = checkpoints.found(trainees, options.force)
            folders = _Folders(targets, trainees, options, own, checkpoints)
            try:
                if trainees:
                    train_networks(configs, trainees, folders, options, resumed)
            except BaseException as error:
                folders.leave("failed" if isinstance(error, Exception) else "interrupted")
                raise
    else:
        _check(finished, options.peek)
    for target in finished:
        settle(target.folder)


def _check(targets: Sequence[Target], peek: bool) -> None:
    """Raises InputError if a target that lacks nothing was trained on other data, or chosen by another split."""
    for target in targets:
        check_data(target.folder, fingerprint(target.config.dataset))
        check_peek(target.folder, peek)


class _Folders(Keeper):
    """The run folders of the targets, begun when their first network is, and written while they lack something."""

    wanted = Wanted(checkpoints=True)

    def __init__(
        self, targets: Sequence[Target], trainees: Sequence[Trainee], options: Options, held: lock.Lock,
        checkpoints: Checkpoints,
    ) -> None:  # fmt: skip
        self._checkpoints = checkpoints
        self._targets, self._options, self._held = targets, options, held
        self._left = Counter(trainee.config for trainee in trainees)  # networks that are not written yet
        self._facts: dict[str, Any] = {}  # of this command
        self._writers: dict[int, RunWriter] = {}
        self._waiting: dict[int, list[Trained]] = {}  # what is trained and not written yet
        self._due: dict[int, float] = {}  # when the next of it may be written

    def on_begin(self, trainees: Sequence[Trainee]) -> None:
        for number in dict.fromkeys(trainee.config for trainee in trainees):
            if number not in self._writers:
                self._begin(number)

    def _begin(self, number: int) -> None:
        target = self._targets[number]
        source = target.config.dataset
        # Asking git takes as long as training a small network, so the answer is that of the first run.
        self._facts = self._facts or about(task="", data_fingerprint="", digest="", peek=self._options.peek)
        data = dataset(source, target.config.seeds[0])
        facts = {
            **self._facts,
            "task": data.task,
            "rows": [len(split.x) for split in (data.train, data.val, data.test)],
            "data_fingerprint": fingerprint(source),
            "digest": target.config.digest(),
            "table": getattr(source, "path", None),
        }
        # A forced run trains anew what it is asked for. Other seeds are dropped only where they are of other data, or
        # the folder is damaged.
        keep = not self._options.force or can_be_kept(target.folder, target.config.resolved, facts)
        held = self._held if target.folder == self._held.folder else None
        self._writers[number] = RunWriter(target.folder, target.config.resolved, facts, keep, held)

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        """Write trained networks, or wait for more where writing would else take much of the time."""
        for trainee, one in zip(trainees, trained, strict=True):
            prepared = dataset(self._targets[trainee.config].config.dataset, trainee.seed).preparation
            if prepared is not None:
                one = dataclasses.replace(one, preparation=prepared.as_json())
            self._waiting.setdefault(trainee.config, []).append(one)
            self._left[trainee.config] -= 1
        has_checkpoint = self._checkpoints.has(trainees)
        for number in dict.fromkeys(trainee.config for trainee in trainees):
            if has_checkpoint or not self._left[number] or time.monotonic() >= self._due.get(number, 0):
                self._flush(number)
        self._checkpoints.remove(trainees)

    def on_checkpoint(self, trainees: Sequence[Trainee], checkpoint: Checkpoint) -> None:
        """Write where a population stands: the rows of its networks so far, then the checkpoint."""
        rows = rows_so_far(checkpoint)
        for number in dict.fromkeys(trainee.config for trainee in trainees):
            own = {trainee.seed: rows[row] for row, trainee in enumerate(trainees) if trainee.config == number}
            self._writers[number].append(own)
        self._checkpoints.write(trainees, checkpoint)

    def on_failed(self, trainees: Sequence[Trainee], reason: str) -> None:
        """Say of a network that cannot be trained why, in its run folder and on stderr."""
        (trainee,) = trainees
        number = trainee.config
        folder = self._targets[number].folder
        note(f"warning: {folder}: seed {trainee.seed} failed, the others go on: {reason}")
        if self._waiting.get(number):
            self._flush(number)
        self._writers[number].fail(trainee.seed, reason)
        self._left[number] -= 1
        if not self._left[number]:
            self._writers.pop(number).close()
        self._checkpoints.remove(trainees)

    def _flush(self, number: int) -> None:
        start = time.monotonic()
        # Taken out first: what was interrupted while it was written is not written again.
        self._writers[number].add(self._waiting.pop(number))
        if not self._left[number]:
            self._writers.pop(number).close()
        # Each time all weights of the run are written, so that would take ever longer with ever more seeds.
        now = time.monotonic()
        self._due[number] = now + WAIT_PER_WRITING * (now - start)

    def leave(self, status: Status) -> None:
        """Write what waits, and say of every folder that is begun and not finished how it was left."""
        for number, writer in list(self._writers.items()):
            # The disk may be the reason for leaving, and that has been said.
            with contextlib.suppress(RegxError):
                if self._waiting.get(number):
                    writer.add(self._waiting.pop(number))
            with contextlib.suppress(RegxError):
                # Trained anew, a run may lack nothing and yet not be what was asked for.
                if self._left[number] or not writer.complete:
                    mark(self._targets[number].folder, status)
            writer.close()
