"""Populations to trained networks: in this process, or in worker processes side by side."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from regx.core.arrays import Array
from regx.core.errors import RegxError
from regx.core.glimpse import Glimpse
from regx.core.trained import Trained
from regx.engine.checkpoint import Checkpoint
from regx.runner.attempts import Attempt, Task
from regx.runner.plan import Member, Work
from regx.runner.worker import Request, out_of_memory, serve

OnTrained = Callable[[Sequence[Member], Sequence[Trained]], None]
OnEpochs = Callable[[int], None]
OnGlimpse = Callable[[Sequence[Member], Glimpse], None]
OnCheckpoint = Callable[[Sequence[Member], Checkpoint], None]
OnFailed = Callable[[Member, str], None]

STARTS = 3  # of a worker process, before it is believed that none can start here


@dataclass(frozen=True)
class Watch:
    """Somebody wants to see all populations train side by side.

    on_glimpse(members, glimpse): of those still training, about every `seconds` for each population, in the thread that
    called `execute`. inputs: (n, D), where predictions are wanted. on_trained(members, trained): of those that ended.
    on_failed(member, reason): of one that is given up.
    """

    on_glimpse: OnGlimpse
    inputs: Array | None = None
    seconds: float = 0.25
    on_trained: OnTrained = lambda members, trained: None
    on_failed: OnFailed = lambda member, reason: None


def no_failure(member: Member, reason: str) -> NoReturn:
    """Raise RegxError: a network that is given up ends everything."""
    raise RegxError(f"a network cannot be trained (seed {member.seed}): {reason}. What is finished is kept.")


def execute(
    works: Iterator[Work],
    jobs: int,
    on_trained: OnTrained,
    on_epochs: OnEpochs,
    watch: Watch | None = None,
    on_checkpoint: OnCheckpoint | None = None,
    on_failed: OnFailed = no_failure,
    slim: bool = False,
) -> None:
    """Train every population and hand over its networks as it is finished, in this thread.

    on_trained(members, trained); on_epochs(n) after about every 0.1 s with the network-epochs done since the last call,
    negative where some are done again; on_checkpoint(members, checkpoint) every `training.checkpoint_seconds` of a
    population; on_failed(member, reason) of a network that is given up. Populations are trained one after the other in
    each job, or, where they are watched, all at once in turns. A worker that dies loses only what it was training,
    which is tried again as `attempts` says. slim: as in `train_networks`.
    """
    tasks: Iterator[Task] = (Task((work,)) for work in works)
    if watch is not None:
        together = list(works)
        tasks = (Task(tuple(together[job::jobs])) for job in range(min(jobs, len(together))))

    def glimpse(members: Sequence[Member], seen: Glimpse) -> None:
        assert watch is not None
        watch.on_glimpse([members[network] for network in seen.networks], seen)

    def keep(members: Sequence[Member], checkpoint: Checkpoint) -> None:
        assert on_checkpoint is not None
        on_checkpoint(members, checkpoint)

    request = partial(request_of, watch=watch, checkpoints=on_checkpoint is not None, slim=slim)
    if jobs == 1:
        _execute_here(tasks, request, on_trained, on_epochs, glimpse, keep, on_failed)
        return
    events: queue.Queue[tuple[str, Any]] = queue.Queue()
    source = _Source(tasks, ahead=2 * jobs)
    workers: list[_Worker] = []
    try:
        workers += [_Worker(source, request, events) for _ in range(jobs)]
        running = len(workers)
        while running:
            kind, payload = events.get()
            if kind == "trained":
                on_trained(*payload)
            elif kind == "done":
                source.taken_in()
            elif kind == "glimpse":
                glimpse(*payload)
            elif kind == "checkpoint":
                keep(*payload)
            elif kind == "epochs":
                on_epochs(payload)
            elif kind == "given up":
                on_failed(*payload)
            elif kind == "error":
                raise payload
            else:
                running -= 1
    finally:
        source.close()
        for worker in workers:
            worker.kill()


def _execute_here(
    tasks: Iterator[Task],
    request: Callable[[Task], Request],
    on_trained: OnTrained,
    on_epochs: OnEpochs,
    on_glimpse: OnGlimpse,
    on_checkpoint: OnCheckpoint,
    on_failed: OnFailed,
) -> None:
    """In this process, which survives only that memory runs out, not its own death."""
    again: deque[Task] = deque()
    while (task := again.popleft() if again else next(tasks, None)) is not None:
        attempt = Attempt(task)
        members = [work.members for work in task.works]

        def trained(number: int, networks: list[Trained], attempt: Attempt = attempt, members: Any = members) -> None:
            attempt.trained(number)
            on_trained(members[number], networks)

        def reached(number: int, there: Checkpoint, attempt: Attempt = attempt, members: Any = members) -> None:
            attempt.reached(number, {name: array.copy() for name, array in there.items()})
            on_checkpoint(members[number], there)

        def epochs(n: int, attempt: Attempt = attempt) -> None:
            attempt.epochs += n
            on_epochs(n)

        try:
            serve(request(task), trained, epochs, _of(members, on_glimpse), reached)
        except MemoryError as error:
            if not attempt.left.works:  # what is finished cannot be taken in
                raise
            on_epochs(-attempt.epochs)
            instead = attempt.next_tasks()
            again.extend(instead)
            if not instead:
                on_failed(attempt.left.members[0], out_of_memory(error))


def _of(
    members: Sequence[Sequence[Member]], tell: Callable[[Sequence[Member], Any], None]
) -> Callable[[int, Any], None]:
    """What is told of a population by its number, told of its members."""
    return lambda number, what: tell(members[number], what)


def request_of(task: Task, watch: Watch | None = None, checkpoints: bool = False, slim: bool = False) -> Request:
    """What a worker is asked for."""
    return Request(
        tuple(work.population for work in task.works),
        watched=None if watch is None else watch.inputs,
        seconds=None if watch is None else watch.seconds,
        checkpoints=checkpoints,
        slim=slim,
        begun=tuple(work.begun for work in task.works),
    )


class _Source:
    """Tasks that several threads take from, no more of them `ahead` than what has been trained is taken in.

    Else results would pile up in memory wherever writing them is slower than training.
    """

    def __init__(self, tasks: Iterator[Task], ahead: int) -> None:
        self._tasks = tasks
        self._again: deque[Task] = deque()
        self._lock = threading.Lock()
        self._room = threading.Semaphore(ahead)
        self._closed = False

    def take(self) -> Task | None:
        """The next task, when there is room for it; None when there is no more."""
        self._room.acquire()
        with self._lock:
            task = None
            if not self._closed:
                task = self._again.popleft() if self._again else next(self._tasks, None)
            if task is None:
                self._room.release()  # for the next thread, which is to learn it too
            return task

    def again(self, tasks: Sequence[Task]) -> None:
        """Hand out these instead of one that failed. Whoever says so takes tasks until there is none left."""
        with self._lock:
            self._again.extend(tasks)
        self._room.release()

    def taken_in(self) -> None:
        """The results of one task have been dealt with."""
        self._room.release()

    def close(self) -> None:
        """Hand out nothing more, and let nobody wait."""
        self._closed = True
        self._room.release()


class _Worker:
    """A worker process, the next one when it has died, and the thread that feeds it.

    Plain subprocesses rather than `multiprocessing`, whose processes import the user's main module again: a script that
    calls `regx.run` needs no guard.
    """

    def __init__(
        self, source: _Source, request: Callable[[Task], Request], events: queue.Queue[tuple[str, Any]]
    ) -> None:
        self._source, self._request, self._events = source, request, events
        self._lock = threading.Lock()  # of a process that is started or ended
        self._closed = False
        self._process = _started()
        self._is_ready = False
        self._thread = threading.Thread(target=self._feed, daemon=True)
        self._thread.start()

    def _feed(self) -> None:
        try:
            while (task := self._source.take()) is not None:
                self._make_ready()
                self._train(task)
        except _ClosedError:
            pass
        except Exception as error:  # handed to the thread that waits, which raises it
            self._events.put(("error", error))
        self._events.put(("ended", None))

    def _train(self, task: Task) -> None:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        attempt = Attempt(task)
        try:
            pickle.dump(self._request(task), requests, protocol=pickle.HIGHEST_PROTOCOL)
            requests.flush()
            while attempt.left.works:
                kind, payload = pickle.load(replies)  # noqa: S301 - from the process started above
                if kind == "failed":
                    return self._try_again(attempt, payload)
                if kind == "epochs":
                    attempt.epochs += payload
                if kind in ("trained", "glimpse", "checkpoint"):
                    number, payload = payload
                    if kind == "trained":
                        attempt.trained(number)
                    elif kind == "checkpoint":
                        attempt.reached(number, payload)
                    payload = (task.works[number].members, payload)
                self._events.put((kind, payload))
            self._events.put(("done", None))
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self._try_again(attempt, f"its worker process {ending(self._process.wait())}")

    def _try_again(self, attempt: Attempt, reason: str) -> None:
        """Put what is left of a task back, in parts or as it was, and go on in a fresh process."""
        self._restart()
        self._events.put(("epochs", -attempt.epochs))
        instead = attempt.next_tasks()
        if not instead:
            self._events.put(("given up", (attempt.left.members[0], reason)))
        self._source.again(instead)

    def _make_ready(self) -> None:
        """Wait until the process has started. Raises RegxError if none can start."""
        for _ in range(STARTS):
            if self._is_ready:
                return
            replies = self._process.stdout
            assert replies is not None
            try:
                self._is_ready = pickle.load(replies) == ("ready", None)  # noqa: S301 - from the process started above
            except (EOFError, pickle.UnpicklingError):
                code = self._process.wait()
                self._restart()
        if not self._is_ready:
            raise RegxError(f"a worker process {ending(code)} before it had begun, {STARTS} times. Try --jobs 1.")

    def _restart(self) -> None:
        with self._lock:
            if self._closed:
                raise _ClosedError
            _end(self._process)
            self._process = _started()
            self._is_ready = False

    def kill(self) -> None:
        """End the process, whatever it does. Its thread, which then reads the end of its input, ends too."""
        with self._lock:
            self._closed = True
            self._process.kill()
        self._thread.join()
        _end(self._process)


class _ClosedError(Exception):
    """Nothing more is to be started."""


def _started() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "regx.runner.worker", str(os.getpid())]
    try:
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
    except OSError as error:
        raise RegxError(f"a worker process cannot be started: {error.strerror or error}. Try --jobs 1.") from error


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        # What was not read before the process ended cannot be flushed any more.
        with contextlib.suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()


def ending(code: int) -> str:
    """How a process ended, in words."""
    return f"was ended by signal {-code}{' (out of memory?)' * (code == -9)}" if code < 0 else f"ended with code {code}"
