"""Populations to trained networks: in this process, or in worker processes side by side."""

from __future__ import annotations

import contextlib
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from regx.core.errors import RegxError
from regx.core.trained import Trained
from regx.engine.trainer import train
from regx.runner.plan import Member, Work
from regx.runner.worker import Reporter

OnTrained = Callable[[Sequence[Member], Sequence[Trained]], None]
OnEpochs = Callable[[int], None]


def execute(works: Iterator[Work], jobs: int, on_trained: OnTrained, on_epochs: OnEpochs) -> None:
    """Train every population and hand over its networks as it is finished, in this thread.

    on_trained(members, trained); on_epochs(n) after about every 0.1 s with the network-epochs done since the last call.
    """
    if jobs == 1:
        for work in works:
            on_trained(work.members, train(work.population, [Reporter(on_epochs)]))
        return
    events: queue.Queue[tuple[str, Any]] = queue.Queue()
    source = _Source(works, ahead=2 * jobs)
    workers = [_Worker(source, events) for _ in range(jobs)]
    try:
        running = len(workers)
        while running:
            kind, payload = events.get()
            if kind == "trained":
                on_trained(*payload)
                source.taken_in()
            elif kind == "epochs":
                on_epochs(payload)
            elif kind == "failed":
                raise payload
            else:
                running -= 1
    finally:
        source.close()
        for worker in workers:
            worker.kill()


class _Source:
    """Populations that several threads take from, no more of them `ahead` than what has been trained is taken in.

    Else results would pile up in memory wherever writing them is slower than training.
    """

    def __init__(self, works: Iterator[Work], ahead: int) -> None:
        self._works = works
        self._lock = threading.Lock()
        self._room = threading.Semaphore(ahead)
        self._closed = False

    def take(self) -> Work | None:
        """The next population, when there is room for it; None when there is no more."""
        self._room.acquire()
        with self._lock:
            work = None if self._closed else next(self._works, None)
            if work is None:
                self._room.release()  # for the next thread, which is to learn it too
            return work

    def taken_in(self) -> None:
        """The result of one population has been dealt with."""
        self._room.release()

    def close(self) -> None:
        """Hand out nothing more, and let nobody wait."""
        self._closed = True
        self._room.release()


class _Worker:
    """A worker process and the thread that feeds it.

    Plain subprocesses rather than `multiprocessing`, whose processes import the user's main module again: a script that
    calls `regx.run` needs no guard.
    """

    def __init__(self, works: _Source, events: queue.Queue[tuple[str, Any]]) -> None:
        self._works, self._events = works, events
        command = [sys.executable, "-m", "regx.runner.worker"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        try:
            while (work := self._works.take()) is not None:
                self._train(work)
        except Exception as error:  # handed to the thread that waits, which raises it
            self._events.put(("failed", error))
        self._events.put(("ended", None))

    def _train(self, work: Work) -> None:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        try:
            pickle.dump(work.population, requests, protocol=pickle.HIGHEST_PROTOCOL)
            requests.flush()
            while True:
                kind, payload = pickle.load(replies)  # noqa: S301 - from the process started above
                if kind == "trained":
                    self._events.put((kind, (work.members, payload)))
                    return
                if kind == "failed":
                    raise RegxError(f"a population of {len(work.members)} networks failed: {payload}")
                self._events.put((kind, payload))
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            code = self._process.wait()
            raise RegxError(
                f"a worker process ended with code {code} while it trained {len(work.members)} networks. What is "
                "finished is kept, and the same command trains the rest. If memory ran out, try --jobs 1."
            ) from error

    def kill(self) -> None:
        """End the process, whatever it does. Its thread, which then reads the end of its input, ends too."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout):
            # What was not read before the process ended cannot be flushed any more.
            with contextlib.suppress(BrokenPipeError):
                if pipe is not None:
                    pipe.close()
