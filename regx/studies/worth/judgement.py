"""How many rows the plain network needs to do as well as a regularized one does with fewer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.stats.student import critical

RESAMPLES = 2000
LEVEL = 0.05
ROUNDING = 1e-9  # of a logarithm

Bound = Literal["", "more than", "fewer than"]


@dataclass(frozen=True)
class Worth:
    """What a loss is worth in rows of the plain network.

    rows: None where the loss lies outside of what the plain network reached; `bound` then says on which side of `edge`,
    its most or its fewest rows. low, high: the 95 % interval; an end is None where it lies outside, or of one seed.
    """

    rows: float | None
    low: float | None
    high: float | None
    bound: Bound
    edge: float


def worth_of(sizes: Sequence[int], plain: Array, regularized: Array, held_out: Sequence[float] | None = None) -> Worth:
    """The rows at which the plain network's mean loss is that of the regularized one.

    sizes: rows of training splits, ascending, (n,). plain: the plain network's losses there, (n, seeds). regularized:
    of the same seeds at one size, (seeds,). The plain network's learning curve is the monotone regression of its mean
    losses (Barlow et al. 1972), between two sizes a straight line in the logarithms of rows and loss. The interval is
    that of Student's t on the logarithm of the rows, with the error of a bootstrap over seeds, which are drawn for both
    alike. held_out: of splits of one table, rows of the test split over those of each training split; they share rows,
    so the error grows as Nadeau & Bengio 2003 have it, with the largest of them.

    Share of 1,000 simulated studies whose interval held the truth, at 5, 10 and 20 seeds: see
    `tests/studies/worth/test_worth.py`, which recomputes it.
    """
    seeds = plain.shape[1]
    logs = np.log(np.asarray(sizes, float))
    found = _rows(logs, plain.mean(axis=1), float(regularized.mean()))
    low = high = None
    if seeds >= 2:
        drawn = stream(0, "worth").integers(seeds, size=(RESAMPLES, seeds))
        means, others = plain[:, drawn].mean(axis=2), regularized[drawn].mean(axis=1)
        estimates = np.array(
            [_rows(logs, column, one, clip=False) for column, one in zip(means.T, others, strict=True)]
        )
        error = float(estimates.std()) * math.sqrt(seeds / (seeds - 1))
        if held_out is not None:
            error *= math.sqrt(1 + seeds * max(held_out))
        half = critical(seeds - 1, LEVEL) * error
        middle = _rows(logs, plain.mean(axis=1), float(regularized.mean()), clip=False)
        low, high = (
            math.exp(end) if logs[0] - ROUNDING <= end <= logs[-1] + ROUNDING else None
            for end in (middle - half, middle + half)
        )
    if math.isinf(found):
        outside: Bound = "more than" if found > logs[-1] else "fewer than"
        return Worth(None, low, high, outside, float(sizes[-1] if found > logs[-1] else sizes[0]))
    return Worth(math.exp(found), low, high, "", float(sizes[-1]))


def _rows(logs: Array, losses: Array, loss: float, clip: bool = True) -> float:
    """The logarithm of the rows at a loss on a learning curve; infinite outside, or along its ends without `clip`.

    logs: of the rows, ascending, (n,). losses: (n,), made monotone here.
    """
    curve = np.log(np.maximum(_falling(losses), 1e-300))
    target = math.log(max(loss, 1e-300))
    if target > curve[0] + ROUNDING or target < curve[-1] - ROUNDING:
        if clip:
            return -math.inf if target > curve[0] else math.inf
        # The last two sizes that differ give the slope beyond the end: an error needs a distance, not a verdict.
        at, slope = (0, _slope(logs, curve, 1)) if target > curve[0] else (-1, _slope(logs, curve, -1))
        return float(logs[at] + (target - curve[at]) / slope)
    return float(np.interp(-target, -curve, logs))


def _slope(logs: Array, curve: Array, direction: int) -> float:
    """The slope of the curve at its beginning (1) or its end (-1), at least a tenth of its mean slope."""
    whole = (curve[-1] - curve[0]) / (logs[-1] - logs[0])
    pair = (curve[1] - curve[0], logs[1] - logs[0]) if direction == 1 else (curve[-1] - curve[-2], logs[-1] - logs[-2])
    return float(min(pair[0] / pair[1], 0.1 * whole, -1e-6))


def _falling(losses: Array) -> Array:
    """The nearest sequence, by squares, that never rises: pooling of adjacent violators, each of equal weight."""
    blocks: list[list[float]] = []
    for loss in losses.tolist():
        blocks.append([loss, 1])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            mean, count = blocks.pop()
            before = blocks[-1]
            before[0] = (before[0] * before[1] + mean * count) / (before[1] + count)
            before[1] += count
    return np.concatenate([np.full(int(count), mean) for mean, count in blocks])
