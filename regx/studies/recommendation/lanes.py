"""The lanes of a race: what each split, and all splits together, choose of each of them, by validation loss.

Successive halving over epochs (`halving.py`); where the best strength stands at the end of its grid, that goes on; then
folds, where validation rows are few (`race.py` says how all of it hangs together).
"""

import contextlib
from collections.abc import Mapping, Sequence

from regx.core.errors import InputError
from regx.studies.recommendation.halving import survivors
from regx.studies.recommendation.ladder import (
    EXTENSIONS,
    Candidate,
    LadderLane,
    beyond,
    candidates,
    cocktails,
    combined,
)
from regx.studies.recommendation.trials import Choice, Trials

ALL = -1  # the chooser that looks at all splits, beside those that look at one


def lengths(pool: Sequence[Candidate], rungs: Sequence[int]) -> list[Choice]:
    """Each candidate at each length of training."""
    return [(one, epochs) for epochs in dict.fromkeys(rungs) for one in pool]


class Lanes:
    """What was chosen of each lane on the splits of these seeds.

    rates: the learning rates that a lane is tried with. chosen: by the lane's name, then by chooser; lanes for which
    time did not suffice are missing. folds: of each split, by which lanes can be compared.
    """

    def __init__(self, trials: Trials, splits: Sequence[int], rates: Sequence[float]) -> None:
        self._trials, self.splits, self.rates = trials, list(splits), tuple(rates)
        self.chosen: dict[str, dict[int, Choice]] = {}
        self.folds = 1

    def _pool(self, lane: LadderLane, chooser: int) -> list[Candidate]:
        """The candidates of a lane; of several together those around what the chooser has chosen of each alone."""
        if lane.is_cocktail:
            return cocktails(lane, self.rates)
        if lane.is_alone:
            return candidates(lane, self.rates)
        return combined(lane, {name: self.chosen[name][chooser][0] for name in lane.parts})

    def tune(self, stage: str, lanes: Sequence[LadderLane]) -> None:
        """Successive halving of every lane, for every split by its own validation loss, and by the mean over splits.

        What is chosen may be a shorter training of an earlier round: every one of them ends its own schedule.
        """
        choosers = (*self.splits, ALL)
        pools = {lane: {chooser: self._pool(lane, chooser) for chooser in choosers} for lane in lanes}
        seen: dict[LadderLane, dict[int, list[Choice]]] = {lane: {one: [] for one in choosers} for lane in lanes}
        rungs = self._trials.rungs
        for rung, epochs in enumerate(rungs):
            self._train(f"{stage}, round {rung + 1} of {len(rungs)}", pools, epochs)
            for lane, of in pools.items():
                for chooser, pool in of.items():
                    tried = [(one, epochs) for one in pool]
                    seen[lane][chooser] += tried
                    # The rate that is best in the end often looks worst early, and the plain network has nothing else
                    # to tune. So its rates all go to the end: whatever others gain, they do not gain by a better rate.
                    if lane.parts:
                        costs = self._trials.costs(tried, self._of(chooser), best=True)
                        # The best alone is trained longest: what it is then held against are the shorter trainings.
                        of[chooser] = survivors({one: costs[one, epochs] for one in pool}, rung == len(rungs) - 2)
        for lane in lanes:
            self._choose(lane, seen[lane])
        self._go_beyond(stage, lanes, seen)

    def _train(self, stage: str, pools: Mapping[LadderLane, Mapping[int, Sequence[Candidate]]], epochs: int) -> None:
        wanted = [
            (candidate, epochs, seed)
            for of in pools.values()
            for chooser, pool in of.items()
            for candidate in pool
            for seed in self._of(chooser)
        ]
        self._trials.train(stage, wanted)

    def _of(self, chooser: int) -> list[int]:
        return self.splits if chooser == ALL else [chooser]

    def _choose(self, lane: LadderLane, seen: Mapping[int, Sequence[Choice]]) -> None:
        """Of what was trained for each chooser the one of the least validation loss; none where time was over."""
        self.chosen.pop(lane.name, None)
        complete = all(self._trials.known(*one, self._of(chooser)) for chooser, of in seen.items() for one in of)
        if complete:
            self.chosen[lane.name] = {
                chooser: min(of, key=self._trials.costs(of, self._of(chooser)).__getitem__)
                for chooser, of in seen.items()
            }

    def _go_beyond(
        self, stage: str, lanes: Sequence[LadderLane], seen: Mapping[LadderLane, Mapping[int, list[Choice]]]
    ) -> None:
        """While the strength that all splits choose stands at the end of its grid, try the next one on all splits."""
        for _ in range(EXTENSIONS):
            further: dict[LadderLane, dict[int, list[Candidate]]] = {}
            for lane in lanes:
                if lane.is_alone and lane.name in self.chosen:
                    best = self.chosen[lane.name][ALL][0]
                    if (beside := beyond(best, [one for one, _ in seen[lane][ALL]])) is not None:
                        further[lane] = {chooser: [beside] for chooser in seen[lane]}
            if not further or self._trials.clock.is_over:
                return
            before = {lane: self.chosen[lane.name] for lane in further}
            for lane, of in further.items():
                # The plain network is as well tuned as it can be: in all its lengths.
                rungs = self._trials.rungs if not lane.parts else self._trials.rungs[-1:]
                for epochs in rungs:
                    self._train(f"{stage}, beyond the ends", {lane: of}, epochs)
                for chooser, pool in of.items():
                    seen[lane][chooser].extend(lengths(pool, rungs))
                self._choose(lane, seen[lane])
                self.chosen.setdefault(lane.name, before[lane])  # time was over: what was found stays

    def compare_by_folds(self, most: int) -> None:
        """Train what each split has chosen of each lane on more folds of the split, as far as time goes."""
        trials, clock = self._trials, self._trials.clock
        wanted = [(*of[seed], seed) for of in self.chosen.values() for seed in self.splits]
        work = sum(trials.cost(epochs) for _, epochs, _ in wanted)
        clock.ahead = (most - 1) * work
        for fold in range(1, most):
            if not clock.fits(work):
                break
            with contextlib.suppress(InputError):  # of a class or group that is too small to be cut so often
                trials.train(f"other validation rows, {fold} of {most - 1}", wanted, fold)
            if not all(trials.results.has(*one, fold) for one in wanted):
                break
            self.folds = fold + 1

    def scores(self, lane: str, metric: str, fold: int = 0) -> dict[int, float]:
        """A metric, by split, of what the split has chosen of a lane."""
        return {seed: self._trials.results.value(metric, *self.chosen[lane][seed], seed, fold) for seed in self.splits}
