"""A worker process: reads requests from standard input, trains what they ask for, writes what comes of it to standard
output.

`python -m regx.runner.worker PID`. Both streams carry pickles from and to the process PID that started it. It ends
when its input or that process ends, so it outlives nobody.
"""

from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from regx.core.arrays import Array
from regx.core.glimpse import Glimpse
from regx.core.trained import Trained
from regx.engine.checkpoint import Checkpoint
from regx.engine.population import Population
from regx.engine.trainer import Observer, Predict, train_in_turns

SECONDS_BETWEEN_REPORTS = 0.1
SECONDS_BETWEEN_LOOKS = 0.5  # whether the parent is alive


@dataclass(frozen=True)
class Request:
    """Populations to be trained, one after the other or, where they are watched, in turns.

    watched: inputs (n, D) at which glimpses show what is predicted. seconds: between two glimpses of a population; None
    for no glimpses. slim: only what a line in a table needs is handed over of a network.
    checkpoints: whether they are wanted. begun: those from which the populations go on, if any.
    """

    populations: tuple[Population, ...]
    watched: Array | None = None
    seconds: float | None = None
    slim: bool = False
    checkpoints: bool = False
    begun: tuple[Checkpoint | None, ...] = ()


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
        """Does nothing: networks that leave have been counted already."""


class Looker:
    """Takes a glimpse from time to time. An observer."""

    def __init__(self, show: Callable[[Glimpse], None], watched: Array | None, seconds: float) -> None:
        self._show, self._watched, self._seconds = show, watched, seconds
        self._due = 0.0

    def on_evaluation(self, epoch: int, networks: Array, metrics: dict[str, Array], predict: Predict) -> None:
        if time.monotonic() >= self._due:
            outputs = None if self._watched is None else predict(self._watched)
            self._show(Glimpse(epoch, networks.copy(), {name: each.copy() for name, each in metrics.items()}, outputs))
            self._due = time.monotonic() + self._seconds

    def on_leave(self, epoch: int, networks: Array) -> None:
        """Nothing: who leaves is handed over trained."""


def serve(
    request: Request,
    on_trained: Callable[[int, list[Trained]], None],
    on_epochs: Callable[[int], None],
    on_glimpse: Callable[[int, Glimpse], None],
    on_checkpoint: Callable[[int, Checkpoint], None],
) -> None:
    """Train what is requested. A population's number comes with what it is about."""
    observers: list[list[Observer]] = [[Reporter(on_epochs)] for _ in request.populations]
    if request.seconds is not None:
        for number, own in enumerate(observers):
            own.append(Looker(partial(on_glimpse, number), request.watched, request.seconds))
    hand_over = on_trained
    if request.slim:
        hand_over = lambda number, trained: on_trained(number, [_slim(one) for one in trained])  # noqa: E731
    train_in_turns(
        request.populations, observers, hand_over,
        on_checkpoint=on_checkpoint if request.checkpoints else None, begun=request.begun,
    )  # fmt: skip


def _slim(trained: Trained) -> Trained:
    """Without weights and snapshots, and of the metrics only the row of the least validation loss and the last."""
    losses = trained.metrics["val_loss"]
    best = int(np.where(np.isfinite(losses), losses, np.inf).argmin())
    kept = {name: column[[best, -1]] for name, column in trained.metrics.items()}
    return dataclasses.replace(trained, metrics=kept, weights={}, snapshots={})


def main() -> None:
    """Serve populations until the input ends."""
    # Signals reach the whole process group; the parent decides what they mean and ends this process.
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    requests: BinaryIO = sys.stdin.buffer
    # Whatever prints must not print into the pickles.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def reply(message: tuple[str, Any]) -> None:
        pickle.dump(message, replies, protocol=pickle.HIGHEST_PROTOCOL)
        replies.flush()

    reply(("ready", None))
    while True:
        try:
            try:
                request = pickle.load(requests)  # noqa: S301 - from the process that started this one
            except EOFError:
                return
            serve(
                request,
                lambda number, trained: reply(("trained", (number, trained))),
                lambda epochs: reply(("epochs", epochs)),
                lambda number, glimpse: reply(("glimpse", (number, glimpse))),
                lambda number, checkpoint: reply(("checkpoint", (number, checkpoint))),
            )
        except MemoryError as error:
            reply(("failed", out_of_memory(error)))


def out_of_memory(error: MemoryError) -> str:
    """Why a network cannot be trained, in words."""
    return f"out of memory{f': {error}' if str(error) else ''}"


def _end_with(parent: int) -> None:
    """End this process when its parent, which may have been killed, has ended."""
    while os.getppid() == parent:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    os._exit(1)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
