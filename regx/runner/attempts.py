"""What is tried again where training fails: a population, then its halves, at last one network alone.

A worker that dies may have been killed by somebody else, so its population is tried again as it was, from its last
checkpoint. If it dies again the population is suspected and cut in two, until the guilty network stands alone: a
network has the same bits alone and together. Alone it is tried three times, the last time without a checkpoint, then
given up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any

import numpy as np

from regx.core.listener import Listener, Moment, Wanted
from regx.engine.checkpoint import Checkpoint
from regx.engine.trainer import Request
from regx.runner.plan import Trainee, Work

ATTEMPTS = 3  # of a network alone
ATTEMPTS_TOGETHER = 2


@dataclass(frozen=True)
class Task:
    """Populations that are trained by one worker, and how often they will have been tried together."""

    works: tuple[Work, ...]
    attempt: int = 1

    @property
    def trainees(self) -> list[Trainee]:
        """Whose networks these are."""
        return [trainee for work in self.works for trainee in work.trainees]

    def request(self, wanted: Wanted) -> Request:
        """What a worker is sent."""
        populations, begun, until = zip(*((one.population, one.begun, one.until) for one in self.works), strict=True)
        return Request(populations, begun, until, wanted)


class Attempt(Listener):
    """A task in training: what is left of it, and where that stands. Tells the listener by trainees what it hears.

    rest: the second halves of populations whose first halves are trained.
    """

    def __init__(self, task: Task, listener: Listener) -> None:
        self.task, self._listener, self.wanted = task, listener, listener.wanted
        self._left = dict(enumerate(task.works))
        self._checkpoints = {number: work.begun for number, work in self._left.items()}
        self.rest: list[Task] = []

    def hear(self, moment: Moment, number: int, what: Any) -> None:
        if moment == "on_trained":
            del self._left[number]
        elif moment == "on_checkpoint":
            self._checkpoints[number] = what
            until = self._left[number].until
            if until is not None and until == what["epoch"]:
                self.rest.append(Task((replace(self._left.pop(number), begun=what, until=None),)))
            if not self.wanted.checkpoints:
                return
        self._listener.hear(moment, self.task.works[number].trainees, what)

    @property
    def left(self) -> Task:
        """The populations that are not finished."""
        return replace(self.task, works=tuple(self._left.values()))

    def instead(self, reason: str, worth_repeating: bool = True) -> list[Task]:
        """What to train instead after a failure; nothing where one network is given up, which is told.

        worth_repeating: whether the same again might end otherwise.
        """
        left = self.left
        is_alone = len(left.trainees) == 1
        attempt = left.attempt + 1
        if worth_repeating and attempt <= (ATTEMPTS if is_alone else ATTEMPTS_TOGETHER):
            kept: Mapping[int, Checkpoint | None] = self._checkpoints if attempt < ATTEMPTS else {}
            again = tuple(replace(work, begun=kept.get(number)) for number, work in self._left.items())
            return [Task(again, attempt)]
        if not is_alone:
            return _halves(left.works)
        self._listener.hear("on_failed", left.trainees, reason)
        return []


def _halves(works: tuple[Work, ...]) -> list[Task]:
    middle = len(works) // 2
    parts = [works[:middle], works[middle:]]
    if not middle:
        (work,) = works
        first = np.arange(len(work.trainees)) < len(work.trainees) // 2
        halves = [(tuple(compress(work.trainees, keep)), work.population.select(keep)) for keep in (first, ~first)]
        parts = [(Work(*half),) for half in halves]
    tasks = [Task(tuple(replace(work, begun=None, until=None) for work in part)) for part in parts]
    # Those of a suspected population are suspected too, and not tried twice before they are cut.
    return [task if len(task.trainees) == 1 else replace(task, attempt=ATTEMPTS_TOGETHER) for task in tasks]
