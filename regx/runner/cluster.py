"""Populations to trained networks on a Dask cluster that is there already: the same bits, by the same files.

A task is one population, a pure function of what it is sent, so a task that is run twice, as where a worker is lost,
gives the same again. This process alone writes. Needs the extra `dask`.
"""

import contextlib
import functools
import logging
import os
import pickle
import platform
import queue
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from regx.core.errors import InputError, RegxError
from regx.core.listener import Glimpse, Listener, Wanted
from regx.core.notes import note
from regx.core.version import __version__
from regx.engine.trainer import Kept, Request, train_in_turns
from regx.runner.attempts import Attempt, Task
from regx.runner.plan import Work
from regx.runner.worker import out_of_memory

Client: TypeAlias = Any  # of Dask, which is imported where it is used
Future: TypeAlias = Any

SECONDS_TO_CONNECT = 4.0
SECONDS_TO_ANSWER = 5.0  # of workers that are there
SECONDS_TO_CLOSE = 1.0
TASKS_PER_THREAD = 2  # sent ahead, so that no thread waits for the next
MOST_FILES = 1 << 16  # open at once: each run folder that is being written is locked


@dataclass(frozen=True)
class Dask:
    """A Dask cluster, by the address of its scheduler, such as `tcp://host:8786`."""

    address: str


Jobs = int | Dask | None  # where to train: so many processes here, or a cluster; None for as many as are worth it


@dataclass(frozen=True)
class Facts:
    """What a worker must have in common with this process, and `processor`, which bits may depend on."""

    versions: tuple[tuple[str, str], ...]
    processor: str


def where_to_train(jobs: int | None, dask: str | None) -> Jobs:
    """The place that the options name. Raises InputError where they name two, or a cluster without the extra."""
    if dask is None:
        return jobs
    if jobs is not None:
        raise InputError(
            "expected --jobs or --dask, found both: the cluster's workers take the place of processes here."
        )
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise InputError(
            "--dask: expected Dask to be installed, found it missing. Type: pip install 'regx[dask]'"
        ) from None
    return Dask(dask)


@functools.cache
def facts() -> Facts:
    """Those of this process."""
    from importlib import metadata

    import numpy as np
    import threadpoolctl

    libraries = threadpoolctl.threadpool_info()
    kernels = {str(library.get("architecture")) for library in libraries if library.get("user_api") == "blas"}
    return Facts(
        versions=(
            ("regx", __version__),
            ("numpy", np.__version__),
            ("Python", ".".join(platform.python_version_tuple()[:2])),
            ("distributed", metadata.version("distributed")),
        ),
        processor=" ".join([platform.machine(), *sorted(kernels)]),
    )


def train_there(sent: bytes, versions: tuple[tuple[str, str], ...]) -> bytes:
    """Train what was requested, on a worker: pickles of a `Request` and of a list of networks for each population.

    Raises RegxError where its versions differ from the caller's, MemoryError where memory runs out.
    """
    from threadpoolctl import threadpool_limits

    # For good: tasks run side by side as threads of one process, and none may free the threads of another's products.
    threadpool_limits(1)
    if facts().versions != versions:
        raise RegxError(_differing(platform.node(), facts().versions, versions))
    request: Request = pickle.loads(sent)  # noqa: S301 - from whoever uses this cluster, who can run any code
    kept = _KeptThere(request.wanted)
    train_in_turns(request.populations, kept, request.begun, request.until)
    return pickle.dumps(kept.found, protocol=pickle.HIGHEST_PROTOCOL)


class _KeptThere(Kept):
    """Keeps what is trained, until nobody wants it any more."""

    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted

    def on_glimpse(self, number: int, glimpse: Glimpse) -> None:
        _check_wanted()


def _check_wanted() -> None:
    """End a task that has been cancelled, for which Dask itself waits."""
    from distributed.worker import get_worker, thread_state  # type: ignore[attr-defined]

    task = get_worker().state.tasks.get(thread_state.key)
    if task is None or task.state == "cancelled":
        raise RegxError("cancelled")


class Cluster:
    """A connection to a cluster. threads: of all workers together."""

    def __init__(self, client: Client, address: str) -> None:
        self._client, self._address = client, address
        self.threads = sum(client.nthreads().values())
        self._futures: dict[Future, Attempt] = {}

    def execute(self, works: Iterator[Work], listener: Listener) -> None:
        """As `execute.execute`, without glimpses and checkpoints, so that progress is known by population.

        Raises RegxError where the connection is lost or versions differ.
        """
        from distributed import as_completed

        tasks: Iterator[Task] = (Task((work,)) for work in works)
        again: deque[Task] = deque()
        wanted = Wanted(slim=listener.wanted.slim)
        _permit_open_files()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large tasks: they are as large as their data
            finished: Any = as_completed(loop=self._client.loop)  # type: ignore[no-untyped-call]
            while True:
                while len(self._futures) < TASKS_PER_THREAD * self.threads:
                    task = again.popleft() if again else next(tasks, None)
                    if task is None:
                        break
                    sent = pickle.dumps(task.request(wanted), protocol=pickle.HIGHEST_PROTOCOL)
                    future = self._client.submit(train_there, sent, facts().versions, pure=False)
                    self._futures[future] = Attempt(task, listener)
                    finished.add(future)
                if not self._futures:
                    return
                future = next(finished)
                again.extend(self._taken_in(future, self._futures[future]))
                del self._futures[future]
                future.release()

    def _taken_in(self, future: Future, attempt: Attempt) -> list[Task]:
        """Hand over what has been trained, or what to train instead."""
        from distributed import KilledWorker

        if future.status not in ("finished", "error"):
            raise RegxError(
                f"--dask {self._address}: the connection to the scheduler is lost. What is finished is kept, and the "
                "same command trains the rest."
            )
        try:
            networks = pickle.loads(future.result())  # noqa: S301 - from the cluster that the user has named
        except RegxError as error:
            raise RegxError(f"--dask {self._address}: {error}") from None
        except KilledWorker as error:
            # Dask has tried it several times, which is as often as it is worth it.
            deaths = error.allowed_failures + 1
            return attempt.instead(f"the {deaths} workers that trained it died", worth_repeating=False)
        except MemoryError as error:
            return attempt.instead(out_of_memory(error))
        except Exception as error:  # whatever a worker raises
            return attempt.instead(f"{type(error).__name__}: {error}", worth_repeating=False)
        for number, trained in networks.items():
            attempt.hear("on_trained", number, trained)
        return []

    def cancel(self) -> None:
        """Let the workers drop what they were sent."""
        if self._futures:
            self._client.cancel(list(self._futures), force=True)

    def check(self) -> None:
        """Raises RegxError naming a worker whose versions differ from those here; notes on stderr other processors."""
        here = facts()
        processors = set()
        asked = functools.partial(self._client.run, facts, on_error="return")
        try:
            answers = _within(SECONDS_TO_ANSWER, asked)
        except queue.Empty:
            raise RegxError(
                f"--dask {self._address}: expected all workers to answer within {SECONDS_TO_ANSWER:.0f} s, found that "
                "one does not. Is it stopped? End it, or start it anew; its work is done by the others."
            ) from None
        for worker, found in answers.items():
            if isinstance(found, OSError):  # it is lost, which is no harm
                continue
            if not isinstance(found, Facts):
                raise RegxError(f"--dask {self._address}: worker {worker} cannot run regx {__version__}: {found}")
            if found.versions != here.versions:
                raise RegxError(f"--dask {self._address}: {_differing(worker, found.versions, here.versions)}")
            processors.add(found.processor)
        if processors - {here.processor}:
            note(
                f"note: --dask {self._address}: workers compute on {', '.join(sorted(processors))}, this process on "
                f"{here.processor}: the last bits may differ."
            )


@contextlib.contextmanager
def connected(dask: Dask) -> Iterator[Cluster]:
    """A connection to a cluster; what is under way there is cancelled at the end.

    Raises RegxError where there is no scheduler, no worker, or one of other versions.
    """
    import distributed

    class Undeleted(distributed.Client):
        """What did not connect is never closed by the garbage collector, which could wait for a lock of this thread."""

        def __del__(self) -> None:
            pass

    for name in ("distributed", "distributed.client"):  # the second has a level of its own
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said here
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: they are compared below
            connect = functools.partial(Undeleted, dask.address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
            client: Client = _within(SECONDS_TO_CONNECT + 1, connect)
    except (OSError, ValueError, TypeError, MemoryError, queue.Empty) as error:
        raise RegxError(
            f"--dask {dask.address}: expected the address of a Dask scheduler, such as tcp://host:8786, found none "
            f"there within {SECONDS_TO_CONNECT + 1:.0f} s. `dask scheduler` prints the address it listens at."
        ) from error
    try:
        give_up = time.monotonic() + SECONDS_TO_CONNECT
        while not client.nthreads():
            if time.monotonic() > give_up:
                raise RegxError(
                    f"--dask {dask.address}: the scheduler has no workers. Start some: dask worker {dask.address}"
                )
            time.sleep(0.1)
        cluster = Cluster(client, dask.address)
        cluster.check()
        try:
            yield cluster
        finally:
            with contextlib.suppress(Exception):  # the scheduler may be gone
                cluster.cancel()
    finally:
        client.close(timeout=SECONDS_TO_CLOSE)


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call returns, or raises, in a thread that is left alone where it takes longer; queue.Empty then."""
    answers: queue.Queue[tuple[bool, Any]] = queue.Queue()

    def run() -> None:
        try:
            answers.put((True, call()))
        except BaseException as error:  # handed to the thread that waits
            answers.put((False, error))

    threading.Thread(target=run, daemon=True).start()
    is_well, found = answers.get(timeout=seconds)
    if not is_well:
        raise found
    return found


def _differing(worker: str, there: tuple[tuple[str, str], ...], here: tuple[tuple[str, str], ...]) -> str:
    """What is said of a worker of other versions."""
    found = dict(there)
    differ = [f"{name} {found.get(name)} instead of {version}" for name, version in here if found.get(name) != version]
    return (
        f"expected workers of the same versions as here, found on {worker} {', '.join(differ)}. Install the same "
        "there, and start the workers anew."
    )


def _permit_open_files() -> None:
    """As many as the system lets this process have: the folders of all runs under way are locked."""
    if os.name == "posix":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
