"""The protocol of a regularizer: one small frozen dataclass that overrides hooks at the sites where it can act.

    site      value                           hook            who acts there
    data      the training split, once        on_data         minority interpolation
    batch     x (R, D, B), y (R, K, B)        on_batch        input noise, mixup, label smoothing
    inputs    x (R, D, B) and its gradient    on_inputs       adversarial training
    weight    one weight matrix (R, in, out)  on_weight       DropConnect, weight noise
    hidden    h (R, H, B)                     on_hidden       dropout, activity penalty
    branch    residual branch (R, H, B)       on_branch       stochastic depth
    logits    z (R, K, B)                     on_logits       confidence penalty
    loss      all parameters (R, P)           penalty,        L1, L2, group lasso
                                              add_gradient
    gradient  parameters and gradient (R, P)  on_gradient     clipping, gradient noise, decoupled decay
    step      parameters after the update     on_step         proximal L1, max-norm
    epoch     scores (R,)                     on_epoch        early stopping
    finish    parameters (R, P)               on_finish       restore the best, use the average

Hooks on the forward path return `(value, pullback)`: the pullback takes the gradient of the loss with respect to the
value and returns it with respect to what came in, so the backward pass is the pullbacks in reverse order. A hook that
penalises what it sees returns it unchanged, reports `at.add_penalty(amount)` and adds its gradient in the pullback.

A hook may write into what it is given and return it; what an activation needs later it has put aside. A regularizer
holds no state of its own: what must last is in `at.state`. None of this exists at evaluation.

What exists at evaluation too is a layer of the network, though it is written in the stack: batch, layer and RMS norm
override `stage` and no hook. Only what weakens a network in training, and does not make up for it there, has `at_rest`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

import numpy as np

from regx.core.arrays import Array, Tensor, norms, norms_along, over
from regx.core.component import Component
from regx.core.images import SeenImages
from regx.core.kernels import Call
from regx.core.parameters import choice, chosen_layers, flag, integer, number
from regx.core.streams import LEVELS, Streams

# What a regularizer's file imports from here: the protocol, its parameters, and arrays.
__all__ = [
    "CROSS_FITTED", "LEVELS", "NO_VALIDATION", "Array", "Pullback", "Regularizer", "Scores", "Site", "Stage", "choice",
    "chosen_layers", "flag", "integer", "norms", "norms_along", "number", "over",
]  # fmt: skip

NO_VALIDATION = (
    "it needs a validation split, found none: set dataset.val_fraction or dataset.n_val, or let it look at the test "
    "split with --peek"
)
CROSS_FITTED = "cross_fitted_loss"  # the diagnostic by which what stopped early is chosen, and not by its least loss

Pullback = Callable[[Array], Array]


@dataclass
class Site:
    """What a hook may use: its own random streams, its own state, and where training stands.

    `streams` and `state` belong to one regularizer of one population. The arrays in `state` have the networks as
    their first axis and shrink with the population.
    """

    streams: Streams
    task: str  # regression, binary or multiclass
    epochs: int  # that will be trained
    depth: int  # hidden layers
    # The weight matrices that it acts on, from the input on; shared ones once.
    weights: tuple[Tensor, ...]
    is_weight: Array  # (P,), 1 at their weights, 0 at biases, gains and offsets
    is_trained: Array  # (P,), 1 at what gradients change, 0 at running statistics
    scratch: Array  # (R, P), which any hook may overwrite
    lr: Array  # (R, 1), the learning rate in force
    factor: Array = field(default_factory=lambda: np.ones((1, 1)))  # (R, 1), the schedule's, on the configured rate
    # What the last update multiplied gradients by: (R, 1), or (R, P) where the optimizer has a step for each parameter.
    rate: Callable[[], Array] = field(default=lambda: np.empty(0))
    channels: tuple[int, ...] = ()  # of the image that each hidden layer hands on; 0 of a dense layer
    images: SeenImages | None = None  # what the inputs are, where they are images
    epoch: int = 0
    step: int = 0  # counted from 1 over all epochs
    layer: int = 0  # counted from 0 at the input
    samples: int = 0  # of the batch
    # How much each sample counts, (R, B), where not all count the same; `on_batch` may put another array here.
    row_weight: Array | None = None
    state: dict[str, Array] = field(default_factory=dict)
    penalties: Array | None = None  # (R,), what `add_penalty` has collected in this epoch, times samples

    def over_weights(self, values: Array) -> Array:
        """One value per network, (R,), at every weight and 0 at every other parameter: (R, P)."""
        return values[:, None].astype(self.scratch.dtype) * self.is_weight

    def add_penalty(self, amount: Array) -> None:
        """Report a penalty, (R,), of what a forward hook has seen, so that `objective` and `penalty` include it."""
        assert self.penalties is not None
        self.penalties += amount * self.samples


@dataclass(frozen=True)
class Scores:
    """How the networks stand after an evaluated epoch. Each (R,); the validation split only.

    loss_of_halves, accuracy_of_halves: (R, 2), of every other validation row and of those between. weighted_loss,
    weighted_of_halves: the losses with rows and classes weighing as in training; None where all weigh the same.
    """

    epoch: int
    val_loss: Array
    val_accuracy: Array | None
    loss_of_halves: Array
    accuracy_of_halves: Array | None
    weighted_loss: Array | None = None
    weighted_of_halves: Array | None = None

    @property
    def minimised(self) -> tuple[Array, Array]:
        """The validation loss that training lowers, and that of the halves: weighted where rows have weights."""
        if self.weighted_loss is None or self.weighted_of_halves is None:
            return self.val_loss, self.loss_of_halves
        return self.weighted_loss, self.weighted_of_halves


class Stage(Protocol):
    """A layer of the network over batches of a fixed size."""

    def forward(self, z: Array) -> Array:
        """(R, H, B) -> (R, H, B), in place."""

    def pullback(self, gradient: Array) -> Array:
        """(R, H, B) -> (R, H, B), writing the gradients of the layer's own parameters; in place."""


class Regularizer(Component):
    """Base of all regularizers. A subclass is final, has its `kind`, and overrides the hooks it needs.

    The hooks see the form for a population (`Component.of_population`).
    """

    reports: ClassVar[str] = ""  # why the parameters written by `on_finish` are the reported ones
    least_batch: ClassVar[int] = 1  # rows that a batch must have
    averages: ClassVar[bool] = False  # whether those are an average, of which running statistics are measured anew
    for_images: ClassVar[bool] = False  # whether it acts on images alone
    adds_penalty: ClassVar[bool] = False  # whether a hook calls `at.add_penalty`
    # Traits, by which others know what it does to a network without knowing its name.
    drops_units: ClassVar[bool] = False  # units or weights are missing in training alone
    decays: ClassVar[bool] = False  # weights shrink in proportion to their size
    clips: ClassVar[bool] = False  # the loss's gradient, which penalties then act beside in another proportion
    uses_batch: ClassVar[bool] = False  # what it computes for a row depends on the other rows of the batch
    steadies: ClassVar[bool] = False  # it is there for balance or steadiness, so what learns too little may keep it

    @property
    def on_layers(self) -> tuple[int, ...] | None:
        """The layers whose weights it acts on, as its `layers` names them; None for all."""
        return getattr(self, "layers", None)

    def unusable(self, task: str, n_val: int) -> str | None:
        """Why it cannot act on data of this task and with a validation split of `n_val` rows, or None if it can."""
        return None

    def begin(self, at: Site, values: Array) -> None:
        """Put what must last into `at.state`, before the first step. values: all parameters, (R, P)."""

    def on_data(self, x: Array, y: Array, task: str, rng: np.random.Generator) -> tuple[Array, Array]:
        """The rows to train on instead, before anything is trained: x (n, D), y (n, K), as configured, not vectors."""
        raise NotImplementedError

    def on_batch(self, x: Array, y: Array, at: Site) -> tuple[Array, Array]:
        """Change what a step sees: x (R, D, B), y (R, K, B). Must not write into them."""
        raise NotImplementedError

    def on_inputs(self, x: Array, gradient: Array, at: Site) -> Array:
        """Other inputs for a step than x, (R, D, B), whose gradient of the step's loss is given. Writes into neither.

        The step then takes the gradient anew, with the same masks.
        """
        raise NotImplementedError

    def on_weight(self, weight: Array, at: Site) -> tuple[Array, Pullback]:
        """Change a weight matrix (R, in, out) for one step. Must not write into it."""
        raise NotImplementedError

    def on_hidden(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        """Change the output of a hidden layer, (R, H, B)."""
        raise NotImplementedError

    def dropping(self, dtype: np.dtype[Any]) -> tuple[Array, Array] | None:
        """What random 16-bit integers must reach for a hidden value to be kept, and the factor of what is kept.

        Both (R, 1, 1), if `on_hidden` draws `at.streams.bits` for all values and does nothing else; else None.
        """
        return None

    def on_branch(self, h: Array, at: Site) -> tuple[Array, Pullback]:
        """Change the branch of a residual block, (R, H, B), before its input is added to it."""
        raise NotImplementedError

    def on_logits(self, z: Array, at: Site) -> tuple[Array, Pullback]:
        """See the network's output before the loss, (R, K, B)."""
        raise NotImplementedError

    def penalty(self, values: Array, at: Site) -> Array:
        """The penalty of all parameters, (R, P) -> (R,)."""
        raise NotImplementedError

    def add_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        """Add the penalty's gradient, where it is taken by gradient, to `gradient` (R, P)."""

    def gradient_calls(self, values: Array, gradient: Array, at: Site) -> list[Call]:
        """What `add_gradient` does, as calls of compiled loops; none where it must be asked itself."""
        return []

    def on_gradient(self, values: Array, gradient: Array, at: Site) -> None:
        """Change gradient or parameters, both (R, P), in place, before the optimizer's update."""

    def on_step(self, values: Array, at: Site) -> None:
        """Change the parameters (R, P) in place after the optimizer's update."""

    def on_epoch(self, values: Array, scores: Scores, at: Site) -> Array:
        """Which networks go on, (R,) bool, after an evaluated epoch."""
        raise NotImplementedError

    def facts(self, at: Site) -> dict[str, Array]:
        """What it knows of the networks whose parameters it reports, (R,) each, by names of `Trained.diagnostics`."""
        return {}

    def on_finish(self, values: Array, at: Site) -> Array | None:
        """Write the parameters to report into `values` (R, P). The epoch they are of, (R,), or None for the last one.

        Why those is said by `reports`.
        """
        raise NotImplementedError

    @property
    def copies(self) -> int:
        """How many copies of all parameters it keeps behind them, then a weight for each in the mean of predictions."""
        return 0

    def own_tensors(self, width: int) -> dict[str, tuple[float, bool]]:
        """What a layer adds to so many units or channels, (width,) each: first value, and whether it is trained."""
        return {}

    def stage(
        self, own: Mapping[str, Array], gradients: Mapping[str, Array] | None, shape: tuple[int, int, int, int]
    ) -> Stage | None:
        """The layer over hidden values (R, C·S, B), or None for all that are no layers.

        shape: R, C, S and B: networks, channels, places of each, samples; a dense layer's units are channels of one
        place. own, gradients: views (R, C) of its tensors and of their gradients, by name; no gradients at evaluation.
        """
        return None

    def at_rest(self, dtype: np.dtype[Any]) -> tuple[Array, Array] | None:
        """What inputs and hidden values are multiplied by where its hooks do not act, (R, 1, 1) each.

        None for those that leave nothing to make up for.
        """
        return None

    def of_last_batch(self) -> Self:
        """The same, but that its running statistics are those of the last batch alone."""
        return self

    @property
    def before_activation(self) -> bool:
        """Whether a layer stands before the activation rather than after it."""
        return True

    def hooks(self) -> tuple[str, ...]:
        """The hooks that act, by name. Overridden where a parameter chooses the hook."""
        return tuple(name for name in HOOKS if getattr(type(self), name) is not getattr(Regularizer, name))

    def static_key(self) -> tuple[object, ...]:
        """What networks must share to be trained in one population: static parameters, and the hooks that act."""
        return (*super().static_key(), self.hooks())


HOOKS = (
    "on_data", "on_batch", "on_inputs", "on_weight", "on_hidden", "on_branch", "on_logits", "penalty", "add_gradient",
    "on_gradient", "on_step", "on_epoch", "on_finish",
)  # fmt: skip
