"""What a race of stacks allows to be concluded: which lane is recommended, and what its test losses show.

The lane is chosen on validation by the one-standard-error rule (Breiman et al. 1984, Classification and Regression
Trees, section 3.4.3): the first lane of the ladder whose validation loss is not greater than the least by more than one
standard error of their difference.

Its own test losses flatter it a little: the validation rows of one split are test rows of another, and the best of many
lanes looks good by chance. So what is concluded rests on the whole procedure: on each split the lane that the
validation rows of this split alone would choose, and its loss on the test rows of this split, which no choice has seen.
Single lanes are compared too, with p corrected for all of them by Holm's method. All tests are corrected resampled
t-tests, since splits of one table share rows.

Whether there is anything to learn is asked of the plain models by permutation of each split's test targets; the p
of several splits, which share rows, are put together as twice their median (Meinshausen, Meier & Bühlmann 2009,
p-Values for High-Dimensional Regression, section 3.2). Where rows are kept together by group or time, which no order of
targets respects, each loss is asked as a share of the trivial answer's on the same split instead: a few unusual test
rows raise both alike, so a loss of nearly 0 is seen where the differences vary too much to show it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from regx.stats.comparison import ComparisonVerdict
from regx.stats.resampled import LEVEL, detectable, resampled_difference, rows_that_tell, splits_that_tell
from regx.stats.significance import holm
from regx.studies.recommendation.references import LINEAR, NETWORK, TREES, TRIVIAL, Reference

PLAIN = "none"
PROCEDURE = "procedure"
WORTH = 0.05  # a difference of less than this share of the plain network's loss is not worth having
# A difference of less than this share of what the trivial answer costs is below what anybody could use: of a loss of
# 0.69, that of always saying one half, it is 0.0035.
USABLE = 0.005
FEWEST_SPLITS = 5

Scores = Mapping[int, float]


@dataclass(frozen=True)
class Raced:
    """One lane: its losses by split. On each split its strengths are those that this split's validation rows chose.

    stack: the stack that is recommended if this lane is, its strengths chosen on the validation rows of all splits.
    val, test: losses, or costs by another criterion.
    """

    name: str
    stack: str
    lr: float
    val: Scores
    test: Scores
    accuracy: Scores | None
    balanced: Scores | None = None


@dataclass(frozen=True)
class Measured:
    """One reference: its test losses, or costs, by split. p: that they are so low by chance; None if not asked."""

    reference: Reference
    test: Scores
    accuracy: Scores | None
    balanced: Scores | None = None
    p: Scores | None = None


@dataclass(frozen=True)
class LossDifference:
    """A test loss minus another over splits: 95 % interval, Holm-corrected p, and on how many splits it is lower."""

    mean: float
    low: float | None
    high: float | None
    p: float | None
    lower: int
    splits: int

    @property
    def verdict(self) -> ComparisonVerdict:
        """`better` (lower), `worse`, `unclear`, or `cannot tell` where splits are too few for a test."""
        if self.splits < FEWEST_SPLITS or self.p is None:
            return "cannot tell"
        if self.p > LEVEL:
            return "unclear"
        return "better" if self.mean < 0 else "worse"

    def as_json(self) -> dict[str, Any]:
        return {"mean": self.mean, "low": self.low, "high": self.high, "p": self.p}


@dataclass(frozen=True)
class Conclusion:
    """What is concluded.

    recommended: the name of a lane. chosen: the lane that each split's own validation rows choose, and its test loss,
    in `procedure`. lanes: each lane compared with the plain one, by name.
    to_plain, to_reference: the procedure compared with the plain lane, and with each reference by role.
    to_trivial: the procedure and the other references, their losses as shares of the trivial answer's, compared with 1.
    learners: which of these beat the trivial answer. by_chance: of each plain model how likely its losses are where
    there is nothing to learn, corrected for their number; empty where that was not asked. learnable: whether there is
    something; None where nothing is shown, and a model looks by more than is `WORTH` as if there were.
    regularization: whether a regularizer helps the network; it does not where the 95 % interval has no gain that is
    worth having, and helps by nothing where the gain that is shown is below what anybody could use (`USABLE`). single:
    the lanes that alone are better than the plain one, where choosing among all is not shown to help. rival: the role
    of the reference that the network is held against; contest: how that ends, from the network's side. splits_needed,
    rows_needed: what would about tell what the data cannot; of rows nothing is promised unless it was asked whether the
    network gains from more epochs, and it does not. gains: whether it does; None where that was not asked. detectable:
    the least gain over the plain network that would be found on 8 of 10 such tables.
    """

    recommended: str
    chosen: dict[int, str]
    procedure: dict[int, float]
    lanes: dict[str, LossDifference]
    to_plain: LossDifference
    to_reference: dict[str, LossDifference]
    to_trivial: dict[str, LossDifference]
    learners: tuple[str, ...]
    by_chance: dict[str, float]
    learnable: bool | None
    regularization: Literal["helps", "helps by nothing", "does not help", "cannot tell"]
    single: tuple[str, ...]
    rival: str
    contest: Literal["better", "worse", "unclear"]
    splits_needed: int | None
    rows_needed: int | None
    gains: bool | None
    detectable: float | None


def conclude(
    lanes: Sequence[Raced],
    references: Sequence[Measured],
    split: tuple[int, int, int],
    rows: int,
    gains: bool | None = False,
) -> Conclusion:
    """Choose on validation, judge on test. lanes: in the ladder's order, `none` among them, all over the same splits.

    split: the rows of the training, validation and test split. rows: of the table.
    """
    n_train, n_val, n_test = split
    held_out = n_test / n_train
    plain = next(lane for lane in lanes if lane.name == PLAIN)
    recommended = simplest(lanes, n_val / n_train)
    best = {seed: min(lanes, key=lambda lane: lane.val[seed]) for seed in plain.val}
    procedure = {seed: lane.test[seed] for seed, lane in best.items()}
    tests = {one.reference.role: one.test for one in references}
    to_plain = _compared({PROCEDURE: procedure}, plain.test, held_out)[PROCEDURE]
    to_reference = {role: _compared({role: procedure}, test, held_out)[role] for role, test in tests.items()}
    # Whether there is anything to learn is asked of the network and each model, so corrected for them all.
    learning = {PROCEDURE: procedure, **{role: test for role, test in tests.items() if role != TRIVIAL}}
    # Where the trivial answer makes no error, which nothing can better, the share of any loss is 1.
    trivial = tests[TRIVIAL]
    shares = {
        name: {seed: losses[seed] / trivial[seed] if trivial[seed] else 1.0 for seed in trivial}
        for name, losses in learning.items()
    }
    to_trivial = _compared(shares, dict.fromkeys(plain.test, 1.0), held_out)
    learners = tuple(name for name, compared in to_trivial.items() if compared.verdict == "better")
    looks_so = any(compared.mean < -WORTH for compared in to_trivial.values())
    chances = {one.reference.role: min(1.0, 2 * median(one.p.values())) for one in references if one.p}
    chances = dict(zip(chances, holm(list(chances.values())), strict=True))
    shown_to_learn = any(p <= LEVEL for p in chances.values()) if chances else bool(learners)
    learnable = True if shown_to_learn else None if looks_so else False
    regularization = _regularization(to_plain, recommended is plain, mean(plain.test))
    if len(lanes) == 1:
        regularization = "cannot tell"  # time sufficed for the plain network alone
    elif regularization == "helps" and not learnable:
        # It makes the network less bad, and is not shown to make it better than no network.
        regularization = "does not help" if learnable is False else "cannot tell"
    elif regularization == "helps" and -to_plain.mean < USABLE * mean(tests[TRIVIAL]):
        regularization = "helps by nothing"
    compared = _compared({lane.name: lane.test for lane in lanes if lane is not plain}, plain.test, held_out)
    shown = regularization in ("helps", "helps by nothing")
    single = tuple(name for name, one in compared.items() if one.verdict == "better" and not shown)
    rival, contest = _contest(to_reference, tests)
    against = plain.test if regularization == "cannot tell" else tests[rival]
    differences = [procedure[seed] - against[seed] for seed in against]
    return Conclusion(
        recommended=recommended.name, chosen={seed: lane.name for seed, lane in best.items()}, procedure=procedure,
        lanes=compared, to_plain=to_plain, to_reference=to_reference, to_trivial=to_trivial, learners=learners,
        by_chance=chances, learnable=learnable, regularization=regularization, single=single, rival=rival,
        contest=contest, splits_needed=splits_that_tell(differences, held_out), gains=gains,
        rows_needed=rows_that_tell(differences, held_out, rows) if gains is False else None,
        detectable=detectable([procedure[seed] - plain.test[seed] for seed in plain.test], held_out),
    )  # fmt: skip


def simplest(lanes: Sequence[Raced], held_out: float) -> Raced:
    """The first lane whose validation loss is within one standard error of the least. held_out: n_val / n_train."""
    best = min(lanes, key=lambda lane: mean(lane.val))
    for lane in lanes:
        difference = resampled_difference([lane.val[seed] - best.val[seed] for seed in best.val], held_out)
        if difference.mean <= (difference.error or 0.0):
            return lane
    return best


def mean(scores: Scores) -> float:
    """The mean over splits."""
    return math.fsum(scores.values()) / len(scores)


def _compared(runs: Mapping[str, Scores], baseline: Scores, held_out: float) -> dict[str, LossDifference]:
    """Each run to a baseline, p corrected for all of them."""
    found = {}
    for name, run in runs.items():
        differences = [run[seed] - baseline[seed] for seed in baseline]
        found[name] = (resampled_difference(differences, held_out), sum(one < 0 for one in differences))
    corrected = holm([1.0 if one.p is None else one.p for one, _ in found.values()])
    return {
        name: LossDifference(one.mean, one.low, one.high, None if one.p is None else p, lower, len(baseline))
        for (name, (one, lower)), p in zip(found.items(), corrected, strict=True)
    }


def _regularization(
    compared: LossDifference, plain: bool, loss: float
) -> Literal["helps", "helps by nothing", "does not help", "cannot tell"]:
    """plain: whether the plain lane is recommended. loss: its test loss."""
    if compared.low is None or compared.splits < FEWEST_SPLITS:
        return "cannot tell"
    if compared.verdict == "better" and not plain:
        return "helps"
    return "does not help" if compared.low > -WORTH * loss else "cannot tell"


def _contest(
    compared: Mapping[str, LossDifference], tests: Mapping[str, Scores]
) -> tuple[str, Literal["better", "worse", "unclear"]]:
    """The reference to hold the network against: the best that beats it, else the simplest that it does not beat."""
    roles = sorted((role for role in tests if role != TRIVIAL), key=lambda role: mean(tests[role]))
    for role in roles:
        if compared[role].verdict == "worse":
            return role, "worse"
    for role in (LINEAR, TREES, NETWORK):
        if role in tests and compared[role].verdict != "better":
            return role, "unclear"
    return roles[0], "better"
