"""A worker process: reads populations from standard input, trains them, writes what comes of it to standard output.

`python -m regx.runner.worker`. Both streams carry pickles from and to the process that started it. It ends when its
input ends, so it outlives nobody.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
from typing import Any, BinaryIO

from regx.core.arrays import Array
from regx.engine.trainer import train

SECONDS_BETWEEN_REPORTS = 0.1


class Reporter:
    """Tells from time to time how many network-epochs have been trained. An observer."""

    def __init__(self, report: Any) -> None:
        self._report = report
        self._due = 0.0
        self._epochs = 0
        self._unsaid = 0

    def on_evaluation(self, epoch: int, networks: Array, metrics: dict[str, Array]) -> None:
        self._unsaid += (epoch - self._epochs) * len(networks)
        self._epochs = epoch
        if time.monotonic() >= self._due:
            self._report(self._unsaid)
            self._unsaid = 0
            self._due = time.monotonic() + SECONDS_BETWEEN_REPORTS

    def on_leave(self, epoch: int, networks: Array) -> None:
        """Nothing: who leaves has been counted."""


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
            population = pickle.load(requests)  # noqa: S301 - from the process that started this one
        except EOFError:
            return
        try:
            reply(("trained", train(population, [Reporter(lambda epochs: reply(("epochs", epochs)))])))
        except MemoryError as error:
            reply(("failed", f"out of memory: {error}"))


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit(1)
