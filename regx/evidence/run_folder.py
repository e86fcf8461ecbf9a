"""A run folder, read: what stands in its files."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from regx.core.arrays import Array, DataFrame, below
from regx.store.files import CONFIG, METRICS, SNAPSHOTS, WEIGHTS, read_config
from regx.store.opened import damaged
from regx.store.summary import Summary, stack_text
from regx.store.summary import summary as summary_of

if TYPE_CHECKING:
    from regx.config.config import Config
    from regx.store.metrics import Rows


@dataclass(frozen=True, repr=False)
class RunFolder:
    """What a run folder holds: config, metrics, summary and weights.

    Metrics and weights are read when they are first asked for.

    config: config.yaml, resolved. summary: summary.json. about: run.json; a run that says it is running is interrupted
    if nobody writes into its folder.
    """

    folder: Path
    config: dict[str, Any]
    summary: Summary
    about: dict[str, Any]

    @property
    def name(self) -> str:
        return self.summary.name

    @property
    def stack(self) -> str:
        """What regularizes, wherever the config says it; `none` where nothing does."""
        return stack_text(self.config)

    @property
    def seeds(self) -> list[int]:
        """The finished seeds, completed or diverged."""
        return list(self.summary.networks)

    @property
    def completed_seeds(self) -> list[int]:
        """The seeds that reached their end; those that diverged have no curve and no loss to average."""
        return [seed for seed, network in self.summary.networks.items() if network.completed]

    def judged(self, loss: str) -> dict[int, float]:
        """The loss by which the run is chosen among others, of every completed seed that has it.

        That is `loss` at the reported epoch; where early stopping chose this epoch by it, so that it is too good, the
        cross-fitted one.
        """
        found = {seed: self.summary.networks[seed].judged(loss) for seed in self.completed_seeds}
        return {seed: number for seed, number in found.items() if number is not None}

    @functools.cached_property
    def metrics(self) -> DataFrame:
        """The table of metrics.csv, finished seeds only. Raises InputError if the file is missing or damaged."""
        from regx.store.metrics import read_frame

        return read_frame(self.rows, self.summary.task)

    @functools.cached_property
    def rows(self) -> Rows:
        """What metrics.csv holds, by finished seed. Raises InputError, naming the lines, if they are damaged."""
        from regx.store.metrics import read_rows

        return read_rows(self.folder / METRICS, self.summary.task, self.summary["seeds"])

    @functools.cached_property
    def versions(self) -> list[str]:
        """With what the finished seeds were trained, such as `regx 0.1.0 with NumPy 2.4`, each once."""
        found = self.about.get("trainings") or [self.about]
        of = {entry.get("training", 0) for entry in self.summary["seeds"].values()}
        known = [(found[start].get("versions") if start < len(found) else None) or {} for start in of]
        return sorted({f"regx {one.get('regx', '?')} with NumPy {one.get('numpy', '?')}" for one in known})

    @functools.cached_property
    def typed(self) -> Config:
        """The config as classes, without keys that a later version has added. Raises InputError where it is wrong."""
        from regx.config.load import stored_config

        return stored_config(self.config, self.folder / CONFIG, self.about.get("table"))

    @functools.cached_property
    def weights(self) -> dict[str, Array]:
        """Arrays by `seed<S>/<init|reported|final>/<layer>/<weight|bias|gain|offset>`, finished seeds only.

        Raises InputError if the file is missing or damaged.
        """
        import numpy as np

        from regx.store.weights import read_weights

        path = self.folder / WEIGHTS
        found = read_weights(path, self.summary["seeds"], read_config(self.folder / CONFIG))
        networks: dict[str, dict[str, Array]] = {}
        for name, array in found.items():
            seed, stage, tensor = name.split("/", 2)
            networks.setdefault(f"{seed}/{stage}", {})[tensor] = array
        self._check(path, networks.values())
        for one in self.completed_seeds:
            if not all(np.isfinite(array).all() for array in networks[f"seed{one}/reported"].values()):
                raise damaged(path, f"expected the weights that seed {one} reports to be numbers, found others")
        return found

    def reported(self, seed: int) -> dict[str, Array]:
        """The reported parameters of a seed, by `<layer>/<tensor>`."""
        return below(f"seed{seed}/reported", self.weights)

    @functools.cached_property
    def snapshots(self) -> dict[int, dict[str, Array]]:
        """Parameters while the first seed trained: by epoch, then by `<layer>/<tensor>`; empty without any.

        Raises InputError if the file is damaged.
        """
        from regx.store.weights import read_snapshots

        path = self.folder / SNAPSHOTS
        found = next(iter(read_snapshots(path, self.summary["seeds"], self.config).values()), {})
        self._check(path, found.values())
        return found

    def _check(self, path: Path, networks: Iterable[dict[str, Array]]) -> None:
        from regx.store.weights import check_network

        for named in networks:
            check_network(path, self.typed, named)

    def of_seeds(self, seeds: Iterable[int]) -> Self:
        """The run with these seeds alone, as far as they are finished, as if nobody had asked for others."""
        wanted = list(seeds)
        if set(self.seeds) <= set(wanted):
            return self
        entries = {seed: entry for seed, entry in self.summary["seeds"].items() if int(seed) in wanted}
        content = {**self.summary.content, **summary_of(self.config, self.about, entries)}
        return replace(self, config={**self.config, "seeds": wanted}, summary=Summary(content))
