"""The elementwise work of a training step, one loop each: what numba compiles for `kernels`.

Each does what the NumPy code beside its caller does, operation by operation, so that both round alike: nothing is
reordered or contracted, and no number is of another precision than REAL, the one that is computed in.

A loop is over the numbers of one network. An F points to numbers of that precision, a B to bools, a U2, an I8 and a U8
to integers of 16 and 64 bits; C channels with L numbers each lie one behind the other.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

F: TypeAlias = Any
B: TypeAlias = Any
U2: TypeAlias = Any
I8: TypeAlias = Any
U8: TypeAlias = Any
REAL: Any = np.float32  # `kernels` compiles all for float64 too


def adam(values: F, gradient: F, mean: F, square: F, beta1: F, beta2: F, n: int, size: F, eps: F) -> None:
    keep1, keep2, step, small = beta1[0], beta2[0], size[0], eps[0]
    for i in range(n):
        g = gradient[i]
        mean[i] = mean[i] * keep1 + g
        square[i] = square[i] * keep2 + g * g
        values[i] -= mean[i] / (np.sqrt(square[i]) + small) * step


def decay(values: F, is_weight: F, n: int, share: F) -> None:
    lost = share[0]
    for i in range(n):
        values[i] *= REAL(1) - lost * is_weight[i]


def rmsprop(values: F, gradient: F, square: F, alpha: F, rest: F, eps: F, n: int, lr: F) -> None:
    keep, new, small, step = alpha[0], rest[0], eps[0], lr[0]
    for i in range(n):
        g = gradient[i]
        square[i] = square[i] * keep + g * g * new
        values[i] -= g / (np.sqrt(square[i]) + small) * step


def sgd(values: F, gradient: F, n: int, lr: F) -> None:
    step = lr[0]
    for i in range(n):
        values[i] -= gradient[i] * step


def momentum(values: F, gradient: F, velocity: F, share: F, ahead: int, n: int, lr: F) -> None:
    keep, step = share[0], lr[0]
    for i in range(n):
        velocity[i] = velocity[i] * keep + gradient[i]
        if ahead:
            values[i] -= (velocity[i] * keep + gradient[i]) * step
        else:
            values[i] -= velocity[i] * step


def add_product(n: int, total: F, one: F, other: F) -> None:
    for i in range(n):
        total[i] += one[i] * other[i]


def shrink(n: int, values: F, thresholds: F) -> None:
    for i in range(n):
        v, t = values[i], thresholds[i]
        clipped = v if v > -t or v != v else -t
        clipped = clipped if clipped < t or clipped != clipped else t
        values[i] = v - clipped


def rectify(z: F, slope: B, n: int) -> None:
    for i in range(n):
        v = z[i]
        slope[i] = v > REAL(0)
        z[i] = v if v > REAL(0) or v != v else REAL(0)


def positive(z: F, n: int) -> None:
    for i in range(n):
        # + 0 changes no number that is kept; without it only some numbers are written, which takes 4 times as long.
        v = z[i] + REAL(0)
        z[i] = v if v > REAL(0) or v != v else REAL(0)


def gate(slope: B, n: int, gradient: F) -> None:
    for i in range(n):
        gradient[i] *= REAL(slope[i])


def drop(n: int, least: U2, scale: F, mask: F, h: F, bits: U2) -> None:
    reach, kept = least[0], scale[0]
    for i in range(n):
        m = kept if bits[i] >= reach else REAL(0)
        mask[i] = m
        h[i] *= m


def random_words(out: U8, n: int, state: U8) -> None:
    # NumPy's SFC64, in half the time where no function is called for each word. state: a, b, c and the counter.
    a, b, c, counter = state[0], state[1], state[2], state[3]
    for i in range(n):
        word = a + b + counter
        counter += np.uint64(1)
        a = b ^ (b >> np.uint64(11))
        b = c + (c << np.uint64(3))
        c = ((c << np.uint64(24)) | (c >> np.uint64(40))) + word
        out[i] = word
    state[0], state[1], state[2], state[3] = a, b, c, counter


def outer(column: F, out: F, n: int, samples: int, row: F) -> None:
    for k in range(n):
        weight, at = column[k], k * samples
        for i in range(samples):
            out[at + i] = weight * row[i]


def centre(centred: F, squares: F, C: int, L: int, z: F, mean: F) -> None:
    for c in range(C):
        own = mean[c]
        for i in range(c * L, c * L + L):
            off = z[i] - own
            centred[i] = off
            squares[i] = off * off


def stretch(scaled: F, gain: F, offset: F, C: int, L: int, z: F, inverse: F) -> None:
    for c in range(C):
        by, g, o = inverse[c], gain[c], offset[c]
        for i in range(c * L, c * L + L):
            scaled[i] *= by
            z[i] = scaled[i] * g + o


def through_gain(gain: F, scaled: F, work: F, C: int, L: int, gradient: F) -> None:
    for c in range(C):
        g = gain[c]
        for i in range(c * L, c * L + L):
            gradient[i] *= g
            work[i] = gradient[i] * scaled[i]


def through_statistics(scaled: F, C: int, L: int, gradient: F, mean: F, along: F, inverse: F) -> None:
    for c in range(C):
        m, a, by = mean[c], along[c], inverse[c]
        for i in range(c * L, c * L + L):
            gradient[i] = (gradient[i] - m - scaled[i] * a) * by


def take_statistics(
    mean: F, variance: F, momentum: F, unbiased: F, running_mean: F, running_variance: F, eps: F, inverse: F, C: int
) -> None:  # fmt: skip
    share = momentum[0]
    for c in range(C):
        running_mean[c] += share * (mean[c] - running_mean[c])
        running_variance[c] += share * (variance[c] * unbiased[0] - running_variance[c])
        inverse[c] = REAL(1) / np.sqrt(variance[c] + eps[0])


def product(one: F, other: F, out: F, n: int) -> None:
    for i in range(n):
        out[i] = one[i] * other[i]


def from_means(mean: F, out: F, C: int, L: int) -> None:
    for c in range(C):
        out[c] = mean[c] * REAL(L)


def factors(gain: F, variance: F, eps: F, out: F, C: int) -> None:
    for c in range(C):
        out[c] = gain[c] / np.sqrt(variance[c] + eps[0])


def gather(x: F, y: F, x_out: F, y_out: F, columns: int, outputs: int, size: int, largest: int, rows: I8) -> None:
    for i in range(size):
        row = rows[i]
        for k in range(columns):
            x_out[i * columns + k] = x[row * columns + k]
        for k in range(outputs):
            y_out[k * largest + i] = y[row * outputs + k]


def standardise(mean: F, offset: F, C: int, L: int, factor: F, z: F) -> None:
    for c in range(C):
        m, o, by = mean[c], offset[c], factor[c]
        for i in range(c * L, c * L + L):
            z[i] = (z[i] - m) * by + o


def squared_error(z: F, y: F, loss: F, gradient: F, n: int) -> None:
    share = REAL(2.0 / n)
    for i in range(n):
        off = z[i] - y[i]
        loss[i] = off * off
        gradient[i] = off * share


def minus_size(z: F, out: F, n: int) -> None:
    for i in range(n):
        out[i] = -abs(z[i])


def nothing(out: F, n: int) -> None:
    for i in range(n):
        out[i] = REAL(0)


def stop_unless_finite(loss: F, going_on: I8) -> None:
    if loss[0] - loss[0] != REAL(0):
        going_on[0] = 0


def cross_entropy(n: int, z: F, y: F, e: F, log: F) -> None:
    # The gradient takes the place of e, and the loss that of log.
    share = REAL(1.0 / n)
    for i in range(n):
        v, small = z[i], e[i]
        log[i] = (v if v > REAL(0) or v != v else REAL(0)) - v * y[i] + log[i]
        e[i] = ((REAL(1) if v >= REAL(0) else small) / (REAL(1) + small) - y[i]) * share


def below_largest(z: F, out: F, C: int, L: int) -> None:
    for i in range(L):
        out[i] = z[i]
    for c in range(1, C):
        for i in range(L):
            v, largest = z[c * L + i], out[i]
            out[i] = v if v > largest or v != v else largest
    for c in range(C):
        at = (C - 1 - c) * L  # the first last, in whose place the largest are
        for i in range(L):
            out[at + i] = z[at + i] - out[i]


def over_channels(one: F, total: F, C: int, L: int) -> None:
    for i in range(L):
        total[i] = one[i]
    for c in range(1, C):
        for i in range(L):
            total[i] += one[c * L + i]


def softmax_entropy(y: F, below: F, e: F, total: F, log: F, loss: F, C: int, L: int, row: int) -> None:
    # The gradient takes the place of e; the targets of a channel begin a row apart.
    share = REAL(1.0 / L)
    for c in range(C):
        for i in range(L):
            own = y[c * row + i] * (log[i] - below[c * L + i])
            loss[i] = own if c == 0 else loss[i] + own
            e[c * L + i] = (e[c * L + i] / total[i] - y[c * row + i]) * share


LOOPS = (
    adam, decay, rmsprop, sgd, momentum, add_product, shrink, rectify, positive, gate, drop, random_words, outer,
    centre, stretch, through_gain, through_statistics, take_statistics, product, from_means, factors, gather,
    standardise, squared_error, minus_size, nothing, stop_unless_finite, cross_entropy, below_largest,
    over_channels, softmax_entropy,
)  # fmt: skip
