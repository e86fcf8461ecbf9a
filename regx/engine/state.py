"""Everything that training changes, and one epoch of changing it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial, reduce

import numpy as np

from regx.core.arrays import Array, below, norms, over, under
from regx.core.images import SeenImages
from regx.core.parameters import parameters
from regx.core.regularizer import Pullback, Regularizer, Site
from regx.core.streams import Streams
from regx.engine.ahead import Ahead
from regx.engine.batches import Batch, Batches, augmented, targets, weights
from regx.engine.diagnostics import first_layer_gradient_norm
from regx.engine.evaluate import Evaluator
from regx.engine.population import Population
from regx.nn.losses import LOSSES, ROUGH_LOSSES, probabilities
from regx.nn.network import Hooks, Network, for_evaluation, laid_out_as
from regx.nn.stages import Dropping, Hook

# The hooks that the state calls itself; those of `Hooks` act within the network.
OUTSIDE = ("on_batch", "on_inputs", "penalty", "add_gradient", "on_gradient", "on_step", "on_epoch", "on_finish")
# Those beside which a step may be one call from Python.
COMPILED = {"penalty", "add_gradient", "on_epoch", "on_finish"}


class State:
    """The parameters of a population, what its optimizer and regularizers remember, its streams, and its buffers.

    What is derived from the rest (networks, batches, evaluator) is made anew when networks leave.
    """

    def __init__(self, population: Population) -> None:
        self.population = population
        self.layout = population.layout()
        dtype, seeds = population.dtype, population.seeds
        self.is_weight = self.layout.is_weight(dtype)
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
        self.gradient = np.zeros_like(values)
        self._scratch = np.empty_like(values)
        self._penalties = np.zeros(len(values), values.dtype)
        images = [population.datasets[index].images for index in population.which]
        self._seen = SeenImages.of_networks([one for one in images if one], values.dtype) if images[0] else None
        self._set_lr()
        optimizer = population.optimizer
        rate = optimizer.rate(values, self.memory)
        for site in self._sites.values():
            site.rate = lambda: rate(self.lr, self.step)
        self._update = optimizer.update(values, self.gradient, self.memory, self._scratch, self.is_weight)
        self._rho = over(optimizer.sam, values) if np.any(optimizer.sam) else None
        train = [dataset.fitted or dataset.train for dataset in population.datasets]
        which = np.array(population.which)
        x, y = augmented(train, values.dtype), targets(train, values.dtype)
        size = population.training.batch_size or x.shape[1]
        weight = weights(population.datasets, population.training.class_weight, values.dtype)
        least = max([member.least_batch for member in population.stack], default=1)
        self._batches = Batches(x, y, which, size, self._batch_streams, weight, least)
        self._acting = {
            name: [(member, self._sites[member.kind]) for member in population.stack if name in member.hooks()]
            for name in OUTSIDE
        }
        self.hooks = Hooks(*(self._hooks(name) for name in ("on_weight", "on_hidden", "on_branch", "on_logits")))
        self._networks = {
            size: Network(
                self.layout,
                values,
                self._inputs(size),
                population.stack,
                self.gradient,
                self.hooks,
                bool(self._acting["on_inputs"]),
            )
            for size in self._batches.sizes()
        }
        self.evaluator = Evaluator(population, self.layout, values)
        self._aheads: dict[tuple[int, bool], Ahead | None] = {}

    def _inputs(self, size: int) -> Array:
        """What the first layer reads: the batch's own buffer, or where a hook makes other inputs, one for those."""
        buffer = self._batches.buffers(size).x
        makes_others = self._acting["on_batch"] or self._acting["on_inputs"]
        return laid_out_as(buffer) if makes_others else buffer

    def _hooks(self, name: str) -> tuple[Hook, ...]:
        def call(member: Regularizer, site: Site, value: Array, layer: int) -> tuple[Array, Pullback]:
            site.layer = layer
            result: tuple[Array, Pullback] = getattr(member, name)(value, site)
            return result

        hooks: list[Hook] = []
        for member in self.population.stack:
            if name in member.hooks():
                site = self._sites[member.kind]
                hook = partial(call, member, site)
                dropping = member.dropping(self.values.dtype) if name == "on_hidden" else None
                hooks.append(Dropping(hook, *dropping, site.streams.bits) if dropping else hook)
        return tuple(hooks)

    def _set_lr(self) -> None:
        lr = self.population.optimizer.lr
        reduction = self._schedule_state.get("reduction", np.ones(len(lr))).astype(lr.dtype)
        in_force = lr * lr.dtype.type(self._lr_factor) * reduction
        self.lr = in_force[:, None]
        self._update_lr = over(in_force, self.values)
        for site in self._sites.values():
            site.lr, site.scratch, site.penalties = self.lr, self._scratch, self._penalties
            site.factor = reduction[:, None] * lr.dtype.type(self._lr_factor)
            site.images = self._seen

    def train_epoch(self, epoch: int, record: bool, exact: bool = True) -> tuple[Array, Array]:
        """One epoch, counted from 1. What was minimised on its batches and the penalty's part of it, both (R,).

        The penalty of the weights is computed where `record` asks for it; else it is left out of both. Not `exact`: the
        loss may be another that is finite where it is.
        """
        self.set_factor(epoch)
        self._penalties.fill(0)
        self._losses = LOSSES if exact else ROUGH_LOSSES
        losses, seen = [], 0
        for batch in self._batches.epoch():
            if self.step == self.population.training.steps:
                break
            samples = batch.y.shape[2]
            seen += samples
            self.step += 1
            for site in self._sites.values():
                site.epoch, site.step, site.samples = epoch, self.step, samples
            losses.append(self._train_batch(batch, samples, record, exact))
        loss = reduce(np.add, losses) / seen
        penalty = self._penalties / seen
        return loss + penalty, penalty

    def train_epochs(self, epoch: int, most: int) -> Array | None:
        """Several epochs from this one on, none of which is recorded, if there are several steps that are compiled.

        What was minimised in each, (epochs, R), but for penalties; a network stays as the first one leaves it that is
        not finite. None where nothing was done.
        """
        in_one_batch = self._batches.size == self._batches.n and self.population.training.steps is None
        ahead = self._ahead(self._batches.n, exact=False) if in_one_batch else None
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

    def _ahead(self, size: int, exact: bool) -> Ahead | None:
        """Steps on batches of a size as one call, if nothing happens in them that Python has to be asked for."""
        if (size, exact) not in self._aheads:
            batch, adding = self._batches.buffers(size), self._acting["add_gradient"]
            acting = {name for name in OUTSIDE if self._acting[name]}
            found = None
            if batch.weight is None and self._rho is None and acting <= COMPILED:
                found = Ahead(
                    self._networks[size], batch.y, self.population.task, self.population.optimizer, self.values,
                    self.gradient, self.memory, self.is_weight,
                    [member.gradient_calls(self.values, self.gradient, at) for member, at in adding],
                    self.layout.products, exact,
                )  # fmt: skip
            self._aheads[size, exact] = found if found and found.calls else None
        return self._aheads[size, exact]

    def _train_batch(self, batch: Batch, samples: int, record: bool, exact: bool) -> Array:
        """One step. The loss of the batch in training mode, summed over its samples, (R,)."""
        network = self._networks[samples]
        x, y, weight = network.into, batch.y, batch.weight
        if self._acting["on_batch"] or self._acting["on_inputs"]:
            x, y, weight = self.entering(batch)
        if self._acting["on_inputs"]:
            x = self._other_inputs(network, x, y, weight)
        # Where penalties are added to the gradient of the loss in the same call, its norm cannot be asked for.
        ahead = None if record and self._acting["add_gradient"] else self._ahead(samples, exact)
        if ahead:
            if record:
                self._add_penalties(samples)
            ahead.prepare(0, self._update_lr, self.step)
            (loss,) = ahead.make(1)
            if record:
                self.first_layer_gradient_norm = first_layer_gradient_norm(self.layout, self.gradient)
            return np.asarray(loss)
        backward = self._backward if self._rho is None else self._backward_nearby
        loss = backward(network, x, y, weight)
        if record:
            self.first_layer_gradient_norm = first_layer_gradient_norm(self.layout, self.gradient)
            self._add_penalties(samples)
        for member, site in self._acting["add_gradient"]:
            member.add_gradient(self.values, self.gradient, site)
        for member, site in self._acting["on_gradient"]:
            member.on_gradient(self.values, self.gradient, site)
        self._update(self._update_lr, self.step)
        for member, site in self._acting["on_step"]:
            member.on_step(self.values, site)
        return loss

    def _add_penalties(self, samples: int) -> None:
        for member, site in self._acting["penalty"]:
            self._penalties += member.penalty(self.values, site) * samples

    def entering(self, batch: Batch) -> tuple[Array, Array, Array | None]:
        """What a step sees of a batch, changed by the members of the stack: x (R, D, B), y (R, K, B), weight (R, B)."""
        x, y, weight = batch.x[:, :-1], batch.y, batch.weight
        for member, site in self._acting["on_batch"]:
            site.row_weight = weight
            x, y = member.on_batch(x, y, site)
            weight = site.row_weight
        return x, y, weight

    def _other_inputs(self, network: Network, x: Array, y: Array, weight: Array | None) -> Array:
        """The inputs that members make of those of a step, whose loss goes up and down with them; the rest stays."""
        for site in self._sites.values():
            site.streams.record()
        here, penalties = self.values.copy(), self._penalties.copy()
        self._backward(network, x, y, weight)
        np.copyto(self.values, here)  # running statistics
        np.copyto(self._penalties, penalties)
        for site in self._sites.values():
            site.streams.replay()
        for member, site in self._acting["on_inputs"]:
            x = member.on_inputs(x, network.of_inputs, site)
        return x

    def _backward(self, network: Network, x: Array, y: Array, weight: Array | None) -> Array:
        """The gradient of the loss at the parameters as they are. The loss, summed over the samples, (R,).

        weight: (R, B), by which each sample's loss is multiplied, if any.
        """
        z = network.forward(x)
        per_sample, gradient = self._losses[self.population.task](z, y, True)
        assert gradient is not None
        if weight is not None:
            per_sample = per_sample * weight
            gradient *= weight[:, None]
        network.backward(gradient)
        return np.asarray(np.add.reduce(per_sample, axis=1))

    def _backward_nearby(self, network: Network, x: Array, y: Array, weight: Array | None) -> Array:
        """The same, but with the gradient taken a distance rho uphill, on the same batch with the same masks.

        Sharpness-aware minimisation, Foret et al. 2021, algorithm 1. Uphill is along the gradient of the loss; those of
        penalties of the weights are taken where the step starts.
        """
        assert self._rho is not None
        for site in self._sites.values():
            site.streams.record()
        loss = self._backward(network, x, y, weight)
        here, penalties = self.values.copy(), self._penalties.copy()
        norm = norms(self.gradient)[:, None]
        distance = np.divide(self._rho, norm, out=np.zeros_like(norm), where=norm > 0)
        self.values += np.multiply(self.gradient, distance, out=self._scratch)
        for site in self._sites.values():
            site.streams.replay()
        self._backward(network, x, y, weight)
        np.copyto(self.values, here)
        np.copyto(self._penalties, penalties)
        return loss

    def with_features_dropped(self, x: Array) -> Array:
        """Inputs, (R, D, n), as what drops units leaves them; nothing else that acts on batches does."""
        for member, site in self._acting["on_batch"]:
            if member.drops_units:
                x, _ = member.on_batch(x, x, site)
        return x

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
        networks = {size: Network(self.layout, values, self._inputs(size), stack, nothing) for size in sizes}
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
        self._aheads.clear()
        self._set_lr()


def _same(member: Regularizer, other: Regularizer | None) -> bool:
    """Whether two members of a population are of one kind with equal settings."""
    if other is None or type(member) is not type(other):
        return False
    return all(np.array_equal(getattr(member, field), getattr(other, field)) for field in parameters(type(member)))
