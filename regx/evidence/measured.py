"""The metrics of stored runs: those that their summaries say, and of their weights those that they do not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from regx.metrics import REGISTRY
from regx.metrics.metric import Metric
from regx.store.summary import value

if TYPE_CHECKING:
    from regx.config.config import Config
    from regx.core.arrays import Array
    from regx.data.dataset import Dataset
    from regx.engine.asked import Asked
    from regx.evidence.run_folder import RunFolder


def per_seed(run: RunFolder, name: str) -> dict[int, float]:
    """A metric of every completed seed of a run that has it.

    What the summary does not say is computed from data and stored weights, and remembered. Raises InputError if the
    data has changed or is gone, or the weights are damaged.
    """
    metric, found = REGISTRY[name], dict[int, float]()
    can_be_asked = metric.of is not None and run.summary.task in metric.tasks
    lacking = []
    for seed in run.completed_seeds:
        entry = run.summary["seeds"][str(seed)]
        has_rows = not metric.split or entry["metrics"].get(f"{metric.split}_loss") is not None
        if (said := value(metric, entry, run.config)) is not None:
            found[seed] = said
        elif can_be_asked and has_rows:
            lacking.append(seed)
    if lacking:
        known: dict[str, dict[int, float]] = vars(run).setdefault("measured", {})
        if name not in known:
            known[name] = _asked(run, metric, lacking)
        found |= known[name]
    return {seed: number for seed, number in sorted(found.items()) if math.isfinite(number)}


def _asked(run: RunFolder, metric: Metric, seeds: Sequence[int]) -> dict[int, float]:
    # Few tables need what takes longer to import than to print them.
    from regx.evidence.data import datasets_of

    config, data = run.typed, datasets_of(run, seeds)
    networks = {seed: asked(config, seed, data[seed], run.reported(seed)) for seed in seeds}
    return {seed: float(network.all_of([metric])[metric.name][0]) for seed, network in networks.items()}


def asked(config: Config, seed: int, data: Dataset, parameters: dict[str, Array]) -> Asked:
    """One network of a config, with these parameters by `<layer>/<tensor>`, to be asked again."""
    import numpy as np

    from regx.engine.asked import Asked
    from regx.engine.population import Population

    dtype = np.dtype(config.training.dtype)
    population = Population(
        architecture=config.architecture,
        training=config.training,
        optimizer=type(config.optimizer).of_population([config.optimizer], dtype),
        schedule=config.schedule,
        stack=tuple(type(member).of_population([member], dtype) for member in config.stack),
        seeds=(seed,),
        datasets=(data,),
        which=(0,),
    )
    return Asked(population, population.layout().flat(parameters)[None])
