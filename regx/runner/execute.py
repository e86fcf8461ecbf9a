"""Populations to trained networks: in this process, or in worker processes side by side."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from regx.core.errors import RegxError
from regx.core.listener import Listener, Wanted
from regx.engine.trainer import train_in_turns
from regx.runner.attempts import Attempt, Task
from regx.runner.plan import Work
from regx.runner.worker import out_of_memory

SECONDS_FOR_THE_LAST = 0.7  # checkpoint of workers that are to end
STARTS = 3  # of a worker process, before it is believed that none can start here


class _Queue(Listener):
    """What the threads of the workers hear, for the one thread that takes it in."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.events: queue.Queue[tuple[Any, Any, Any]] = queue.Queue()

    def hear(self, moment: Any, whose: Any = None, what: Any = None) -> None:
        self.events.put((moment, whose, what))


def execute(works: Iterator[Work], jobs: int, listener: Listener) -> None:
    """Train every population and tell of it in this thread, by its trainees.

    Populations are trained one after the other in each job, or, where they are wanted `side_by_side`, all at once in
    turns. A worker that dies loses only what it was training, which is tried again as `attempts` says.
    """
    tasks: Iterator[Task] = (Task((work,)) for work in works)
    if listener.wanted.side_by_side:
        together = list(works)
        tasks = (Task(tuple(together[job::jobs])) for job in range(min(jobs, len(together))))
    if jobs == 1:
        _execute_here(tasks, listener)
        return
    heard = _Queue(listener.wanted)
    source = _Source(tasks, ahead=2 * jobs)
    workers: list[_Worker] = []
    try:
        for _ in range(jobs):
            workers.append(_Worker(source, heard))  # one that cannot be started leaves none of the others behind
        running = jobs
        while running:
            moment, whose, what = heard.events.get()
            if moment == "ended":
                running -= 1
            elif moment == "done":
                source.taken_in()
            elif moment == "error":
                raise what
            else:
                listener.hear(moment, whose, what)
    except (KeyboardInterrupt, SystemExit):
        if listener.wanted.checkpoints:
            _take_last(source, workers, heard, listener)
        raise
    finally:
        source.close()
        for worker in workers:
            worker.kill()


def _take_last(source: _Source, workers: Sequence[_Worker], heard: _Queue, listener: Listener) -> None:
    """Ask the workers to end with a checkpoint, and take in what they still say."""
    give_up = time.monotonic() + SECONDS_FOR_THE_LAST
    source.close()
    for worker in workers:
        worker.leave()
    with contextlib.suppress(queue.Empty):
        while any(worker.is_alive for worker in workers) or not heard.events.empty():
            moment, whose, what = heard.events.get(timeout=max(give_up - time.monotonic(), 0.01))
            if moment in ("on_trained", "on_checkpoint"):
                listener.hear(moment, whose, what)


def _execute_here(tasks: Iterator[Task], listener: Listener) -> None:
    """In this process, which survives only that memory runs out, not its own death."""
    again: deque[Task] = deque()
    while (task := again.popleft() if again else next(tasks, None)) is not None:
        attempt = Attempt(task, listener)
        request = task.request(listener.wanted)
        try:
            train_in_turns(request.populations, attempt, request.begun, request.until)
        except MemoryError as error:
            if not attempt.left.works:  # what is finished cannot be taken in
                raise
            again.extend(attempt.instead(out_of_memory(error)))


class _Source:
    """Tasks that several threads take from, no more of them `ahead` than what has been trained is taken in.

    Else results would pile up in memory wherever writing them is slower than training.
    """

    def __init__(self, tasks: Iterator[Task], ahead: int) -> None:
        self._tasks = tasks
        self._again: deque[Task] = deque()
        self._rest: deque[Task] = deque()
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
                task = self._rest.popleft() if task is None and self._rest else task
            if task is None:
                self._room.release()  # for the next thread, which is to learn it too
            return task

    def go_on(self, tasks: Sequence[Task]) -> None:
        """Hand these second halves out when nothing else is left. The caller then takes tasks to the end."""
        self._rest.extend(tasks)

    def again(self, tasks: Sequence[Task]) -> None:
        """Hand out these instead of one that failed. The caller takes tasks until none is left."""
        self._again.extend(tasks)
        self.taken_in()

    def taken_in(self) -> None:
        """There is room for another one. Without the lock: the next task may take long to be made, or wait for this."""
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

    def __init__(self, source: _Source, heard: _Queue) -> None:
        self._source, self._heard = source, heard
        self._lock = threading.Lock()  # of a process that is started or ended
        self._closed = False
        self._process = _started()
        self._is_ready = False
        self._thread = threading.Thread(target=self._feed, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started
            _end(self._process)
            raise

    def _feed(self) -> None:
        try:
            while (task := self._source.take()) is not None:
                self._make_ready()
                self._train(task)
        except _ClosedError:
            pass
        except Exception as error:  # handed to the thread that waits, which raises it
            self._heard.hear("error", what=error)
        self._heard.hear("ended")

    def _train(self, task: Task) -> None:
        requests, replies = self._process.stdin, self._process.stdout
        assert requests is not None
        assert replies is not None
        attempt = Attempt(task, self._heard)
        try:
            pickle.dump(task.request(self._heard.wanted), requests, protocol=pickle.HIGHEST_PROTOCOL)
            requests.flush()
            while attempt.left.works:
                moment, number, what = pickle.load(replies)  # noqa: S301 - from the process started above
                if moment == "out of memory":
                    return self._try_again(attempt, what)
                attempt.hear(moment, number, what)
            self._source.go_on(attempt.rest)
            self._heard.hear("done")
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            self._try_again(attempt, f"its worker process {ending(self._process.wait())}")

    def _try_again(self, attempt: Attempt, reason: str) -> None:
        """Put what is left of a task back, in parts or as it was, and go on in a fresh process."""
        self._restart()
        self._source.again(attempt.instead(reason))

    def _make_ready(self) -> None:
        """Wait until the process has started. Raises RegxError if none can start."""
        for _ in range(STARTS):
            if self._is_ready:
                return
            replies = self._process.stdout
            assert replies is not None
            try:
                self._is_ready = pickle.load(replies)[0] == "ready"  # noqa: S301 - from the process started above
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

    @property
    def is_alive(self) -> bool:
        """Whether what it trains may still be heard of."""
        return self._thread.is_alive()

    def leave(self) -> None:
        """Let the process end after its epoch, with a checkpoint; at once where it trains nothing."""
        with self._lock:
            self._closed = True
            if hasattr(signal, "SIGUSR1"):
                self._process.send_signal(signal.SIGUSR1)

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
