"""How much the best of many looks better than it is."""

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array


@dataclass(frozen=True)
class Optimism:
    """mean: in the unit of the losses, never below 0. changed: the seeds without which another cell would be chosen."""

    mean: float
    changed: int
    seeds: int


def optimism_of_choice(losses: Array) -> Optimism:
    """By how much the mean loss of the best cell flatters it. losses: (C, S), a row per cell and a column per seed.

    Measured by cross-fitting: for every seed the cell is chosen by the mean over the other seeds, and its loss is taken
    at this seed, which had no say. The mean of those minus the mean of the cell that all seeds choose is the optimism.
    It is unbiased where the cells differ by noise alone, and 0 where one cell leads whichever seed is left out.

    There is no interval. The measured optimism varies about as much as it is large, and the seeds' shares in it depend
    on each other: intervals made of them held the true optimism of 3 to 20 equal cells in 0.3 to 0.9 of 400 simulated
    sweeps of 5 to 20 seeds. `changed` says how firm the choice is instead.

    Raises ValueError for fewer than two seeds.

    Stone 1974, Cross-Validatory Choice and Assessment of Statistical Predictions; Varma & Simon 2006, Bias in Error
    Estimation When Using Cross-Validation for Model Selection; Cawley & Talbot 2010, On Over-fitting in Model Selection
    and Subsequent Selection Bias in Performance Evaluation.
    """
    x = np.asarray(losses, dtype=np.float64)
    seeds = x.shape[1]
    if seeds < 2:
        raise ValueError(f"expected two seeds or more, found {seeds}")
    sums = np.sort(x, axis=1).sum(axis=1)  # so that no rounding by the order of the seeds decides between equals
    chosen = int(np.argmin(sums))
    without = np.argmin(sums[:, None] - x, axis=0)  # the cell that the other seeds choose, (S,)
    seen = x[without, np.arange(seeds)]
    return Optimism(max(0.0, float(np.mean(seen - x[chosen]))), int(np.count_nonzero(without != chosen)), seeds)
