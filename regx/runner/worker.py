"""A worker process: reads requests from standard input, trains what they ask for, writes what comes of it to standard
output.

`python -m regx.runner.worker`. Both streams carry pickles from and to the process that started it. It ends when its
input ends, so it outlives nobody.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

from regx.core.arrays import Array
from regx.core.glimpse import Glimpse
from regx.core.trained import Trained
from regx.engine.population import Population
from regx.engine.trainer import Observer, Predict, train_in_turns

SECONDS_BETWEEN_REPORTS = 0.1


@dataclass(frozen=True)
class Request:
    """Populations to be trained, one after the other or, where they are watched, in turns.

    watched: inputs (n, D) at which glimpses show what is predicted. seconds: between two glimpses of a population; None
    for no glimpses.
    """

    populations: tuple[Population, ...]
    watched: Array | None = None
    seconds: float | None = None


class Reporter:
    """Tells from time to time how many network-epochs have been trained. An observer."""

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report
        self._due = 0.0
        self._epochs = 0
        self._unsaid = 0

    def on_evaluation(self, epoch: int, networks: Array, metrics: dict[str, Array], predict: Predict) -> None:
        self._unsaid += (epoch - self._epochs) * len(networks)
        self._epochs = epoch
        if time.monotonic() >= self._due:
            self._report(self._unsaid)
            self._unsaid = 0
            self._due = time.monotonic() + SECONDS_BETWEEN_REPORTS

    def on_leave(self, epoch: int, networks: Array) -> None:
        """Nothing: who leaves has been counted."""


class Looker:
    """Takes a glimpse from time to time. An observer."""

    def __init__(self, show: Callable[[Glimpse], None], watched: Array | None, seconds: float) -> None:
        self._show, self._watched, self._seconds = show, watched, seconds
        self._due = 0.0

    def on_evaluation(self, epoch: int, networks: Array, metrics: dict[str, Array], predict: Predict) -> None:
        if time.monotonic() >= self._due:
            outputs = None if self._watched is None else predict(self._watched).mean(axis=0)
            self._show(Glimpse(epoch, networks.copy(), {name: each.copy() for name, each in metrics.items()}, outputs))
            self._due = time.monotonic() + self._seconds

    def on_leave(self, epoch: int, networks: Array) -> None:
        """Nothing: who leaves is handed over trained."""


def serve(
    request: Request,
    on_trained: Callable[[int, list[Trained]], None],
    on_epochs: Callable[[int], None],
    on_glimpse: Callable[[int, Glimpse], None],
) -> None:
    """Train what is requested. A population's number comes with what it is about."""
    observers: list[list[Observer]] = [[Reporter(on_epochs)] for _ in request.populations]
    if request.seconds is not None:
        for number, own in enumerate(observers):
            own.append(Looker(partial(on_glimpse, number), request.watched, request.seconds))
    train_in_turns(request.populations, observers, on_trained)


def main() -> None:
    """Serve populations until the input ends."""
    # Ctrl-C reaches the whole process group; the parent decides what it means and closes the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests: BinaryIO = sys.stdin.buffer
    # Whatever prints must not print into the pickles.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def reply(message: tuple[str, Any]) -> None:
        pickle.dump(message, replies, protocol=pickle.HIGHEST_PROTOCOL)
        replies.flush()

    while True:
        try:
            request = pickle.load(requests)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        try:
            serve(
                request,
                lambda number, trained: reply(("trained", (number, trained))),
                lambda epochs: reply(("epochs", epochs)),
                lambda number, glimpse: reply(("glimpse", (number, glimpse))),
            )
        except MemoryError as error:
            reply(("failed", f"out of memory: {error}"))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
