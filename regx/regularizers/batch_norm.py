from collections.abc import Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from regx.core import loops
from regx.core.kernels import Call, call, product
from regx.core.regularizer import Array, Stage, choice, number, over
from regx.regularizers.normalisation import Normalisation, Normalise, Shape


class BatchNorm(Normalisation):
    """y = gain·(z - μ)/√(σ² + eps) + offset, each unit by mean and biased variance of the batch.
    After a convolution it is each channel, over all its places.

    A layer of the network, after the product and before the activation of every hidden layer unless `position: after`.
    Evaluation uses running statistics: running <- (1 - momentum)·running + momentum·batch, which begin at 0 and 1;
    the variance of m samples goes in times m/(m - 1), so that it is unbiased. The
    smaller the batch the noisier its statistics, which is what regularizes; with all samples in one batch there is no
    such noise. A last batch of one sample is joined to the one before. Gain and offset are learned, from 1 and 0, and
    never penalised.

    Update: the gradient loses its mean and its part along the normalised values, and is divided by σ.
    Usual: momentum 0.1, batches of 32 or more.
    Example: eps 0.00001: batch [1, 3, 5] give batch [-1.225, 0, 1.225].

    Elsewhere: momentum is the weight of the new, as in PyTorch; Keras' is that of the old, 0.9 for our 0.1, and it puts
    the biased variance into the running one, as the code of 001 of the lessons does.
    """

    kind = "batch_norm"
    source = "Ioffe & Szegedy 2015, Batch Normalization, algorithms 1 and 2"
    uses_batch = True

    least_batch = 2  # one row is its own mean: nothing of the inputs would be left

    momentum: Array = number(0.1, gt=0, le=1, help="weight of the new batch in the running statistics")
    eps: Array = number(1e-5, gt=0, help="added to the variance")
    position: str = choice("before", ("before", "after"), help="where it stands, before or after the activation")

    def of_last_batch(self) -> Self:
        return replace(self, momentum=np.ones_like(self.momentum))

    def own_tensors(self, width: int) -> dict[str, tuple[float, bool]]:
        return {**super().own_tensors(width), "running_mean": (0, False), "running_variance": (1, False)}

    def stage(self, own: Mapping[str, Array], gradients: Mapping[str, Array] | None, shape: Shape) -> Stage:
        if gradients is None:
            return _Running(self.eps, own, shape)
        return _OfBatch(self.momentum, self.eps, own, gradients, shape)


Calls = tuple[list[Call], Array]  # as `regx.nn.chain` has them


class _OfBatch(Normalise):
    """By the statistics of the batch, which go into the running ones."""

    enters = None

    def __init__(
        self, momentum: Array, eps: Array, own: Mapping[str, Array], gradients: Mapping[str, Array],
        shape: Shape,
    ) -> None:  # fmt: skip
        super().__init__(None, eps, own, gradients, shape)
        self._values = shape[2] * shape[3]
        self._momentum = over(momentum, own["running_mean"])
        rows, dtype = (*shape[:2], 1), self._scaled.dtype
        self._statistics = [np.empty(rows, dtype) for _ in range(2)]
        self._inverses = np.empty(rows, dtype)
        self._ones = np.broadcast_to(self._over_samples, (shape[0], *self._over_samples.shape))

    def calls(self, z: Array) -> Calls:
        if self._values == 1:
            return [], z
        own, dtype, apart, sizes = self._own, z.dtype, self._apart(z), self._by_channel[1:]
        mean, variance = self._statistics
        scaled, work, inverse = self._scaled, self._work, self._inverses
        self._inverse = inverse
        unbiased = np.full(1, self._values / (self._values - 1), dtype).reshape(())
        running = own["running_mean"], own["running_variance"]
        return [
            *product(apart, self._ones, mean), *call(loops.centre, dtype, scaled, work, *sizes, z, mean),
            *product(self._apart(work), self._ones, variance),
            *call(
                loops.take_statistics, dtype, mean, variance, self._momentum, unbiased, *running,
                over(self._eps, z), inverse, sizes[0],
            ),
            *call(loops.stretch, dtype, scaled, own["gain"], own["offset"], *sizes, z, inverse),
        ], z  # fmt: skip

    def calls_back(self, gradient: Array) -> Calls:
        if self._values == 1 or self._gradients is None:
            return [], gradient
        dtype, apart, sizes = gradient.dtype, self._apart(gradient), self._by_channel[1:]
        scaled, work, (mean, along) = self._scaled, self._work, self._statistics
        of_scaled = self._apart(work)
        return [
            *call(loops.product, dtype, gradient, scaled, work, work[0].size),
            *product(of_scaled, self._ones, mean), *product(apart, self._ones, along),
            *call(loops.from_means, dtype, mean, self._gradients["gain"], *sizes),
            *call(loops.from_means, dtype, along, self._gradients["offset"], *sizes),
            *call(loops.through_gain, dtype, self._own["gain"], scaled, work, *sizes, gradient),
            *product(apart, self._ones, mean), *product(of_scaled, self._ones, along),
            *call(loops.through_statistics, dtype, scaled, *sizes, gradient, mean, along, self._inverses),
        ], gradient  # fmt: skip

    def seen(self, mean: Array | None, variance: Array) -> None:
        assert mean is not None
        if self._values == 1:
            return  # a variance of 0 says nothing of the unit's
        unbiased = variance * variance.dtype.type(self._values / (self._values - 1))
        for name, value in (("running_mean", mean), ("running_variance", unbiased)):
            running = self._own[name]
            running += self._momentum * (value[:, :, 0] - running)


class _Running:
    """By the running statistics."""

    enters = None

    def __init__(self, eps: Array, own: Mapping[str, Array], shape: Shape) -> None:
        self._eps, self._own = eps, own
        replicas, channels, places, samples = shape
        self._by_channel = (replicas, channels, places * samples)

    def forward(self, z: Array) -> Array:
        own = {name: array[:, :, None] for name, array in self._own.items()}
        factor = own["gain"] / np.sqrt(own["running_variance"] + over(self._eps, z))
        by_channel = z.reshape(self._by_channel)
        by_channel -= own["running_mean"]
        by_channel *= factor
        by_channel += own["offset"]
        return z

    def calls(self, z: Array) -> Calls:
        own, sizes = self._own, self._by_channel[1:]
        factor = np.empty(self._by_channel[:2], z.dtype)
        eps = over(self._eps, z)
        return [
            *call(loops.factors, z.dtype, own["gain"], own["running_variance"], eps, factor, sizes[0]),
            *call(loops.standardise, z.dtype, own["running_mean"], own["offset"], *sizes, factor, z),
        ], z

    def calls_back(self, gradient: Array) -> Calls:
        return [], gradient

    def pullback(self, gradient: Array) -> Array:
        raise AssertionError("evaluation has no backward pass")
