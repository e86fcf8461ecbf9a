"""Training a population from its initial weights to what is reported."""

from __future__ import annotations

import functools
import math
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from regx.core import kernels, leaving
from regx.core.arrays import Array, below, under
from regx.core.listener import Glimpse, Listener, Wanted
from regx.core.trained import Divergence, Trained
from regx.data.batching import steps_per_epoch
from regx.engine.checkpoint import Checkpoint, of_snapshots, of_trained, to_snapshots, to_trained
from regx.engine.diagnostics import trivial
from regx.engine.evaluate import Evaluator
from regx.engine.history import History
from regx.engine.population import Population
from regx.engine.state import State
from regx.metrics import REGISTRY
from regx.metrics.weights import mean_absolute
from regx.nn.architecture import Training

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

SECONDS_PER_TURN = 0.05
SAVED_PER_STEP = 1.5e-4  # seconds, whatever the size: compiled, a step is one call from Python instead of many


class Kept(Listener):
    """Keeps what is trained, by the number of the population."""

    def __init__(self) -> None:
        self.found: dict[int, list[Trained]] = {}

    def on_trained(self, number: int, trained: Sequence[Trained]) -> None:
        self.found[number] = list(trained)


@dataclass(frozen=True)
class Request:
    """What another process is asked to train; the fields are the arguments of `train_in_turns`.

    wanted: what is to be heard of it.
    """

    populations: tuple[Population, ...]
    begun: tuple[Checkpoint | None, ...]
    until: tuple[int | None, ...]
    wanted: Wanted


def train(population: Population) -> list[Trained]:
    """Train all networks of a population; one result per network, in their order."""
    kept = Kept()
    train_in_turns([population], kept)
    return kept.found[0]


def train_in_turns(
    populations: Sequence[Population],
    listener: Listener,
    begun: Sequence[Checkpoint | None] = (),
    until: Sequence[int | None] = (),
    seconds: float = SECONDS_PER_TURN,
) -> None:
    """Train several populations side by side, each `seconds` at a time, and tell `listener` of them by their numbers.

    begun: the checkpoint from which each population goes on, if any. until: the evaluated epoch after which it ends
    with a checkpoint, if any. On one BLAS thread: populations run side by side in processes, and a product's bits
    depend on its threads.
    """
    kernels.use(sum(map(_saved_by_kernels, populations)))
    # Networks may overflow: that is found, named and reported, not warned of.
    with leaving.after_an_epoch(listener.wanted.checkpoints), _blas().limit(limits=1), np.errstate(all="ignore"):
        numbers = range(len(populations))
        none = [None] * len(populations)
        trainings = map(_Training, numbers, populations, repeat(listener), begun or none, until or none)
        waiting = deque(trainings)
        while waiting:
            training = waiting.popleft()
            if training.take_turn(seconds if waiting else math.inf):
                waiting.append(training)
            else:
                training.hand_over()
            if leaving.is_asked():
                for each in waiting:
                    each.save()
                break


def _saved_by_kernels(population: Population) -> float:
    """About how many seconds compiled kernels take off the training of a population: measured, of one core."""
    training, layout = population.training, population.layout()
    first = population.datasets[0]
    n = len((first.fitted or first.train).x)
    steps = steps_per_epoch(n, training.batch_size)
    per_epoch = steps * layout.size * (1 + population.optimizer.slots()) * 3e-10 + n * layout.values_per_sample * 1e-10
    return training.epochs * (steps * SAVED_PER_STEP + len(population.seeds) * per_epoch)


@functools.cache
def _blas() -> ThreadpoolController:
    """What sets the number of BLAS threads. To find the libraries takes as long as fifty epochs of a small network."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


class _Training:
    def __init__(
        self, number: int, population: Population, listener: Listener, begun: Checkpoint | None, until: int | None
    ) -> None:
        self._training, self._until = population.training, until
        self._number, self._listener, self._wanted = number, listener, listener.wanted
        self._seeds = population.seeds
        self._peek = population.peek
        self._clock = time.perf_counter()
        self._state = State(population)
        self._initial = self._state.values.copy()
        replicas = len(self._seeds)
        self._networks = np.arange(replicas)  # the numbers of those still training
        rows = 2 + self._training.epochs // self._training.eval_every + 1
        self._history = History(replicas, rows, population.task, population.dtype)
        wanted = self._wanted.metrics
        self._kept = [
            metric
            for metric in REGISTRY.values()
            if (metric.kept or metric.name in wanted) and population.task in metric.tasks
        ]
        self._trivial = [trivial(dataset, self._training.class_weight) for dataset in population.datasets]
        self._which = population.which
        self._snapshots: dict[int, dict[int, dict[str, Array]]] = {
            network: {} for network, wanted in enumerate(population.pictured) if wanted
        }
        self._pictured_epochs = snapshot_epochs(self._training) if self._snapshots else frozenset()
        self._results: dict[int, Trained] = {}
        self._measured: tuple[Evaluator | None, dict[str, Array]] = None, {}  # by which evaluator
        self._seconds = np.zeros(replicas)
        self._epoch = -1  # the last one that is done
        if begun is not None:
            self._restore(begun)
        self._glimpse_due = 0.0
        self._checkpoint_due = self._clock + self._training.checkpoint_seconds if self._wanted.checkpoints else math.inf
        self._spent()

    def take_turn(self, seconds: float) -> bool:
        """Train for about so many seconds. Returns whether there is more to do."""
        start = self._clock = time.perf_counter()
        while self._networks.size:
            self._go_on()
            if self._epoch == self._training.epochs and self._networks.size:
                self._leave(self._epoch, np.ones(len(self._networks), bool))
                break
            if self._epoch == self._until:
                break
            now = time.perf_counter()
            if now >= self._checkpoint_due and self._networks.size:
                self.save()
            if now - start >= seconds or leaving.is_asked():
                break
        self._spent()
        return bool(self._networks.size) and self._epoch != self._until

    def save(self) -> None:
        """Tell the listener where the training stands."""
        self._spent()
        self._listener.hear("on_checkpoint", self._number, self._saved())
        self._checkpoint_due = time.perf_counter() + self._training.checkpoint_seconds

    def _saved(self) -> Checkpoint:
        """Where the training stands after an epoch."""
        found = {
            "epoch": np.array(self._epoch),
            "networks": self._networks,
            "seconds": self._seconds,
            **under("history", self._history.saved()),
            **under("state", self._state.saved()),
        }
        for network, snapshots in self._snapshots.items():
            found |= under(f"snapshots/{network}", of_snapshots(snapshots))
        for network, trained in self._results.items():
            found |= under(f"results/{network}", of_trained(trained))
        return {name: array.copy() for name, array in found.items()}

    def _restore(self, saved: Checkpoint) -> None:
        """Go on from what was `saved` of the same population."""
        self._epoch = int(saved["epoch"])
        self._networks = saved["networks"].copy()
        self._seconds[:] = saved["seconds"]
        self._history.restore(below("history", saved))
        for network in self._snapshots:
            self._snapshots[network] = to_snapshots(below(f"snapshots/{network}", saved))
        there = np.isin(np.arange(len(self._seeds)), self._networks)
        for network in np.flatnonzero(~there).tolist():
            self._results[network] = to_trained(below(f"results/{network}", saved))
        if not there.all():
            self._state.select(there)
        self._state.restore(below("state", saved))

    def hand_over(self) -> None:
        """Tell what came of each network of the population, in their order; where it stands if there is more to do."""
        if self._networks.size:
            return self.save()
        trained = [self._results[network] for network in range(len(self._seeds))]
        if self._wanted.slim:
            trained = [one.slim() for one in trained]
        return self._listener.hear("on_trained", self._number, trained)

    def _go_on(self) -> None:
        """Train for an epoch, or for several at once up to the next one that is recorded."""
        first, every = self._epoch + 1, self._training.eval_every
        recorded = min(-(-first // every) * every, self._training.epochs) if first else 0
        objectives = self._state.train_epochs(first, recorded - first) if recorded - first > 1 else None
        if objectives is None:
            self._epoch = first
            return self._next_epoch(first)
        self._epoch += len(objectives)
        here, finite = self._networks, np.isfinite(objectives)
        for at in np.flatnonzero(~finite.all(axis=1)).tolist():
            # Those that have diverged in this epoch: their weights have stayed as they were then.
            self._state.set_factor(first + at)
            objective = objectives[at, np.isin(here, self._networks)]
            self._evaluated(first + at, objective, np.full(len(objective), np.nan), everyone=False)
        return None

    def _next_epoch(self, epoch: int) -> None:
        if epoch == 0:
            nothing = np.full(len(self._networks), np.nan)
            self._evaluated(0, nothing, nothing)
            return
        record = epoch == self._training.epochs or epoch % self._training.eval_every == 0
        objective, penalty = self._state.train_epoch(epoch, record, exact=record)
        # As a list: NumPy's own all() costs more than the whole test of a lone network.
        if record or not all(np.isfinite(objective).tolist()):
            self._evaluated(epoch, objective, penalty if record else np.full(len(penalty), np.nan), record)

    def _spent(self) -> None:
        """Count the time since the clock was read last as that of the networks which are training."""
        now = time.perf_counter()
        self._seconds[self._networks] += (now - self._clock) / max(len(self._networks), 1)
        self._clock = now

    def _evaluated(self, epoch: int, objective: Array, penalty: Array, everyone: bool = True) -> None:
        """Evaluate and record; who diverged or stopped leaves. Off the schedule, only diverged ones get a row."""
        state = self._state
        metrics = state.evaluator.metrics()
        self._measured = state.evaluator, metrics.copy()
        metrics |= {"objective": objective, "penalty": penalty, "lr": state.lr[:, 0]}
        finite = np.isfinite(objective) if epoch else np.ones(len(objective), bool)
        if everyone:
            # Off the schedule another network is the reason to evaluate; alone, this one would not be judged yet.
            finite &= np.isfinite(metrics["train_loss"]) & np.isfinite(metrics["weight_norm"])
        rows = np.ones(len(finite), bool) if everyone else ~finite
        self._history.add(self._networks, rows, epoch, metrics)
        going_on = finite
        if everyone:
            if epoch in self._pictured_epochs:
                self._take_snapshots(epoch, rows)
            if time.perf_counter() >= self._glimpse_due:
                self._show(epoch, metrics)
            going_on = finite & state.going_on(epoch, metrics, "test" if self._peek else "val")
        if not going_on.all():
            self._leave(epoch, ~going_on, ~finite)

    def _show(self, epoch: int, metrics: dict[str, Array]) -> None:
        inputs = self._wanted.inputs
        outputs = None if inputs is None else self._state.predict(inputs)
        own = {name: column.copy() for name, column in metrics.items()}
        self._listener.hear("on_glimpse", self._number, Glimpse(epoch, self._networks.copy(), own, outputs))
        self._glimpse_due = time.perf_counter() + self._wanted.seconds

    def _leave(self, epoch: int, leaving: Array, diverged: Array | None = None) -> None:
        """Report the networks where `leaving`, (r,), is true, and go on without them."""
        self._spent()
        # A network that stops early has its last picture there, not at an epoch that it never comes to.
        self._take_snapshots(epoch, leaving if diverged is None else leaving & ~diverged)
        values, epochs, because = self._state.reported(epoch)
        if self._peek:
            because = because.replace("validation", "test")
        facts = self._facts(values)
        for row in np.flatnonzero(leaving).tolist():
            divergence = None
            if diverged is not None and diverged[row]:
                divergence = Divergence(epoch, self._broken(row))
            found = {name: each[row] for name, each in facts.items()}
            self._results[int(self._networks[row])] = self._trained(
                row, values[row], int(epochs[row]), because, found, divergence
            )
        self._networks = self._networks[~leaving]
        if len(self._networks):
            self._state.select(~leaving)

    def _take_snapshots(self, epoch: int, of: Array) -> None:
        for row, network in enumerate(self._networks.tolist()):
            if of[row] and network in self._snapshots:
                self._snapshots[network][epoch] = self._state.layout.named(self._state.values[row].copy())

    def _facts(self, values: Array) -> dict[str, Array]:
        """Metrics and diagnostics, each (R,), of the reported parameters, (R, P): not always those in training."""
        state = self._state
        in_training = state.values.copy()
        evaluator, facts = self._measured
        if evaluator is not state.evaluator or not np.array_equal(values, in_training):
            np.copyto(state.values, values)
            evaluator = state.evaluator
            facts = evaluator.metrics()
        facts |= {metric.name: evaluator.measured(metric) for metric in self._kept if metric.of}
        facts["first_layer_gradient_norm"] = state.first_layer_gradient_norm
        initial = self._initial[self._networks]
        facts["initial_mean_absolute_weight"] = mean_absolute(initial, state.layout.weights)
        np.copyto(state.values, in_training)
        return facts | state.facts()

    def _trained(
        self,
        row: int,
        reported: Array,
        epoch: int,
        because: str,
        facts: dict[str, float],
        divergence: Divergence | None,
    ) -> Trained:
        network = int(self._networks[row])
        named = self._state.layout.named
        metrics = self._history.of(network)
        states = {"init": self._initial[network], "reported": reported, "final": self._state.values[row]}
        # Objective, penalty and learning rate belong to an epoch; the rest was measured on the weights themselves.
        at = int(np.searchsorted(metrics["epoch"], epoch))
        there = {name: column[at] for name, column in metrics.items()}
        epochs_trained = int(metrics["epoch"][-1])
        diagnostics = {metric.name: float(facts[metric.name]) for metric in self._kept}
        diagnostics["initial_mean_absolute_weight"] = float(facts["initial_mean_absolute_weight"])
        diagnostics |= {name: float(facts[name]) for name in self._state.facts()}
        diagnostics["seconds_per_epoch"] = float(self._seconds[network] / max(epochs_trained, 1))
        return Trained(
            seed=self._seeds[network],
            status="diverged" if divergence else "completed",
            metrics=metrics,
            reported_epoch=epoch,
            reported_because=because,
            reported={name: float(facts.get(name, there[name])) for name in metrics if name != "epoch"},
            diagnostics=diagnostics | self._trivial[self._which[network]],
            weights={
                f"{state}/{name}": array for state, values in states.items() for name, array in named(values).items()
            },
            seconds=float(self._seconds[network]),
            divergence=divergence,
            snapshots=self._snapshots.get(network, {}),
        )

    def _broken(self, row: int) -> str:
        """The first tensor that is not finite: the parameters from the input on, else the loss."""
        for name, array in self._state.layout.named(self._state.values[row]).items():
            if not np.isfinite(array).all():
                return name
        return "loss"


def snapshot_epochs(training: Training) -> frozenset[int]:
    """The epochs at which snapshots are taken: evaluated ones, spread evenly from epoch 0 to the last.

    Those of a network that stops early end with the epoch at which it does.
    """
    evaluated = sorted({*range(0, training.epochs + 1, training.eval_every), training.epochs})
    chosen = np.linspace(len(evaluated) - 1, 0, training.snapshots or 0).round().astype(int)
    return frozenset(evaluated[index] for index in chosen)
