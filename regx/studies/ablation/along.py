"""An ablation along an axis: what each member of a stack does at every value of another setting."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from regx.config.grid import Axis, Cell, Grid
from regx.core.errors import InputError
from regx.core.shown import Shown
from regx.evidence.data import held_out
from regx.evidence.run import Run
from regx.metrics import REGISTRY
from regx.runner.cells import train_cells
from regx.runner.networks import DEFAULT, Options
from regx.runner.plan import dataset
from regx.runner.standing import grid_folder
from regx.stats.aggregate import at_shared_seeds
from regx.stats.comparison import Comparison
from regx.stats.paired import compare_to_baseline
from regx.studies.ablation.judgement import design, switched
from regx.studies.ablation.question import combinations
from regx.studies.ablation.result import check_can_be_measured, unfinished
from regx.studies.sweep.result import Sweep


@dataclass(frozen=True)
class AblationAlong(Shown):
    """A folder with a run for every combination of a stack's members at every value of an axis.

    runs: value by value, the combinations in the order of `judgement.design`. seeds: at each value those that
    completed in every combination; diverged: by value and seed the stacks in which one did not.
    effects: of each member, at each value, what switching it on changes on average over the combinations of the others.
    changes: of each member, at each value but the first, its effect there minus its effect at the first value, over the
    seeds that completed at both: the interaction of member and axis. p is corrected over all of these at once.
    """

    folder: Path
    key: str
    values: tuple[Any, ...]
    members: tuple[str, ...]
    runs: tuple[Run, ...]
    metric: str
    seeds: tuple[tuple[int, ...], ...]
    diverged: tuple[Mapping[int, Sequence[str]], ...]
    effects: tuple[tuple[Comparison, ...], ...]
    changes: tuple[tuple[Comparison, ...], ...]

    def turns(self, member: int) -> tuple[Any, Any] | None:
        """Two values between which the sign of a member's effect turns, None where not both signs are sure.

        They are the nearest two, numbers in their order and others as they are given.
        """
        every = zip(self.values, map(side_of, self.effects[member]), strict=True)
        sides = [(value, side) for value, side in every if side]
        if all(isinstance(value, int | float) for value in self.values):
            sides.sort()
        return next(((one, other) for (one, side), (other, next_side) in pairwise(sides) if side != next_side), None)


def side_of(effect: Comparison) -> int:
    """1 where an effect is surely above 0, -1 where surely below, else 0."""
    mean = effect.difference["mean"] or 0.0
    return 0 if effect.verdict in ("unclear", "cannot tell") else 1 if mean > 0 else -1


def cells_along(grid: Grid) -> tuple[Cell, ...]:
    """Every combination at every value, value by value. Raises InputError for axes that an ablation cannot have."""
    axis, *more = grid.axes
    if more:
        raise more[0].refused(f"expected one axis beside the members of the stack, found another one: {axis.key}")
    if axis.stack is not None or axis.key == "regularizers":
        raise axis.refused("expected no member of the stack: an ablation switches each of them off and on by itself")
    return tuple(
        replace(cell, point={**place.point, **cell.point})
        for place in grid.cells
        for cell in combinations(place.config)
    )


def ablate_along(grid: Grid, out: Path, metric: str, options: Options = DEFAULT) -> AblationAlong:
    """Train what the combinations lack at every value of the grid's axis. Raises as `ablate` does."""
    cells, (axis,) = cells_along(grid), grid.axes
    first = grid.cells[0].config
    data = dataset(first.dataset, first.seeds[0])
    check_can_be_measured(metric, data.task, len(data.val.x) > 0)
    members = [member.kind for member in first.stack]
    folder = grid_folder(replace(grid, name=f"{grid.name}-ablate"), out)
    axes = [axis, *(Axis(kind, ("off", "on")) for kind in members)]
    return along_of(folder, axis, members, train_cells(folder, grid.name, axes, cells, options), metric)


def along_of(folder: Path, axis: Axis, members: Sequence[str], runs: Sequence[Run], metric: str) -> AblationAlong:
    """What the runs of all combinations at all values say."""
    on = design(len(members))
    at_values = [runs[start : start + len(on)] for start in range(0, len(runs), len(on))]
    seeds, effects = [], []  # of each value: the seeds, and of each member its effect by seed
    for some in at_values:
        shared, values = at_shared_seeds([run.per_seed(metric) for run in some])
        seeds.append(shared)
        changes = [(values[row].mean(axis=0) - values[~row].mean(axis=0)).tolist() for row in on.T]
        effects.append([dict(zip(shared, change, strict=True)) for change in changes])
    by_member = list(zip(*effects, strict=True))
    changed = [
        {seed: there[seed] - first[seed] for seed in first.keys() & there.keys()}
        for first, *others in by_member
        for there in others
    ]
    every = [*(effect for one in by_member for effect in one), *changed]
    reach = REGISTRY[metric].reach
    found = compare_to_baseline(
        every, {seed: 0.0 for one in every for seed in one}, REGISTRY[metric].lower_is_better,
        max((share for some in at_values if (share := held_out(some[0], metric)) is not None), default=None),
        [] if reach is None else [reach] * (len(every) - len(changed)) + [2 * reach] * len(changed),
    )  # fmt: skip
    n, k = len(axis.values), len(members)
    judged, rest = found[: n * k], found[n * k :]
    return AblationAlong(
        folder, axis.key, axis.values, tuple(members), tuple(runs), metric, tuple(seeds),
        tuple(unfinished(some) for some in at_values),
        tuple(tuple(judged[start : start + n]) for start in range(0, n * k, n)),
        tuple(tuple(rest[start : start + n - 1]) for start in range(0, (n - 1) * k, n - 1)),
    )  # fmt: skip


def read_along(swept: Sweep, metric: str = "test_loss") -> AblationAlong:
    """The ablation along an axis in a folder that `ablate_along` has written. Raises InputError if it is none."""
    members = [axis.key for axis in swept.axes if axis.switches]
    others = [axis for axis in swept.axes if axis.key not in members]
    if not members or len(others) != 1:
        raise InputError(f"{swept.folder}: expected the folder of an ablation along an axis, found that of a sweep.")
    cells = [
        swept.at({others[0].key: value} | switched(members, row))
        for value in others[0].values
        for row in design(len(members)).tolist()
    ]
    runs = [cell.run for cell in cells if cell is not None and cell.run is not None]
    if len(runs) < len(cells):
        raise InputError(f"{swept.folder}: expected a run for every combination at every value, found some missing.")
    return along_of(swept.folder, others[0], members, runs, metric)
