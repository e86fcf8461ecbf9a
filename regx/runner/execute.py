"""Populations to trained networks: in this process, or in worker processes side by side."""

from __future__ import annotations

import contextlib
import pickle
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from regx.core.arrays import Array
from regx.core.errors import RegxError
from regx.core.glimpse import Glimpse
from regx.core.trained import Trained
from regx.runner.plan import Member, Work
from regx.runner.worker import Request, serve

OnTrained = Callable[[Sequence[Member], Sequence[Trained]], None]
OnEpochs = Callable[[int], None]
OnGlimpse = Callable[[Sequence[Member], Glimpse], None]


@dataclass(frozen=True)
class Watch:
    """Somebody wants to see all populations train side by side.

    on_glimpse(members, glimpse): of those still training, about every `seconds` for each population, in the thread that
    called `execute`. inputs: (n, D), where predictions are wanted.
    """

    on_glimpse: OnGlimpse
    inputs: Array | None = None
    seconds: float = 0.25


def execute(
    works: Iterator[Work], jobs: int, on_trained: OnTrained, on_epochs: OnEpochs, watch: Watch | None = None
) -> None:
    """Train every population and hand over its networks as it is finished, in this thread.

    on_trained(members, trained); on_epochs(n) after about every 0.1 s with the network-epochs done since the last call.
    Populations are trained one after the other in each job, or, where they are watched, all at once in turns.
    """
    tasks: Iterator[tuple[Work, ...]] = ((work,) for work in works)
    if watch is not None:
        together = list(works)
        tasks = (tuple(together[job::jobs]) for job in range(min(jobs, len(together))))

    def glimpse(members: Sequence[Member], seen: Glimpse) -> None:
        assert watch is not None
        watch.on_glimpse([members[network] for network in seen.networks], seen)

    if jobs == 1:
        for task in tasks:
            members = [work.members for work in task]
            serve(_request(task, watch), _of(members, on_trained), on_epochs, _of(members, glimpse))
        return
    events: queue.Queue[tuple[str, Any]] = queue.Queue()
    source = _Source(tasks, watch, ahead=2 * jobs)
    workers = [_Worker(source, events) for _ in range(jobs)]
    try:
        running = len(workers)
        while running:
            kind, payload = events.get()
            if kind == "trained":
                on_trained(*payload)
            elif kind == "done":
                source.taken_in()
            elif kind == "glimpse":
                glimpse(*payload)
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


def _of(
    members: Sequence[Sequence[Member]], tell: Callable[[Sequence[Member], Any], None]
) -> Callable[[int, Any], None]:
    """What is told of a population by its number, told of its members."""
    return lambda number, what: tell(members[number], what)


def _request(task: Sequence[Work], watch: Watch | None) -> Request:
    populations = tuple(work.population for work in task)
    return Request(populations) if watch is None else Request(populations, watch.inputs, watch.seconds)


class _Source:
    """Tasks that several threads take from, no more of them `ahead` than what has been trained is taken in.

    Else results would pile up in memory wherever writing them is slower than training.
    """

    def __init__(self, tasks: Iterator[tuple[Work, ...]], watch: Watch | None, ahead: int) -> None:
        self._tasks, self.watch = tasks, watch
        self._lock = threading.Lock()
        self._room = threading.Semaphore(ahead)
        self._closed = False

    def take(self) -> tuple[Work, ...] | None:
        """The next task, when there is room for it; None when there is no more."""
        self._room.acquire()
        with self._lock:
            task = None if self._closed else next(self._tasks, None)
            if task is None:
                self._room.release()  # for the next thread, which is to learn it too
            return task

    def taken_in(self) -> None:
        """The results of one task have been dealt with."""
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

    def __init__(self, source: _Source, events: queue.Queue[tuple[str, Any]]) -> None:
        self._source, self._events = source, events
        command = [sys.executable, "-m", "regx.runner.worker"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        try:
            while (task := self._source.take()) is not None:
                self._train(task)
        except Exception as error:  # handed to the thread that waits, which raises it
            self._events.put(("failed", error))
        self._events.put(("ended", None))

    def _train(self, task: tuple[Work, ...]) -> None:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        networks = sum(len(work.members) for work in task)
        unfinished = len(task)
        try:
            pickle.dump(_request(task, self._source.watch), requests, protocol=pickle.HIGHEST_PROTOCOL)
            requests.flush()
            while unfinished:
                kind, payload = pickle.load(replies)  # noqa: S301 - from the process started above
                if kind == "failed":
                    raise RegxError(f"a population of {networks} networks failed: {payload}")
                if kind in ("trained", "glimpse"):
                    number, payload = payload
                    payload = (task[number].members, payload)
                    unfinished -= kind == "trained"
                self._events.put((kind, payload))
            self._events.put(("done", None))
        except (EOFError, BrokenPipeError, pickle.UnpicklingError) as error:
            code = self._process.wait()
            raise RegxError(
                f"a worker process ended with code {code} while it trained {networks} networks. What is "
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
