"""What an ablation has found: its runs, and what they say about the members of the stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from regx.core.errors import InputError
from regx.core.shown import Shown
from regx.evidence.data import held_out
from regx.evidence.run import Run
from regx.metrics import REGISTRY, check_metric
from regx.stats.aggregate import at_shared_seeds
from regx.studies.ablation.judgement import Contrasts, contrasts, design, switched
from regx.studies.sweep.result import read_sweep


@dataclass(frozen=True)
class Ablation(Shown):
    """A folder with a run for every combination of a stack's members, in the order of `judgement.design`.

    seeds: those that completed in every combination. diverged: by seed the stacks in which it did not. contrasts: what
    the members do to `metric` at the reported epoch, alone and together; None where no seed completed in all.
    """

    folder: Path
    members: tuple[str, ...]
    runs: tuple[Run, ...]
    metric: str
    seeds: tuple[int, ...]
    diverged: Mapping[int, Sequence[str]]
    contrasts: Contrasts | None


def ablation_of(folder: Path, members: Sequence[str], runs: Sequence[Run], metric: str) -> Ablation:
    """What the runs of all combinations, in the order of `design`, say of the members."""
    seeds, values = at_shared_seeds([run.per_seed(metric) for run in runs])
    told = REGISTRY[metric]
    found = contrasts(values, told.lower_is_better, held_out(runs[0], metric), told.reach) if seeds else None
    return Ablation(folder, tuple(members), tuple(runs), metric, seeds, unfinished(runs), found)


def unfinished(runs: Sequence[Run]) -> dict[int, list[str]]:
    """By seed the stacks in which its network did not complete."""
    diverged: dict[int, list[str]] = {}
    for run in runs:
        for seed, network in run.summary.networks.items():
            if not network.completed:
                diverged.setdefault(seed, []).append(run.stack)
    return dict(sorted(diverged.items()))


def read_ablation(folder: Path, metric: str = "test_loss") -> Ablation:
    """The ablation in a folder that `ablate` has written. Raises InputError if it is none, or a run cannot be read."""
    swept = read_sweep(folder)
    members = [axis.key for axis in swept.axes]
    cells = [swept.at(switched(members, row)) for row in design(len(members)).tolist()]
    runs = [cell.run for cell in cells if cell is not None and cell.run is not None]
    if not members or any(not axis.switches for axis in swept.axes):
        raise InputError(f"{folder}: expected the folder of an ablation, found that of a sweep.")
    if len(runs) < len(cells):
        raise InputError(f"{folder}: expected a run for every combination of {', '.join(members)}, found some missing.")
    summary = runs[0].summary
    check_can_be_measured(metric, summary.task, summary.over_seeds("val_loss")["mean"] is not None)
    return ablation_of(folder, members, runs, metric)


def check_can_be_measured(metric: str, task: str, has_val: bool) -> None:
    """Raises InputError unless runs of this task have the metric.  has_val: whether they have a validation split."""
    split = check_metric(metric, [task]).split
    if not has_val and (split == "val" or metric == "gap"):
        raise InputError(
            f"--metric: {metric} needs a validation split, found none. Set dataset.val_fraction or dataset.n_val, or "
            f"use --metric {metric.replace('val', 'test') if split else 'train_loss'}."
        )
