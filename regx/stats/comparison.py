"""What comes of comparing with a baseline, seed by seed: numbers, and a verdict that is one of a few words."""

from typing import Literal, NamedTuple

from regx.stats.aggregate import UNKNOWN, Interval

ComparisonVerdict = Literal["better", "worse", "lower", "higher", "unclear", "cannot tell"]


class Difference(Interval):
    """A run's mean minus the baseline's over shared seeds, its 95 % interval, and the Holm-corrected p."""

    p: float | None


NO_DIFFERENCE = Difference(**UNKNOWN, p=None)


class Comparison(NamedTuple):
    """A run beside its baseline.

    won, tied: the shared seeds at which the run was better, or equal. seeds_to_tell: about how many seeds would make an
    unclear verdict a clear one; None where it is not unclear, and where more than 1,000 would be needed.
    """

    difference: Difference
    verdict: ComparisonVerdict
    won: int | None
    tied: int
    shared: int
    seeds_to_tell: int | None
