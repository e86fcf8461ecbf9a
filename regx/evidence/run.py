"""A run, and reading run folders."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from regx.core.arrays import Array, DataFrame
from regx.core.errors import InputError, RegxError
from regx.core.shown import Shown
from regx.evidence.folders import DEPTH, find_runs, folders_at, is_run, no_run
from regx.metrics import REGISTRY
from regx.stats.aggregate import Interval
from regx.store.files import ABOUT, CONFIG, METRICS, SEAL, SNAPSHOTS, SUMMARY, WEIGHTS, read_config, read_json
from regx.store.lock import holder
from regx.store.opened import NO_FILE, damaged
from regx.store.summary import Summary, over_seeds, read_summary, stack_text
from regx.store.summary import summary as summary_of

if TYPE_CHECKING:
    from regx.config.config import Config
    from regx.store.metrics import Rows

Needed = Literal["rows", "metrics", "weights", "snapshots"]


@dataclass(frozen=True, repr=False)
class Run(Shown):
    """A run folder: its config, metrics, summary and weights, and what its networks predict.

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

    def per_seed(self, metric: str) -> dict[int, float]:
        """A metric of the reported network of every completed seed that has it.

        What the summary does not say is computed from data and stored weights. Raises InputError if the data has
        changed or is gone, or the weights are damaged.
        """
        from regx.evidence.measured import per_seed

        return per_seed(self, metric)

    def over_seeds(self, metric: str) -> Interval:
        """Its mean over the completed seeds, and its 95 % interval; of None where a seed lacks it. Raises likewise."""
        found = self.per_seed(metric)
        return over_seeds(REGISTRY[metric], [found.get(seed) for seed in self.completed_seeds])

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

    def predict(self, x: Any, seed: int | None = None, masks: int = 0) -> Any:
        """The prediction for new rows: the mean over the completed seeds, or that of one seed.

        Of a DataFrame of raw rows, its columns by name in any order, a DataFrame as `regx predict` writes it. Of an
        array (n, D) of what the network sees (`regx data` writes it) an array (n, outputs): the number, the probability
        of class 1, or that of each class. With `masks` each network's is the mean over so many answers with dropout and
        its like on, as Monte Carlo dropout has it. Raises regx.InputError for other features, or a seed that is not
        completed.
        """
        from regx.evidence.predict import predict

        if hasattr(x, "columns") and hasattr(x, "index"):
            from regx.evidence.rows import predict_rows

            return predict_rows(self, x, seed, masks).frame().set_axis(x.index)
        return predict(self, x, seed, masks)

    def of_seeds(self, seeds: Iterable[int]) -> Run:
        """The run with these seeds alone, as far as they are finished, as if nobody had asked for others."""
        wanted = list(seeds)
        if set(self.seeds) <= set(wanted):
            return self
        entries = {seed: entry for seed, entry in self.summary["seeds"].items() if int(seed) in wanted}
        content = {**self.summary.content, **summary_of(self.config, self.about, entries)}
        return replace(self, config={**self.config, "seeds": wanted}, summary=Summary(content))

    def plot(self, kind: str | Sequence[str] = ()) -> Any:
        """matplotlib figures of this run, of these kinds or all that fit, as `regx.plot` gives them."""
        import importlib

        return importlib.import_module("regx.api").plot(self, kind)

    def __repr__(self) -> str:
        return f"<regx run {self.folder}: {self.stack}, {len(self.seeds)} seeds>"


def read_run(folder: Path | str) -> Run:
    """The run in a folder. Raises InputError, naming the file and the line, if something is missing or damaged."""
    folder = Path(folder)
    if not is_run(folder):
        if inside := next(filter(is_run, folders_at(folder, DEPTH)), None):
            raise InputError(f"{folder}: expected one run folder, found a folder of runs, such as {inside}")
        raise InputError(no_run(folder))
    # In this order, since a writer at work changes them in it.
    about = read_json(folder / ABOUT)
    sealed = SEAL in about
    if about["status"] == "running" and holder(folder) is None:
        about = {**about, "status": "interrupted"}
    config = read_config(folder / CONFIG, sealed)
    if (folder / SUMMARY).exists() or about["status"] in ("completed", "diverged"):
        summary = read_summary(folder / SUMMARY, config, sealed)
    else:
        summary = Summary(summary_of(config, about, {}))
    run = Run(folder, config, summary, about)
    for path in (folder / METRICS, folder / WEIGHTS) if run.seeds else ():
        least, size = summary.get("bytes", {}).get(path.name, 0), path.stat().st_size if path.is_file() else -1
        if size < least:  # is missing, or has been cut
            if path.name == METRICS:
                _ = run.rows  # raises, and names the line
            raise damaged(path, f"expected {least} bytes or more, found {size}" if size >= 0 else NO_FILE)
    return run


def read_runs(paths: Iterable[Path | str], need: Iterable[Needed] = ()) -> tuple[list[Run], list[str]]:
    """All runs at the paths, and what is wrong with those that cannot be read, a message each.

    need: what beside config and summary is read and checked at once, so that no damage there shows up later.
    Raises InputError if there is nothing at a path, or if no run can be read.
    """
    runs: list[Run] = []
    need = list(need)
    folders, problems = find_runs(paths)
    for folder in folders:
        try:
            run = read_run(folder)
            for name in need:
                getattr(run, name)
            runs.append(run)
        except RegxError as error:
            problems.append(str(error))
    if not runs:
        raise InputError("\n".join(problems))
    return runs, problems
