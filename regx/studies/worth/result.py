"""What a study of worth has found, as its folder of runs holds it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regx.core.errors import InputError
from regx.core.shown import Shown
from regx.evidence.data import held_out
from regx.evidence.run import Run
from regx.stats.aggregate import Interval, at_shared_seeds, mean_interval
from regx.stats.comparison import Comparison
from regx.stats.paired import compare_to_baseline
from regx.studies.sweep.result import read_sweep
from regx.studies.worth.judgement import Worth, worth_of

ROWS = "dataset.n_train"


@dataclass(frozen=True)
class AtSize:
    """A lane at one size of the training split. loss: over its seeds. comparison, worth: beside the plain lane.

    stack: with its strengths, as tables show it.
    """

    lane: str
    stack: str
    rows: int
    loss: Interval
    comparison: Comparison | None
    worth: Worth | None


@dataclass(frozen=True)
class RowsWorth(Shown):
    """A study. plain: the lane without regularizers. points: every lane at every size, lane by lane.

    seeds: those that completed everywhere; left_out: how many others there are. table: whether they are splits of one.
    """

    folder: Path
    metric: str
    plain: str
    sizes: tuple[int, ...]
    seeds: tuple[int, ...]
    left_out: int
    table: bool
    points: tuple[AtSize, ...]
    runs: tuple[Run, ...]

    def of(self, lane: str) -> list[AtSize]:
        return [point for point in self.points if point.lane == lane]

    @property
    def lanes(self) -> list[str]:
        return list(dict.fromkeys(point.lane for point in self.points))


def read_worth(folder: Path, metric: str = "test_loss") -> RowsWorth:
    """The study in a folder that `worth` has written. Raises InputError if it is none, or a run cannot be read."""
    swept = read_sweep(folder)
    if [axis.key for axis in swept.axes] != ["lane", ROWS]:
        raise InputError(f"{folder}: expected the folder of a study of worth, found that of another.")
    lanes, sizes = (axis.values for axis in swept.axes)
    runs = {}
    for cell in swept.cells:
        if cell.run is None:
            raise InputError(f"{folder}: expected a run of every lane at every size, found some missing.")
        runs[cell.point["lane"], cell.point[ROWS]] = cell.run
    return worth_from(folder, [str(lane) for lane in lanes], [int(size) for size in sizes], runs, metric)


def worth_from(
    folder: Path, lanes: Sequence[str], sizes: Sequence[int], runs: dict[tuple[str, int], Run], metric: str
) -> RowsWorth:
    """What the runs of every lane at every size say. The plain lane is the first whose stack is empty."""
    plain = next(lane for lane in lanes if not runs[lane, sizes[0]].config["regularizers"])
    measured = {key: run.per_seed(metric) for key, run in runs.items()}
    seeds, _ = at_shared_seeds(list(measured.values()))
    shares = [held_out(runs[plain, size], metric) for size in sizes]
    known = [share for share in shares if share is not None]
    curve = np.array([[measured[plain, size][seed] for seed in seeds] for size in sizes])
    points = []
    for lane in lanes:
        for size, share in zip(sizes, shares, strict=True):
            own = {seed: measured[lane, size][seed] for seed in seeds}
            comparison = found = None
            if lane != plain and seeds:
                base = {seed: measured[plain, size][seed] for seed in seeds}
                (comparison,) = compare_to_baseline([own], base, held_out=share)
                found = worth_of(sizes, curve, np.array(list(own.values())), known or None)
            run = runs[lane, size]
            points.append(AtSize(lane, run.stack, size, mean_interval(list(own.values())), comparison, found))
    everyone = {seed for run in runs.values() for seed in run.seeds}
    return RowsWorth(
        folder, metric, plain, tuple(sizes), seeds, len(everyone - set(seeds)), bool(known), tuple(points),
        tuple(runs.values()),
    )  # fmt: skip
