"""What the runs of an ablation say about the members of its stack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regx.core.errors import InputError, did_you_mean
from regx.core.trained import ACCURACIES
from regx.evidence.run import Run
from regx.studies.ablation.judgement import Ablation, ablation
from regx.studies.sweep.result import LOSSES


@dataclass(frozen=True)
class Effects:
    """seeds: those that completed in every combination. diverged: by seed the stacks in which it did not.

    ablation: None where no seed completed in all.
    """

    members: tuple[str, ...]
    metric: str
    seeds: tuple[int, ...]
    diverged: dict[int, list[str]]
    ablation: Ablation | None


def effects_of(members: Sequence[str], runs: Sequence[Run], metric: str) -> Effects:
    """Effects of a stack's members on a metric at the reported epoch.

    runs: one for each combination of the members, in the order of `regx.studies.ablation.judgement.design`.
    """
    measured = [run.per_seed(metric) for run in runs]
    seeds = tuple(sorted(set.intersection(*(set(one) for one in measured))))
    diverged: dict[int, list[str]] = {}
    for run in runs:
        for seed, network in run.summary.networks.items():
            if not network.completed:
                diverged.setdefault(seed, []).append(run.summary.stack)
    values = np.array([[one[seed] for seed in seeds] for one in measured])
    found = ablation(values, metric not in ACCURACIES) if seeds else None
    return Effects(tuple(members), metric, seeds, dict(sorted(diverged.items())), found)


def check_metric(metric: str, task: str, n_val: int) -> None:
    """Raises InputError unless runs of this task, with `n_val` validation rows, have the metric."""
    known = (*LOSSES, *(ACCURACIES if task != "regression" else ()))
    if metric not in known:
        task_said = " of a regression" if metric in ACCURACIES else ""
        raise InputError(
            f"--metric: expected one of {', '.join(known)}{task_said}, found '{metric}'.{did_you_mean(metric, known)}"
        )
    if metric.startswith("val_") and not n_val:
        raise InputError(
            f"--metric: {metric} needs a validation split, found none. Set dataset.val_fraction or dataset.n_val, or "
            f"use --metric {metric.replace('val', 'test')}."
        )
