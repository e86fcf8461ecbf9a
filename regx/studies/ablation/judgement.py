"""What each of several things that can be on or off does, alone and with the others."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from regx.core.arrays import Array
from regx.stats.aggregate import Interval, side, within
from regx.stats.comparison import Comparison, ComparisonVerdict, Difference
from regx.stats.paired import compare_to_baseline, difference_interval

Answer = Literal["yes", "no", "no gain", "cannot tell"]
PairVerdict = Literal[
    "help each other", "harm less together", "overlap", "interfere", "harm more together",
    "lower", "higher", "unclear", "cannot tell",
]  # fmt: skip


@dataclass(frozen=True)
class Effect:
    """What switching one member on changes, in the units of the metric.

    average: over all combinations of the others. alone: where all others are off. last: where all others are on.
    verdict: of `average`.
    """

    average: Difference
    verdict: ComparisonVerdict
    alone: Interval
    last: Interval


@dataclass(frozen=True)
class Pair:
    """Two members, as their numbers, and how they act on each other, averaged over all combinations of the others.

    interaction: what switching the one on changes with the other on, minus what it changes with the other off; it is
    the same for both. with_other: what the first changes with the second on, then what the second changes with the
    first on. without_other: the same with the other off. seeds_to_tell: about how many would tell what is unclear.
    """

    members: tuple[int, int]
    interaction: Difference
    with_other: tuple[Interval, Interval]
    without_other: tuple[Interval, Interval]
    verdict: PairVerdict
    seeds_to_tell: int | None


@dataclass(frozen=True)
class Contrasts:
    """All effects, each with its 95 % interval over seeds: bootstrap-t, or of splits of one table the corrected one.

    together: what all members on change against none. sum_alone: the sum of what each changes alone.
    shortfall: together minus sum_alone; of two members that is their interaction. diminishing: whether all together
    gain less than the sum, if there is a gain; None where no direction of the metric is the better one.
    """

    effects: tuple[Effect, ...]
    pairs: tuple[Pair, ...]
    together: Interval
    sum_alone: Interval
    shortfall: Difference
    diminishing: Answer | None


def design(k: int) -> Array:
    """The 2^k combinations of k members, (2^k, k) bool: none first, all last, the first member changing slowest."""
    return np.array(list(itertools.product((False, True), repeat=k)), dtype=bool).reshape(2**k, k)


def switched(members: Sequence[str], row: Sequence[bool]) -> dict[str, str]:
    """A combination as the point of a grid."""
    return {member: "on" if is_on else "off" for member, is_on in zip(members, row, strict=True)}


def contrasts(
    values: Array, lower_is_better: bool | None = True, held_out: float | None = None, reach: float | None = None
) -> Contrasts:
    """Effects and interactions from the metric of every combination at every seed.

    values: (2^k, seeds), finite, combinations in the order of `design`. held_out: as for `compare_to_baseline`. reach:
    how far two values can be apart, where they cannot be so without end; intervals end there.

    An effect is the mean of the metric where the member is on minus the mean where it is off, seed by seed, so that
    what seeds have in common cancels. Box, Hunter & Hunter 2005, Statistics for Experimenters, section 5; their two-
    factor interaction is half of the one here.

    p of averages, interactions and the shortfall is corrected over all of them by Holm's method, and verdicts are as
    in `compare_to_baseline`; those of pairs follow from what each member does alone and with the other
    (`_pair_verdict`).
    """
    on = design(int(np.log2(len(values))))
    k, sign = on.shape[1], -1.0 if lower_is_better is False else 1.0
    average = [values[on[:, i]].mean(axis=0) - values[~on[:, i]].mean(axis=0) for i in range(k)]
    numbers = list(itertools.combinations(range(k), 2))
    ordered = list(itertools.permutations(range(k), 2))
    given = {(i, j): _effect_given(values, on, i, on[:, j]) for i, j in ordered}
    absent = {(i, j): _effect_given(values, on, i, ~on[:, j]) for i, j in ordered}
    interactions = [given[pair] - absent[pair] for pair in numbers]
    alone = [values[_index(on, [i])] - values[0] for i in range(k)]
    last = [values[-1] - values[_index(on, [j for j in range(k) if j != i])] for i in range(k)]
    together, sum_alone = values[-1] - values[0], np.sum(alone, axis=0)
    of_more_than_two = [together - sum_alone] if k > 2 else []
    judged = compare_to_baseline(
        [dict(enumerate(row.tolist())) for row in (*average, *interactions, *of_more_than_two)],
        dict.fromkeys(range(values.shape[1]), 0.0),
        lower_is_better,
        held_out,
        # An interaction is a difference of two differences, the shortfall one of k + 1.
        () if reach is None else [reach] * k + [2 * reach] * len(interactions) + [(k + 1) * reach],
    )

    def interval(values: Array, times: int = 1) -> Interval:
        return within(difference_interval(values.tolist(), held_out), None if reach is None else times * reach)

    pairs = []
    for pair, found in zip(numbers, judged[k:], strict=False):
        with_other, without = ((interval(of[pair]), interval(of[pair[::-1]])) for of in (given, absent))
        verdict = _pair_verdict(found.verdict, without, with_other, sign)
        pairs.append(Pair(pair, found.difference, with_other, without, verdict, found.seeds_to_tell))
    # The last one judged is the shortfall; one member has none.
    shortfall = judged[-1] if k > 1 else None
    total = interval(sum_alone, k)
    return Contrasts(
        effects=tuple(
            Effect(found.difference, found.verdict, interval(one), interval(other))
            for found, one, other in zip(judged, alone, last, strict=False)
        ),
        pairs=tuple(pairs),
        together=interval(together),
        sum_alone=total,
        shortfall=shortfall.difference if shortfall else Difference(mean=0.0, low=0.0, high=0.0, p=1.0),
        diminishing=None if lower_is_better is None else _answer(side(total) * sign < 0, shortfall),
    )


def _effect_given(values: Array, on: Array, member: int, where: Array) -> Array:
    """What a member changes over the combinations `where`, (2^k,) bool: (seeds,)."""
    return np.asarray(values[on[:, member] & where].mean(axis=0) - values[~on[:, member] & where].mean(axis=0))


def _index(on: Array, members: Sequence[int]) -> int:
    """The combination in which these members are on and no others."""
    wanted = np.isin(np.arange(on.shape[1]), members)
    return int(np.flatnonzero((on == wanted).all(axis=1))[0])


def _pair_verdict(
    verdict: ComparisonVerdict, without: tuple[Interval, Interval], with_other: tuple[Interval, Interval], sign: float
) -> PairVerdict:
    """What two members do to each other, from the verdict on their interaction and from what each changes.

    Together they do better than the sum of what they do apart: they help each other if each gains where the other is
    on, else they only harm less. Together they do worse: they harm more where both harm alone, interfere where adding
    one to the other makes matters worse (its interval lies on that side of 0), and overlap where it does not.
    without, with_other: what the first changes with the second off or on, then the second with the first.
    """
    if verdict == "better":
        gains = all(-sign * (one["mean"] or 0.0) > 0 for one in with_other)
        return "help each other" if gains else "harm less together"
    if verdict == "worse":
        if all(-sign * (one["mean"] or 0.0) < 0 for one in without):
            return "harm more together"
        return "interfere" if any(side(one) == sign for one in with_other) else "overlap"
    return verdict


def _answer(gain: bool, shortfall: Comparison | None) -> Answer:
    """shortfall: `worse` where together is less than the sum."""
    verdict = shortfall.verdict if shortfall else "unclear"
    if not gain and verdict != "cannot tell":
        return "no gain"
    return "yes" if verdict == "worse" else "no" if verdict == "better" else "cannot tell"
