"""Differences to a baseline, seed by seed, and what they allow to be said."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, repeat

from regx.stats.aggregate import UNKNOWN, Interval, within
from regx.stats.bootstrap import bootstrap_interval
from regx.stats.comparison import Comparison, Difference
from regx.stats.resampled import resampled_difference, splits_that_tell
from regx.stats.significance import holm, holm_factors, least_p, seeds_to_tell, sign_flip_p

FEWEST_SEEDS = 5
SIGNIFICANCE = 0.05


def compare_to_baseline(
    runs: Sequence[Mapping[int, float]], baseline: Mapping[int, float], lower_is_better: bool | None = True,
    held_out: float | None = None, reach: Iterable[float | None] = (),
) -> list[Comparison]:  # fmt: skip
    """Each run's difference to the baseline, seed by seed, and the verdict. runs, baseline: one finite value per seed.

    At equal seeds runs have the same data, split and, where shapes agree, initial weights and batch order, so the
    differences are paired. The verdict is `better` or `worse` when the 95 % interval (bootstrap-t) lies on one side of
    0 and p, corrected over `runs` by Holm's method since the best of many runs looks good by chance, is at most 0.05;
    `unclear` otherwise. With fewer than five shared seeds it is `cannot tell`. Where neither direction is the
    better one (`lower_is_better` None) it is `lower` or `higher`, and nobody wins.

    p is that of sign flips, which assume nothing but symmetry, wherever so many seeds can reach 0.05 after correction:
    from 6 seeds for one comparison, from 9 for seven. Below that it is that of Student's paired t.

    Share of tables with a wrong verdict though nothing differs, at 5, 10 and 20 seeds: of normal differences 0.03, 0.04
    and 0.05 with one comparison, 0.04, 0.04 and 0.04 with seven; of exponential ones, which no test so small is proof
    against, 0.06, 0.05 and 0.04 with one, 0.20, 0.15 and 0.16 with seven independent ones.

    held_out: where the seeds are splits of one table, rows of the split that is measured on over those of training.
    Such differences are not independent, so interval, p and the seeds to tell are those of the corrected resampled
    t-test (`resampled`). `tests/benchmarks/simulate_verdicts.py` prints how often each is wrong of two ridges that are
    equally good. reach: how far from 0 each run's difference can be, where it cannot be anything.
    """
    differences = [[run[seed] - baseline[seed] for seed in sorted(run.keys() & baseline.keys())] for run in runs]
    enough = [index for index, values in enumerate(differences) if len(values) >= FEWEST_SEEDS]
    p_values = [_p(differences[index], len(enough), held_out) for index in enough]
    corrected = dict(zip(enough, zip(holm(p_values), holm_factors(p_values), strict=True), strict=True))
    judged = [_judge(one, corrected.get(index), lower_is_better, held_out) for index, one in enumerate(differences)]
    ends = chain(reach, repeat(None))
    return [one._replace(difference=within(one.difference, end)) for one, end in zip(judged, ends, strict=False)]


def difference_interval(differences: Sequence[float], held_out: float | None) -> Interval:
    """The mean of paired differences, (n,), and its 95 % interval: bootstrap-t, or over splits of one table corrected.

    held_out: as for `compare_to_baseline`.
    """
    if not differences:
        return UNKNOWN
    if held_out is None:
        return bootstrap_interval(differences)
    found = resampled_difference(differences, held_out)
    return Interval(mean=found.mean, low=found.low, high=found.high)


def _p(differences: list[float], comparisons: int, held_out: float | None) -> float:
    if held_out is None and comparisons * least_p(len(differences)) <= SIGNIFICANCE:
        return sign_flip_p(differences)
    return resampled_difference(differences, held_out or 0.0).p or 0.0  # without shared rows it is Student's


def _judge(
    values: list[float], corrected: tuple[float, int] | None, lower_is_better: bool | None, held_out: float | None
) -> Comparison:
    """corrected: p after Holm's correction, and the factor in it."""
    shared = len(values)
    won = None if lower_is_better is None else sum(value < 0 if lower_is_better else value > 0 for value in values)
    tied = values.count(0.0)
    interval = difference_interval(values, held_out)
    if corrected is None:
        return Comparison(Difference(**interval, p=None), "cannot tell", won, tied, shared, None)
    p, factor = corrected
    difference = Difference(**interval, p=p)
    low, high = interval["low"], interval["high"]
    below, above = high is not None and high < 0, low is not None and low > 0
    if not (below or above) or p > SIGNIFICANCE:
        level = SIGNIFICANCE / factor
        needed = seeds_to_tell(values, level) if held_out is None else splits_that_tell(values, held_out, level)
        return Comparison(difference, "unclear", won, tied, shared, needed)
    if lower_is_better is None:
        return Comparison(difference, "lower" if below else "higher", None, tied, shared, None)
    return Comparison(difference, "better" if below == lower_is_better else "worse", won, tied, shared, None)
