"""What batch, layer and RMS norm share: hidden values scaled to a mean square of 1 along an axis."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regx.core.arrays import Array, over

OVER_FEATURES, OVER_BATCH = 1, 2


class Normalise:
    """y = gain·x̂ + offset with x̂ = (z - mean)/√(variance + eps), mean and variance over one axis of (R, H, B).

    Without an offset there is no mean either, and the mean square stands for the variance. eps: (R,).
    own, gradients: views (R, H) of gain and offset and of their gradients.
    """

    def __init__(
        self, axis: int, eps: Array, own: Mapping[str, Array], gradients: Mapping[str, Array] | None,
        shape: tuple[int, int, int],
    ) -> None:  # fmt: skip
        self._own, self._gradients = own, gradients
        dtype = own["gain"].dtype
        _, units, samples = shape
        # Means are products with a vector: NumPy's own reductions of short axes take five times as long.
        self._over_batch = np.full((samples, 1), 1 / samples, dtype)
        self._over_features = np.full((1, units), 1 / units, dtype) if axis == OVER_FEATURES else None
        self._scaled = np.empty(shape, dtype)  # x̂, which the pullback needs
        self._work = np.empty(shape, dtype)
        self._eps = over(eps, self._scaled)
        self._gain = own["gain"][:, :, None]
        self._offset = own["offset"][:, :, None] if "offset" in own else None

    def forward(self, z: Array) -> Array:
        """(R, H, B) -> (R, H, B), in place."""
        mean = self._mean(z) if self._offset is not None else None
        centred = z if mean is None else np.subtract(z, mean, out=self._scaled)
        variance = self._mean(np.multiply(centred, centred, out=self._work))
        self.seen(mean, variance)
        self._inverse = 1 / np.sqrt(variance + self._eps)
        np.multiply(centred, self._inverse, out=self._scaled)
        np.multiply(self._scaled, self._gain, out=z)
        if self._offset is not None:
            np.add(z, self._offset, out=z)
        return z

    def seen(self, mean: Array | None, variance: Array) -> None:
        """Called with the statistics of every batch. Batch norm remembers them."""

    def pullback(self, gradient: Array) -> Array:
        """(R, H, B) -> (R, H, B), in place; writes the gradients of gain and offset."""
        assert self._gradients is not None
        of_gain = np.matmul(np.multiply(gradient, self._scaled, out=self._work), self._over_batch)
        self._gradients["gain"][:] = of_gain[:, :, 0] * gradient.shape[2]
        if self._offset is not None:
            self._gradients["offset"][:] = np.matmul(gradient, self._over_batch)[:, :, 0] * gradient.shape[2]
        gradient *= self._gain
        along = self._mean(np.multiply(gradient, self._scaled, out=self._work))
        if self._offset is not None:
            gradient -= self._mean(gradient)
        gradient -= np.multiply(self._scaled, along, out=self._work)
        gradient *= self._inverse
        return gradient

    def _mean(self, values: Array) -> Array:
        if self._over_features is None:
            return np.asarray(np.matmul(values, self._over_batch))
        return np.asarray(np.matmul(self._over_features, values))
