"""Training the candidates of a race: what is not known yet, as populations, until time is over."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import Any

from regx.config.config import Config
from regx.config.load import config_of
from regx.core.listener import Following, Keeper, Progress, Wanted, Watchers
from regx.core.trained import Trained
from regx.data.table import TableSource
from regx.runner.networks import Options, train_networks
from regx.runner.plan import Trainee
from regx.studies.recommendation.clock import Clock
from regx.studies.recommendation.criteria import Criterion, measured
from regx.studies.recommendation.halving import rung_epochs
from regx.studies.recommendation.ladder import Candidate, applied
from regx.studies.recommendation.network import CandidateNetwork
from regx.studies.recommendation.question import TableQuestion, seconds_of
from regx.studies.recommendation.tuning import Tuning

Choice = tuple[Candidate, int]  # a candidate, and for how many epochs it is trained
Trial = tuple[Candidate, int, int]  # a candidate, for so many epochs, on the split of a seed


class _OutOfTimeError(Exception):
    """The minutes are over."""


class _Kept(Keeper):
    """Keeps the results of tuning. candidates: by the number of a config."""

    def __init__(
        self, results: Tuning, candidates: Sequence[tuple[Candidate, int]], fold: int, clock: Clock, task: str
    ) -> None:
        self._results, self._candidates, self._fold, self._clock = results, candidates, fold, clock
        self.wanted = Wanted(slim=True, metrics=measured(task))

    def on_glimpse(self, whose: Any, glimpse: Any) -> None:
        if self._clock.is_over:
            raise _OutOfTimeError

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        for trainee, one in zip(trainees, trained, strict=True):
            self._results.add(*self._candidates[trainee.config], self._fold, one)

    def on_failed(self, trainees: Sequence[Trainee], reason: str) -> None:
        for trainee in trainees:
            self._results.fail(*self._candidates[trainee.config], trainee.seed, self._fold, reason)


class Trials:
    """The trials of one network after the other, which are known by their results."""

    def __init__(
        self,
        question: TableQuestion,
        task: str,
        criterion: Criterion,
        results: Tuning,
        clock: Clock,
        network: CandidateNetwork,
    ) -> None:
        self._question, self._task, self.criterion = question, task, criterion
        self.results, self.clock = results, clock
        self.use(network)

    def use(self, network: CandidateNetwork) -> None:
        """Go on with another network."""
        self.network, self.results.network = network, network.name
        self.epochs = network.base.training.epochs
        self.seconds = seconds_of(network.base)  # of a core, for one network
        self._configs: dict[tuple[Candidate, int, int], Config] = {}

    @property
    def rungs(self) -> tuple[int, ...]:
        training = self.network.base.training
        return rung_epochs(training.epochs, training.eval_every)

    def cost(self, epochs: int) -> float:
        """About the seconds of a core that training one network takes."""
        return self.seconds * epochs / self.epochs

    def patience(self, epochs: int) -> int:
        return max(2 * self.network.base.training.eval_every, epochs // 5)

    def config(self, candidate: Candidate, epochs: int, fold: int = 0) -> Config:
        """The config of a candidate."""
        key = candidate, epochs, fold
        if key not in self._configs:
            resolved = self.network.base.resolved
            resolved = {**resolved, "training": {**resolved["training"], "epochs": epochs}}
            found = config_of(applied(resolved, candidate, self.patience(epochs)), str(self._question.table))
            assert isinstance(found.dataset, TableSource)
            data = dataclasses.replace(found.dataset, fold=fold)
            self._configs[key] = dataclasses.replace(found, name=candidate.lane, dataset=data)
        return self._configs[key]

    def options(self, follow: Callable[[Progress], None]) -> Options:
        """How to train, with progress told to a function instead of the watchers of the race."""
        return dataclasses.replace(self._question.options, watchers=Watchers(Following(follow)))

    def train(self, stage: str, wanted: Sequence[Trial], fold: int = 0) -> None:
        """Train what of these is not known yet, unless time is over. fold: of each split, see `split_rows`."""
        missing = [one for one in dict.fromkeys(wanted) if not self.results.has(*one, fold)]
        self.clock.known(sum(self.cost(epochs) for _, epochs, _ in set(wanted) - set(missing)))
        if not missing or self.clock.is_over:
            return
        numbers: dict[tuple[Candidate, int], int] = {}
        for candidate, epochs, _ in missing:
            numbers.setdefault((candidate, epochs), len(numbers))
        configs = [self.config(candidate, epochs, fold) for candidate, epochs in numbers]
        trainees = [Trainee(numbers[candidate, epochs], seed) for candidate, epochs, seed in missing]
        work, share, begun = sum(self.cost(epochs) for _, epochs, _ in missing), 0.0, time.monotonic()

        def follow(progress: Progress) -> None:
            nonlocal share
            share = progress.share
            self.clock.tell(stage, work * share)

        self.clock.tell(stage)
        try:
            keeper = _Kept(self.results, list(numbers), fold, self.clock, self._task)
            train_networks(configs, trainees, keeper, self.options(follow))
            share = 1.0
        except _OutOfTimeError:
            return
        finally:
            self.clock.trained(work * share, time.monotonic() - begun)
            self.results.write()

    def known(self, candidate: Candidate, epochs: int, seeds: Sequence[int]) -> bool:
        return all(self.results.has(candidate, epochs, seed) for seed in seeds)

    def costs(self, pool: Sequence[Choice], seeds: Sequence[int], best: bool = False) -> dict[Choice, float]:
        """What each of these costs on validation rows, the mean over splits.

        best: the least loss that it had at any evaluated epoch, as nothing is told yet by where it happens to stand.
        """
        metric = "best_val_loss" if best and self.criterion.metric == "loss" else f"val_{self.criterion.metric}"
        values = {one: [self.results.value(metric, *one, seed) for seed in seeds] for one in pool}
        return {one: sum(map(self.criterion.of, of)) / len(of) for one, of in values.items()}
