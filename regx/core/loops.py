"""The elementwise work of a training step, one loop each: what numba compiles for `kernels`.

Each does what the NumPy code beside its caller does, operation by operation, so that both round alike: nothing is
reordered or contracted, and no number is of another precision than REAL, the one that is computed in.

An F points to numbers of that precision, a B to bools, a U2 to 16-bit integers. R networks with n numbers each lie one
behind the other; where a `step` is given, so many numbers from one network's first to the next one's. Of C channels
with L numbers each likewise.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

F: TypeAlias = Any
B: TypeAlias = Any
U2: TypeAlias = Any
REAL: Any = np.float32  # `kernels` compiles all for float64 too


def adam(
    values: F, gradient: F, mean: F, square: F, beta1: F, beta2: F, R: int, n: int, size: F, eps: F
) -> None:  # fmt: skip
    for r in range(R):
        keep1, keep2, step, small = beta1[r], beta2[r], size[r], eps[r]
        for i in range(r * n, r * n + n):
            g = gradient[i]
            mean[i] = mean[i] * keep1 + g
            square[i] = square[i] * keep2 + g * g
            values[i] -= mean[i] / (np.sqrt(square[i]) + small) * step


def decay(values: F, is_weight: F, R: int, n: int, share: F) -> None:
    for r in range(R):
        for i in range(n):
            values[r * n + i] *= REAL(1) - share[r] * is_weight[i]


def rmsprop(values: F, gradient: F, square: F, alpha: F, rest: F, eps: F, R: int, n: int, lr: F) -> None:
    for r in range(R):
        keep, new, small, step = alpha[r], rest[r], eps[r], lr[r]
        for i in range(r * n, r * n + n):
            g = gradient[i]
            square[i] = square[i] * keep + g * g * new
            values[i] -= g / (np.sqrt(square[i]) + small) * step


def sgd(values: F, gradient: F, R: int, n: int, lr: F) -> None:
    for r in range(R):
        step = lr[r]
        for i in range(r * n, r * n + n):
            values[i] -= gradient[i] * step


def momentum(values: F, gradient: F, velocity: F, share: F, ahead: int, R: int, n: int, lr: F) -> None:
    for r in range(R):
        keep, step = share[r], lr[r]
        for i in range(r * n, r * n + n):
            velocity[i] = velocity[i] * keep + gradient[i]
            if ahead:
                values[i] -= (velocity[i] * keep + gradient[i]) * step
            else:
                values[i] -= velocity[i] * step


def add_product(total: F, one: F, other: F, n: int) -> None:
    for i in range(n):
        total[i] += one[i] * other[i]


def shrink(values: F, thresholds: F, n: int) -> None:
    for i in range(n):
        v, t = values[i], thresholds[i]
        clipped = v if v > -t or v != v else -t
        clipped = clipped if clipped < t or clipped != clipped else t
        values[i] = v - clipped


def rectify(z: F, step: int, slope: B, R: int, n: int) -> None:
    for r in range(R):
        for i in range(n):
            v = z[r * step + i]
            slope[r * n + i] = v > REAL(0)
            z[r * step + i] = v if v > REAL(0) or v != v else REAL(0)


def gate(slope: B, n: int, gradient: F) -> None:
    for i in range(n):
        gradient[i] *= REAL(slope[i])


def drop(least: U2, scale: F, mask: F, R: int, n: int, h: F, step: int, bits: U2, step_bits: int) -> None:
    for r in range(R):
        reach, kept = least[r], scale[r]
        for i in range(n):
            m = kept if bits[r * step_bits + i] >= reach else REAL(0)
            mask[r * n + i] = m
            h[r * step + i] *= m


def outer(column: F, step: int, out: F, R: int, n: int, samples: int, row: F) -> None:
    for r in range(R):
        for k in range(n):
            weight, at = column[r * step + k], (r * n + k) * samples
            for i in range(samples):
                out[at + i] = weight * row[r * samples + i]


def centre(centred: F, squares: F, R: int, C: int, L: int, z: F, step: int, mean: F) -> None:
    for r in range(R):
        for c in range(C):
            at, own = (r * C + c) * L, mean[r * C + c]
            for i in range(L):
                off = z[r * step + c * L + i] - own
                centred[at + i] = off
                squares[at + i] = off * off


def stretch(
    scaled: F, gain: F, offset: F, own_step: int, R: int, C: int, L: int, z: F, step: int, inverse: F
) -> None:  # fmt: skip
    for r in range(R):
        for c in range(C):
            at, by = (r * C + c) * L, inverse[r * C + c]
            g, o = gain[r * own_step + c], offset[r * own_step + c]
            for i in range(L):
                scaled[at + i] *= by
                z[r * step + c * L + i] = scaled[at + i] * g + o


def through_gain(gain: F, own_step: int, scaled: F, work: F, R: int, C: int, L: int, gradient: F) -> None:
    for r in range(R):
        for c in range(C):
            g = gain[r * own_step + c]
            for i in range((r * C + c) * L, (r * C + c) * L + L):
                gradient[i] *= g
                work[i] = gradient[i] * scaled[i]


def through_statistics(scaled: F, rows: int, L: int, gradient: F, mean: F, along: F, inverse: F) -> None:
    for row in range(rows):
        m, a, by = mean[row], along[row], inverse[row]
        for i in range(row * L, row * L + L):
            gradient[i] = (gradient[i] - m - scaled[i] * a) * by


def standardise(
    mean: F, offset: F, own_step: int, R: int, C: int, L: int, factor: F, z: F, step: int
) -> None:  # fmt: skip
    for r in range(R):
        for c in range(C):
            m, o, by = mean[r * own_step + c], offset[r * own_step + c], factor[r * C + c]
            for i in range(r * step + c * L, r * step + c * L + L):
                z[i] = (z[i] - m) * by + o


def cross_entropy(z: F, y: F, e: F, log: F, R: int, B: int) -> None:
    # The gradient takes the place of e, and the loss that of log.
    share = REAL(1.0 / B)
    for i in range(R * B):
        v, small = z[i], e[i]
        log[i] = (v if v > REAL(0) or v != v else REAL(0)) - v * y[i] + log[i]
        e[i] = ((REAL(1) if v >= REAL(0) else small) / (REAL(1) + small) - y[i]) * share


LOOPS = (
    adam, decay, rmsprop, sgd, momentum, add_product, shrink, rectify, gate, drop, outer, centre,
    stretch, through_gain, through_statistics, standardise, cross_entropy,
)  # fmt: skip
