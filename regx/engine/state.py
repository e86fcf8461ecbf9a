"""Everything that training changes and remembers, and one epoch of changing it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

import numpy as np

from regx.core.arrays import Array, below, over, under
from regx.core.parameters import parameters
from regx.core.regularizer import Regularizer, Site
from regx.core.streams import Streams
from regx.engine.batches import Batches, augmented, targets, weights
from regx.engine.evaluate import Evaluator
from regx.engine.population import Population
from regx.engine.step import TrainingStep, acting
from regx.nn.losses import probabilities
from regx.nn.network import Network, for_evaluation


class State:
    """The parameters of a population, what its optimizer and regularizers remember, and its streams.

    What is derived from those (batches, `training_step`, `evaluator`) is made anew when networks leave.
    """

    def __init__(self, population: Population) -> None:
        self.population = population
        self.layout = population.layout()
        dtype, seeds = population.dtype, population.seeds
        self.values = self.layout.initial(seeds, dtype)
        self.memory = [np.zeros_like(self.values) for _ in range(population.optimizer.slots())]
        self.step = 0
        # Of the loss alone, in the last step of the last epoch that was recorded.
        self.first_layer_gradient_norm = np.full(len(seeds), np.nan)
        self._batch_streams = Streams(seeds, "batches")
        self._lr_factor = population.schedule.factor(1, population.training.epochs)
        self._schedule_state = population.schedule.begin(len(seeds))
        self._sites = {member.kind: self._site(member) for member in population.stack}
        self._build()
        for member in population.stack:
            member.begin(self._sites[member.kind], self.values)

    def _site(self, member: Regularizer) -> Site:
        population, nothing = self.population, np.empty(0)
        return Site(
            streams=Streams(population.seeds, member.kind),
            task=population.task,
            epochs=population.training.epochs,
            depth=population.architecture.depth,
            channels=self.layout.channels,
            weights=self.layout.weights_of(member.on_layers),
            is_weight=self.layout.is_weight(population.dtype, member.on_layers),
            is_trained=self.layout.is_trained(population.dtype),
            scratch=nothing,
            lr=nothing,
        )

    def _build(self) -> None:
        """What follows from population, values and streams."""
        population, values = self.population, self.values
        train = [dataset.fitted or dataset.train for dataset in population.datasets]
        which = np.array(population.which)
        x, y = augmented(train, values.dtype), targets(train, values.dtype)
        size = population.training.batch_size or x.shape[1]
        weight = weights(population.datasets, population.training.class_weight, values.dtype)
        least = max([member.least_batch for member in population.stack], default=1)
        self._batches = Batches(x, y, which, size, self._batch_streams, weight, least)
        self.evaluator = Evaluator(population, self.layout, values)
        self._acting = acting(population.stack, self._sites, ("on_epoch", "on_finish"))
        rate = population.optimizer.rate(values, self.memory)
        for site in self._sites.values():
            site.rate = lambda: rate(self.lr, self.step)
        self._begin_steps()

    def _begin_steps(self) -> None:
        self.training_step = TrainingStep(
            self.population, self.layout, self.values, self.memory, self._sites, self._batches
        )
        self._set_lr()

    def _set_lr(self) -> None:
        lr = self.population.optimizer.lr
        reduction = self._schedule_state.get("reduction", np.ones(len(lr))).astype(lr.dtype)
        in_force = lr * lr.dtype.type(self._lr_factor) * reduction
        self.lr = in_force[:, None]
        self._update_lr = over(in_force, self.values)
        for site in self._sites.values():
            site.lr = self.lr
            site.factor = reduction[:, None] * lr.dtype.type(self._lr_factor)

    def train_epoch(self, epoch: int, record: bool, exact: bool = True) -> tuple[Array, Array]:
        """One epoch, counted from 1. What was minimised on its batches and the penalty's part of it, both (R,).

        The penalty of the weights is computed where `record` asks for it; else it is left out of both. Not `exact`: the
        loss may be another that is finite where it is.
        """
        self.set_factor(epoch)
        step = self.training_step
        step.penalties.fill(0)
        losses, seen = [], 0
        for batch in self._batches.epoch():
            if self.step == self.population.training.steps:
                break
            samples = batch.y.shape[2]
            seen += samples
            self.step += 1
            for site in self._sites.values():
                site.epoch, site.step, site.samples = epoch, self.step, samples
            losses.append(step.make(batch, self._update_lr, self.step, record, exact))
        loss = reduce(np.add, losses) / seen
        penalty = step.penalties / seen
        if record:
            self.first_layer_gradient_norm = step.first_layer_gradient_norm
        return loss + penalty, penalty

    def train_epochs(self, epoch: int, most: int) -> Array | None:
        """Several epochs from this one on, none of which is recorded, if there are several steps that are compiled.

        What was minimised in each, (epochs, R), but for penalties; None where nothing was done. A network stops at its
        first loss that is not finite.
        """
        in_one_batch = self._batches.size == self._batches.n and self.population.training.steps is None
        ahead = self.training_step.ahead(self._batches.n, exact=False) if in_one_batch else None
        if ahead is None or min(most, ahead.steps) < 2:
            return None
        most = min(most, ahead.steps)
        for at in range(most):
            self.set_factor(epoch + at)
            self.step += 1
            ahead.prepare(at, self._update_lr, self.step)
        for site in self._sites.values():
            site.epoch, site.step = epoch + most - 1, self.step
        return np.asarray(ahead.make(most) / self._batches.n)

    def set_factor(self, epoch: int) -> None:
        """The schedule's factor on the learning rate in an epoch."""
        factor = self.population.schedule.factor(epoch, self.population.training.epochs)
        if factor != self._lr_factor:
            self._lr_factor = factor
            self._set_lr()

    def predict(self, inputs: Array) -> Array:
        """What the networks in training predict for inputs (n, D): (R, K, n)."""
        x = np.ones((len(self.values), inputs.shape[1] + 1, len(inputs)), self.values.dtype)
        x[:, :-1] = inputs.T
        network = for_evaluation(self.layout, self.values, x, self.population.stack, self.population.task)
        return probabilities(network.forward(network.into), self.population.task)

    def going_on(self, epoch: int, metrics: Mapping[str, Array], split: str = "val") -> Array:
        """Which networks their regularizers let go on after an evaluated epoch with these metrics, (R,) bool."""
        keep = np.ones(len(self.values), bool)
        if not self._schedule_state and not self._acting["on_epoch"]:
            return keep
        scores = self.evaluator.scores(epoch, metrics, split)
        if self._schedule_state:
            self.population.schedule.on_scores(scores, self._schedule_state)
            self._set_lr()
        for member, site in self._acting["on_epoch"]:
            keep &= member.on_epoch(self.values, scores, site)
        return keep

    def reported(self, epoch: int) -> tuple[Array, Array, str]:
        """The parameters that are reported, (R, P), the epoch they are of, (R,), and why those."""
        values, epochs, because = self.values.copy(), np.full(len(self.values), epoch), "last epoch"
        for member, site in self._acting["on_finish"]:
            found, because = member.on_finish(values, site), member.reports
            epochs = np.full(len(self.values), epoch) if found is None else found
            if member.averages:
                self._measure_statistics(values)
        return values, epochs, because

    def _measure_statistics(self, values: Array) -> None:
        """Write the running statistics of these parameters, (R, P): the mean over the batches of an epoch.

        Those of an average are no average of those along the way (Izmailov et al. 2018, section 3.2).
        """
        population = self.population
        untrained = self.layout.is_trained(values.dtype) == 0
        if not untrained.any():
            return
        stack = tuple(member.of_last_batch() for member in population.stack)
        sizes, counted = [size for size in self._batches.sizes() if size > 1], 0
        nothing = np.empty_like(values)
        networks = {
            size: Network(self.layout, values, self.training_step.inputs(size), stack, nothing) for size in sizes
        }
        total = np.zeros_like(values)
        for batch in self._batches.epoch(Streams(population.seeds, "statistics")):
            size = batch.y.shape[2]
            if size in networks:
                networks[size].forward(batch.x[:, :-1])
                total += values * values.dtype.type(size)
                counted += size
        values[:, untrained] = total[:, untrained] / values.dtype.type(max(counted, 1))

    def facts(self) -> dict[str, Array]:
        """What the regularizer whose parameters are reported knows of the networks, (R,) each."""
        finishing = self._acting["on_finish"]
        return finishing[-1][0].facts(finishing[-1][1]) if finishing else {}

    def select(self, keep: Array) -> None:
        """Go on with the networks where `keep`, (R,), is true."""
        self.population = self.population.select(keep)
        self.values = self.values[keep]
        self.first_layer_gradient_norm = self.first_layer_gradient_norm[keep]
        self.memory = [array[keep] for array in self.memory]
        self._schedule_state = {name: array[keep] for name, array in self._schedule_state.items()}
        self._batch_streams.select(keep)
        for site in self._sites.values():
            site.streams.select(keep)
            site.state = {name: array[keep] for name, array in site.state.items()}
        self._build()

    def adopt(self, other: State) -> None:
        """Go on from where networks of the same tensors and seeds stand, with the settings of this population.

        What members of the stack remember is kept where their settings are the same; others begin at the weights as
        they are. So is what the optimizer remembers, where it is of the same kind.
        """
        saved, mine, theirs = other.saved(), self.population, other.population
        if type(mine.optimizer) is not type(theirs.optimizer) or len(self.memory) != len(other.memory):
            saved = {name: array for name, array in saved.items() if not name.startswith("memory/")}
            saved |= under("memory", {str(slot): array for slot, array in enumerate(self.memory)})
        if mine.schedule != theirs.schedule:
            saved = {name: array for name, array in saved.items() if not name.startswith("schedule/")}
            saved |= under("schedule", self._schedule_state)
        before = {member.kind: member for member in theirs.stack}
        anew = [member for member in mine.stack if not _same(member, before.get(member.kind))]
        for member in mine.stack:
            if member.kind not in before:
                saved |= under(f"streams/{member.kind}", self._sites[member.kind].streams.saved())
        self.restore(saved)
        for member in anew:
            self._sites[member.kind].state.clear()
            member.begin(self._sites[member.kind], self.values)

    def saved(self) -> dict[str, Array]:
        """Everything that training has changed, between two epochs, to be given to `restore`."""
        found = {
            "values": self.values,
            "step": np.array(self.step),
            "first_layer_gradient_norm": self.first_layer_gradient_norm,
            **under("memory", {str(slot): array for slot, array in enumerate(self.memory)}),
            **under("schedule", self._schedule_state),
            **under("streams/batches", self._batch_streams.saved()),
        }
        for kind, site in self._sites.items():
            found |= under(f"streams/{kind}", site.streams.saved())
            found |= under(f"state/{kind}", site.state)
        return found

    def restore(self, saved: Mapping[str, Array]) -> None:
        """Go on from what was `saved` of the same networks after an epoch."""
        np.copyto(self.values, saved["values"], casting="no")
        self.step = int(saved["step"])
        self.first_layer_gradient_norm = saved["first_layer_gradient_norm"].copy()
        for slot, array in enumerate(self.memory):
            np.copyto(array, saved[f"memory/{slot}"], casting="no")
        self._schedule_state = {name: array.copy() for name, array in below("schedule", saved).items()}
        self._batch_streams.restore(below("streams/batches", saved))
        for kind, site in self._sites.items():
            site.streams.restore(below(f"streams/{kind}", saved))
            site.state = {name: array.copy() for name, array in below(f"state/{kind}", saved).items()}
        self._begin_steps()


def _same(member: Regularizer, other: Regularizer | None) -> bool:
    """Whether two members of a population are of one kind with equal settings."""
    if other is None or type(member) is not type(other):
        return False
    return all(np.array_equal(getattr(member, field), getattr(other, field)) for field in parameters(type(member)))
