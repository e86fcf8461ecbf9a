"""What a sweep or a race chooses, and how much choosing flatters it."""

from dataclasses import dataclass

import numpy as np

from regx.core.arrays import Array
from regx.stats.optimism import Optimism, optimism_of_choice
from regx.studies.sweep.result import Sweep, Tried


@dataclass(frozen=True)
class Choice:
    """The cell that is chosen, by which metric and among how many.

    optimism: None where it cannot be measured.
    """

    cell: Tried
    by: str
    among: int
    optimism: Optimism | None


def choose(sweep: Sweep) -> Choice | None:
    """The choice among all cells of which no network diverged or failed, or of all; None if every network did."""
    ranked = sweep.ranked()
    if not ranked:
        return None
    if sweep.all_losses is not None and not ranked[0].unfinished:
        losses = sweep.all_losses[~np.isnan(sweep.all_losses).any(axis=1)]
        return Choice(ranked[0], sweep.chosen_by, len(losses), _optimism(losses))
    among = [cell for cell in ranked if (cell.unfinished > 0) == (ranked[0].unfinished > 0)]
    by_seed = [cell.run.judged(sweep.chosen_by) for cell in among if cell.run is not None]
    seeds = sorted(by_seed[0])
    alike = all(sorted(one) == seeds for one in by_seed)
    losses = np.array([[one[seed] for seed in seeds] for one in by_seed]) if alike else np.empty((0, 0))
    return Choice(ranked[0], sweep.chosen_by, len(among), _optimism(losses))


def _optimism(losses: Array) -> Optimism | None:
    """losses: (cells, seeds)."""
    return optimism_of_choice(losses) if losses.shape[1] > 1 else None
