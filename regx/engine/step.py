"""One training step on a batch: forward, loss, backward, what regularizers add, and the optimizer's update."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from regx.core.arrays import Array, norms, over
from regx.core.images import SeenImages
from regx.core.regularizer import Pullback, Regularizer, Site
from regx.engine.ahead import Ahead
from regx.engine.batches import Batch, Batches
from regx.engine.diagnostics import first_layer_gradient_norm
from regx.engine.population import Population
from regx.nn.layout import Layout
from regx.nn.losses import LOSSES, ROUGH_LOSSES
from regx.nn.network import Hooks, Network, laid_out_as
from regx.nn.stages import Dropping, Hook

# The hooks that a step calls itself; those of `Hooks` act within the network.
OUTSIDE = ("on_batch", "on_inputs", "penalty", "add_gradient", "on_gradient", "on_step")
# Those beside which a step may be one call from Python.
COMPILED = {"penalty", "add_gradient"}


def acting(
    stack: Sequence[Regularizer], sites: Mapping[str, Site], names: Sequence[str]
) -> dict[str, list[tuple[Regularizer, Site]]]:
    """The members that have hooks of these names, by name, in the order of the stack."""
    return {name: [(member, sites[member.kind]) for member in stack if name in member.hooks()] for name in names}


class TrainingStep:
    """What changes `values`, (R, P), and the optimizer's `memory` on a batch; it remembers nothing of its own.

    gradient: (R, P), of the last step. penalties: (R,), those of the steps that were recorded, times their samples.
    first_layer_gradient_norm: (R,), of the loss alone in the last step that was recorded.
    """

    def __init__(
        self, population: Population, layout: Layout, values: Array, memory: list[Array], sites: Mapping[str, Site],
        batches: Batches,
    ) -> None:  # fmt: skip
        self._population, self._layout, self._values, self._memory = population, layout, values, memory
        self._sites, self._batches = sites, batches
        self.gradient = np.zeros_like(values)
        self._scratch = np.empty_like(values)
        self.penalties = np.zeros(len(values), values.dtype)
        self.first_layer_gradient_norm = np.full(len(values), np.nan)
        images = [population.datasets[index].images for index in population.which]
        seen = SeenImages.of_networks([one for one in images if one], values.dtype) if images[0] else None
        for site in sites.values():
            site.scratch, site.penalties, site.images = self._scratch, self.penalties, seen
        optimizer = population.optimizer
        self._is_weight = layout.is_weight(values.dtype)
        self._update = optimizer.update(values, self.gradient, memory, self._scratch, self._is_weight)
        self._rho = over(optimizer.sam, values) if np.any(optimizer.sam) else None
        self._acting = acting(population.stack, sites, OUTSIDE)
        self.hooks = Hooks(*(self._hooks(name) for name in ("on_weight", "on_hidden", "on_branch", "on_logits")))
        self._networks = {
            size: Network(
                layout, values, self.inputs(size), population.stack, self.gradient, self.hooks,
                bool(self._acting["on_inputs"]),
            )
            for size in batches.sizes()
        }  # fmt: skip
        self._aheads: dict[tuple[int, bool], Ahead | None] = {}

    def make(self, batch: Batch, lr: Array, number: int, record: bool, exact: bool) -> Array:
        """Make the step of this number, from 1. The loss of the batch in training mode, summed over its samples, (R,).

        lr: (R, 1). record: whether penalties and the norm of the gradient are measured. Not `exact`: the loss may be
        another that is finite where it is.
        """
        samples, self._losses = batch.y.shape[2], LOSSES if exact else ROUGH_LOSSES
        network = self._networks[samples]
        x, y, weight = network.into, batch.y, batch.weight
        if self._acting["on_batch"] or self._acting["on_inputs"]:
            x, y, weight = self.entering(batch)
        if self._acting["on_inputs"]:
            x = self._other_inputs(network, x, y, weight)
        # Where penalties are added to the gradient of the loss in the same call, its norm cannot be asked for.
        ahead = None if record and self._acting["add_gradient"] else self.ahead(samples, exact)
        if ahead:
            if record:
                self._add_penalties(samples)
            ahead.prepare(0, lr, number)
            (loss,) = ahead.make(1)
            if record:
                self.first_layer_gradient_norm = first_layer_gradient_norm(self._layout, self.gradient)
            return np.asarray(loss)
        backward = self._backward if self._rho is None else self._backward_nearby
        loss = backward(network, x, y, weight)
        if record:
            self.first_layer_gradient_norm = first_layer_gradient_norm(self._layout, self.gradient)
            self._add_penalties(samples)
        for member, site in self._acting["add_gradient"]:
            member.add_gradient(self._values, self.gradient, site)
        for member, site in self._acting["on_gradient"]:
            member.on_gradient(self._values, self.gradient, site)
        self._update(lr, number)
        for member, site in self._acting["on_step"]:
            member.on_step(self._values, site)
        return loss

    def _add_penalties(self, samples: int) -> None:
        for member, site in self._acting["penalty"]:
            self.penalties += member.penalty(self._values, site) * samples

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
        here, penalties = self._values.copy(), self.penalties.copy()
        self._backward(network, x, y, weight)
        np.copyto(self._values, here)  # running statistics
        np.copyto(self.penalties, penalties)
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
        per_sample, gradient = self._losses[self._population.task](z, y, True)
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
        here, penalties = self._values.copy(), self.penalties.copy()
        norm = norms(self.gradient)[:, None]
        distance = np.divide(self._rho, norm, out=np.zeros_like(norm), where=norm > 0)
        self._values += np.multiply(self.gradient, distance, out=self._scratch)
        for site in self._sites.values():
            site.streams.replay()
        self._backward(network, x, y, weight)
        np.copyto(self._values, here)
        np.copyto(self.penalties, penalties)
        return loss

    def ahead(self, size: int, exact: bool) -> Ahead | None:
        """Steps on batches of a size as one call, if nothing happens in them that Python has to be asked for."""
        if (size, exact) not in self._aheads:
            batch, adding = self._batches.buffers(size), self._acting["add_gradient"]
            called = {name for name, members in self._acting.items() if members}
            found = None
            if batch.weight is None and self._rho is None and called <= COMPILED:
                found = Ahead(
                    self._networks[size], batch.y, self._population.task, self._population.optimizer, self._values,
                    self.gradient, self._memory, self._is_weight,
                    [member.gradient_calls(self._values, self.gradient, at) for member, at in adding],
                    self._layout.products, exact,
                )  # fmt: skip
            self._aheads[size, exact] = found if found and found.calls else None
        return self._aheads[size, exact]

    def inputs(self, size: int) -> Array:
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
        for member in self._population.stack:
            if name in member.hooks():
                site = self._sites[member.kind]
                hook = partial(call, member, site)
                dropping = member.dropping(self._values.dtype) if name == "on_hidden" else None
                hooks.append(Dropping(hook, *dropping, site.streams.bits) if dropping else hook)
        return tuple(hooks)

    def with_features_dropped(self, x: Array) -> Array:
        """Inputs, (R, D, n), as what drops units leaves them; nothing else that acts on batches does."""
        for member, site in self._acting["on_batch"]:
            if member.drops_units:
                x, _ = member.on_batch(x, x, site)
        return x
