"""Bring run folders up to date: train the seeds that they lack, and write each as it is finished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from regx.config.config import Config
from regx.core.trained import Trained
from regx.runner.execute import Watch
from regx.runner.networks import OnProgress, train_networks
from regx.runner.plan import Member, Work, dataset, fingerprint, forget_data
from regx.store.about import about
from regx.store.folder import begin_run, check_data, check_peek, finished_seeds, is_same_question, mark, write_run


@dataclass(frozen=True)
class Target:
    """A config and the folder that its run belongs in."""

    config: Config
    folder: Path


def missing(targets: Sequence[Target], force: bool) -> list[Member]:
    """The networks that are to be trained, config by config. With `force` all of them."""
    members = []
    for number, target in enumerate(targets):
        finished = set() if force else set(finished_seeds(target.folder))
        members += [Member(number, seed) for seed in target.config.seeds if seed not in finished]
    return members


def bring_up_to_date(
    targets: Sequence[Target],
    jobs: int | None = None,
    force: bool = False,
    on_progress: OnProgress = lambda progress: None,
    command: Sequence[str] | None = None,
    watch: Watch | None = None,
    peek: bool = False,
) -> None:
    """Train what is missing in the targets' folders and write it there, each population as it is finished.

    jobs: processes; None for as many as the work is worth. command: what run.json is to say was typed.
    watch: who wants to see the networks train side by side. peek: what is chosen is chosen by the test split.
    Whatever ends this early, what is finished stays, and the folders say how they were left.
    Raises RegxError where a folder holds something else, or cannot be written.
    """
    forget_data()
    members = missing(targets, force)
    lacking = {member.config for member in members}
    for number, target in enumerate(targets):
        if number not in lacking:
            check_data(target.folder, fingerprint(target.config.dataset))
            check_peek(target.folder, peek)
    if not members:
        return
    folders = _Folders(targets, force, command, peek)
    try:
        configs = [target.config for target in targets]
        train_networks(configs, members, folders.write, jobs, on_progress, folders.begun, watch, peek)
    except BaseException as error:
        folders.leave("failed" if isinstance(error, Exception) else "interrupted")
        raise


class _Folders:
    """The run folders of the targets, begun when their first network is, and what is still open of each."""

    def __init__(self, targets: Sequence[Target], force: bool, command: Sequence[str] | None, peek: bool) -> None:
        self._targets, self._force, self._command, self._peek = targets, force, command, peek
        self._begun: dict[int, dict[str, object]] = {}
        self._kept: dict[int, bool] = {}  # whether seeds from before are kept

    def begun(self, works: Iterator[Work]) -> Iterator[Work]:
        for work in works:
            for number in dict.fromkeys(member.config for member in work.members):
                if number not in self._begun:
                    self._begin(number)
            yield work

    def _begin(self, number: int) -> None:
        target = self._targets[number]
        source = target.config.dataset
        facts = about(
            task=dataset(source, target.config.seeds[0]).task,
            data_fingerprint=fingerprint(source),
            digest=target.config.digest(),
            command=self._command,
            peek=self._peek,
        )
        # A forced run trains anew what it is asked for. Other seeds are dropped only where they are of other data.
        keep = not self._force or is_same_question(target.folder, target.config.resolved, facts)
        begin_run(target.folder, target.config.resolved, facts, keep_finished=keep)
        self._begun[number], self._kept[number] = facts, keep

    def write(self, members: Sequence[Member], trained: Sequence[Trained]) -> None:
        for number in dict.fromkeys(member.config for member in members):
            own = [one for member, one in zip(members, trained, strict=True) if member.config == number]
            target = self._targets[number]
            keep = self._kept[number]
            write_run(target.folder, target.config.resolved, own, self._begun[number], keep_finished=keep)
            self._kept[number] = True  # what this command has trained itself

    def leave(self, status: str) -> None:
        """Say of every folder that is begun and not finished how it was left."""
        for number in self._begun:
            target = self._targets[number]
            if not set(target.config.seeds) <= set(finished_seeds(target.folder)):
                mark(target.folder, status)  # type: ignore[arg-type]
