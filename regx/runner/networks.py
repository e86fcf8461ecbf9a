"""Training networks, with progress: what `runs`, which writes folders, and studies, which only count, share."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from regx.config.config import Config
from regx.core.trained import Trained
from regx.runner.cluster import Dask, Jobs, connected
from regx.runner.execute import OnCheckpoint, OnFailed, OnTrained, Watch, execute, no_failure
from regx.runner.plan import Member, Resumed, Work, dataset, estimated_seconds, plan

# Below this much work one process is done before others have loaded NumPy.
SECONDS_WORTH_PROCESSES = 4.0


@dataclass(frozen=True)
class Progress:
    """How far training is. Epochs are counted over all networks; those not needed by stopped networks count as done."""

    epochs: int
    all_epochs: int
    networks: int
    all_networks: int


OnProgress = Callable[[Progress], None]


def train_networks(
    configs: Sequence[Config],
    members: Sequence[Member],
    on_trained: OnTrained,
    jobs: Jobs = None,
    on_progress: OnProgress = lambda progress: None,
    begun: Callable[[Iterator[Work]], Iterator[Work]] = lambda works: works,
    watch: Watch | None = None,
    peek: bool = False,
    resumed: Sequence[Resumed] = (),
    on_checkpoint: OnCheckpoint | None = None,
    on_failed: OnFailed = no_failure,
    slim: bool = False,
) -> None:
    """Train the members' networks as populations and hand each population's over when it is finished.

    on_trained(members, trained) is called in this thread, in no particular order of populations.
    jobs: processes, None for as many as the work is worth; or a cluster, which shows nobody how its networks train side
    by side and keeps no checkpoints. begun: sees every population before it is trained.
    watch: who wants to see them train side by side. peek: the test split takes the place of the validation split.
    resumed: the populations that go on from a checkpoint. on_checkpoint(members, checkpoint): where they stand, in this
    thread, from time to time. on_failed(member, reason): of a network that is given up, in this thread.
    slim: networks are handed over without weights and snapshots, their metrics as the row of the least validation
    loss and the last one.
    Raises InputError where a stack cannot act on its data, or the memory does not suffice.
    """
    counter = _Counter(configs, members, on_progress)

    def finished(done: Sequence[Member], trained: Sequence[Trained]) -> None:
        on_trained(done, trained)
        if watch is not None:
            watch.on_trained(done, trained)
        counter.networks(done)

    def failed(member: Member, reason: str) -> None:
        on_failed(member, reason)
        if watch is not None:
            watch.on_failed(member, reason)
        counter.networks([member])

    if isinstance(jobs, Dask):
        with connected(jobs) as cluster:
            works = begun(plan(configs, members, cluster.threads, peek, resumed))
            cluster.execute(works, finished, counter.epochs, failed, slim)
        return
    jobs = jobs or _jobs(configs, members)
    works = begun(plan(configs, members, jobs, peek, resumed))
    execute(works, min(jobs, len(members)), finished, counter.epochs, watch, on_checkpoint, failed, slim)


class _Counter:
    def __init__(self, configs: Sequence[Config], members: Sequence[Member], on_progress: OnProgress) -> None:
        self._configs, self._on_progress = configs, on_progress
        self._all_networks = len(members)
        self._all_epochs = sum(self._needed(member) for member in members)
        self._finished_epochs = self._finished = self._running = 0

    def _needed(self, member: Member) -> int:
        return self._configs[member.config].training.epochs

    def epochs(self, n: int) -> None:
        self._running = max(self._running + n, 0)
        self._tell()

    def networks(self, members: Sequence[Member]) -> None:
        needed = sum(self._needed(member) for member in members)
        self._finished_epochs += needed
        self._finished += len(members)
        # What these networks had reported is in `needed` now; stopped ones had reported less.
        self._running = max(self._running - needed, 0)
        self._tell()

    def _tell(self) -> None:
        done = min(self._finished_epochs + self._running, self._all_epochs)
        self._on_progress(Progress(done, self._all_epochs, self._finished, self._all_networks))


def _jobs(configs: Sequence[Config], members: Sequence[Member]) -> int:
    """All cores where the work is worth starting processes, else this process alone."""
    by_config: dict[int, float] = {}
    seconds = 0.0
    for member in members:
        if member.config not in by_config:
            config = configs[member.config]
            by_config[member.config] = estimated_seconds(config, dataset(config.dataset, member.seed))
        seconds += by_config[member.config]
    if seconds < SECONDS_WORTH_PROCESSES:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
