"""What batch, layer, group and RMS norm share: hidden values scaled to a mean square of 1."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from regx.core.regularizer import Array, Regularizer, Stage, over

Shape = tuple[int, int, int, int]  # networks, channels, places of each, samples


class Normalisation(Regularizer):
    """A norm: its place is before the activation or after it, and it has a gain and an offset.

    It declares no parameter itself, so that each norm has its own in its own order, `position` among them.
    """

    if TYPE_CHECKING:
        eps: Array
        position: str

    @property
    def before_activation(self) -> bool:
        return self.position == "before"

    def own_tensors(self, width: int) -> dict[str, tuple[float, bool]]:
        return {"gain": (1, True), "offset": (0, True)}

    def stage(self, own: Mapping[str, Array], gradients: Mapping[str, Array] | None, shape: Shape) -> Stage:
        return Normalise(getattr(self, "groups", 1), self.eps, own, gradients, shape)


class Normalise:
    """y = gain·x̂ + offset with x̂ = (z - mean)/√(variance + eps), of hidden values (R, C·S, B), C channels of S places.

    Mean and variance are those of a channel over places and samples, or with `groups` those of a sample over each so
    many groups of channels and their places. Without an offset there is no mean either, and the mean square stands for
    the variance. Gain and offset belong to a channel. The units of a dense layer are channels of one place.
    eps: (R,). own, gradients: views (R, C) of gain and offset and of their gradients.
    """

    def __init__(
        self, groups: int | None, eps: Array, own: Mapping[str, Array], gradients: Mapping[str, Array] | None,
        shape: Shape,
    ) -> None:  # fmt: skip
        self._own, self._gradients = own, gradients
        dtype = own["gain"].dtype
        replicas, channels, places, samples = shape
        self._by_channel = (replicas, channels, places * samples)
        # Means are products with a vector: NumPy's own reductions of short axes take five times as long.
        self._over_samples = np.full((places * samples, 1), 1 / (places * samples), dtype)
        self._over_features = self._by_group = None
        if groups is not None:
            members = channels // groups * places
            self._by_group = (replicas, groups, members, samples)
            self._over_features = np.full((1, members), 1 / members, dtype)
        self._scaled = np.empty((replicas, channels * places, samples), dtype)  # x̂, which the pullback needs
        self._work = np.empty_like(self._scaled)
        self._eps = eps
        self._gain = own["gain"][:, :, None]
        self._offset = own["offset"][:, :, None] if "offset" in own else None

    def forward(self, z: Array) -> Array:
        """(R, C·S, B) -> (R, C·S, B), in place."""
        apart, scaled, work = (self._apart(values) for values in (z, self._scaled, self._work))
        mean = self._mean(apart) if self._offset is not None else None
        centred = apart if mean is None else np.subtract(apart, mean, out=scaled)
        variance = self._mean(np.multiply(centred, centred, out=work))
        self.seen(mean, variance)
        self._inverse = 1 / np.sqrt(variance + over(self._eps, variance))
        np.multiply(centred, self._inverse, out=scaled)
        by_channel = z.reshape(self._by_channel)
        np.multiply(self._scaled.reshape(self._by_channel), self._gain, out=by_channel)
        if self._offset is not None:
            by_channel += self._offset
        return z

    def seen(self, mean: Array | None, variance: Array) -> None:
        """Called with the statistics of every batch. Batch norm remembers them."""

    def pullback(self, gradient: Array) -> Array:
        """(R, C·S, B) -> (R, C·S, B), in place; writes the gradients of gain and offset."""
        assert self._gradients is not None
        of_all, by_channel = self._by_channel[2], gradient.reshape(self._by_channel)
        work = self._work.reshape(self._by_channel)
        np.multiply(by_channel, self._scaled.reshape(self._by_channel), out=work)
        self._gradients["gain"][:] = np.matmul(work, self._over_samples)[:, :, 0] * of_all
        if self._offset is not None:
            self._gradients["offset"][:] = np.matmul(by_channel, self._over_samples)[:, :, 0] * of_all
        by_channel *= self._gain
        apart, scaled, work = (self._apart(values) for values in (gradient, self._scaled, self._work))
        along = self._mean(np.multiply(apart, scaled, out=work))
        if self._offset is not None:
            apart -= self._mean(apart)
        apart -= np.multiply(scaled, along, out=work)
        apart *= self._inverse
        return gradient

    def _apart(self, values: Array) -> Array:
        """The view of (R, C·S, B) along whose axis the means are: (R, C, S·B), or (R, groups, C·S/groups, B)."""
        return values.reshape(self._by_channel if self._by_group is None else self._by_group)

    def _mean(self, values: Array) -> Array:
        if self._over_features is None:
            return np.asarray(np.matmul(values, self._over_samples))
        return np.asarray(np.matmul(self._over_features, values))
