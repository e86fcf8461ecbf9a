"""Training networks, with progress: what `runs`, which writes folders, and studies, which only count, share."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regx.config.config import Config
from regx.core.errors import InputError
from regx.core.listener import Keeper, Listener, Moment, Progress, Watchers
from regx.runner.cluster import Dask, Jobs, connected
from regx.runner.execute import execute
from regx.runner.plan import Pictured, Resumed, Trainee, Work, dataset, estimated_seconds, plan

# Below this much work one process is done before others have loaded NumPy.
SECONDS_WORTH_PROCESSES = 2.0


@dataclass(frozen=True)
class Options:
    """How to train; only `peek` changes what comes of it.

    jobs: processes, None for as many as the work is worth; or a cluster, where nobody sees how networks train and no
    checkpoints are kept. force: train anew what is finished. peek: what is chosen is chosen by the test split.
    pictured: for whose pictures snapshots are kept of configs that do not say how many they want.
    Raises InputError for a number of jobs that is none.
    """

    jobs: Jobs = None
    force: bool = False
    peek: bool = False
    pictured: Pictured = None
    watchers: Watchers = field(default_factory=Watchers)

    def __post_init__(self) -> None:
        if not (self.jobs is None or isinstance(self.jobs, Dask) or (isinstance(self.jobs, int) and self.jobs >= 1)):
            raise InputError(
                f"jobs: expected a whole number from 1, or None for as many as the work is worth, found {self.jobs!r}"
            )


DEFAULT = Options()


def train_networks(
    configs: Sequence[Config], trainees: Sequence[Trainee], keeper: Keeper, options: Options = DEFAULT,
    resumed: Resumed | None = None,
) -> None:  # fmt: skip
    """Train the trainees' networks as populations, in no particular order, and tell the keeper and who watches.

    resumed: the populations that go on from a checkpoint.
    Raises InputError where a stack cannot act on its data, or the memory does not suffice.
    """
    told = _Told(configs, trainees, keeper, options.watchers)

    def begun(works: Iterator[Work]) -> Iterator[Work]:
        for work in works:
            keeper.on_begin(work.trainees)
            yield work

    if isinstance(options.jobs, Dask):
        with connected(options.jobs) as cluster:
            cluster.execute(begun(plan(configs, trainees, cluster.threads, options.peek, resumed)), told)
        return
    jobs = options.jobs or _jobs(configs, trainees)
    works = plan(configs, trainees, jobs, options.peek, resumed, in_halves=not told.wanted.side_by_side)
    execute(begun(works), min(jobs, len(trainees)), told)


class _Told(Listener):
    """Tells the keeper, then those who watch, and counts how far training is."""

    def __init__(
        self, configs: Sequence[Config], trainees: Sequence[Trainee], keeper: Keeper, watchers: Watchers
    ) -> None:
        self._keeper, self._watchers, kept = keeper, watchers, keeper.wanted
        self.wanted = replace(watchers.wanted, checkpoints=kept.checkpoints, slim=kept.slim, metrics=kept.metrics)
        self._needed = {trainee: configs[trainee.config].training.epochs for trainee in trainees}
        self._at = dict.fromkeys(trainees, 0)
        self._all_epochs = sum(self._needed.values())
        self._epochs = self._ended = 0

    def hear(self, moment: Moment, trainees: Sequence[Trainee], what: Any) -> None:
        if moment == "on_glimpse":
            trainees = [trainees[network] for network in what.networks]
        self._keeper.hear(moment, trainees, what)
        if moment == "on_checkpoint":
            return
        for trainee in trainees:
            at = what.epoch if moment == "on_glimpse" else self._needed[trainee]
            self._epochs += at - self._at[trainee]
            self._at[trainee] = at
        self._ended += 0 if moment == "on_glimpse" else len(trainees)
        self._watchers.hear(moment, trainees, what)
        self._watchers.on_progress(Progress(self._epochs / self._all_epochs, self._ended, len(self._needed)))


def _jobs(configs: Sequence[Config], trainees: Sequence[Trainee]) -> int:
    """All cores where the work is worth starting processes, else this process alone."""
    first = {trainee.config: trainee.seed for trainee in reversed(trainees)}
    seconds = 0.0
    for number, count in Counter(trainee.config for trainee in trainees).items():
        config = configs[number]
        seconds += count * estimated_seconds(config, dataset(config.dataset, first[number]))
    return 1 if seconds < SECONDS_WORTH_PROCESSES else cores()


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
