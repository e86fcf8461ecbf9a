"""A run, and reading run folders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from regx.core.errors import InputError, RegxError
from regx.core.shown import DRAWN, Shown
from regx.evidence.folders import DEPTH, find_runs, folders_at, is_run, no_run
from regx.evidence.run_folder import RunFolder
from regx.metrics import REGISTRY
from regx.stats.aggregate import Interval
from regx.store.files import ABOUT, CONFIG, METRICS, SEAL, SUMMARY, WEIGHTS, read_config, read_json
from regx.store.lock import holder
from regx.store.opened import NO_FILE, damaged
from regx.store.summary import Summary, over_seeds, read_summary
from regx.store.summary import summary as summary_of

Needed = Literal["rows", "metrics", "weights", "snapshots"]


@dataclass(frozen=True, repr=False)
class Run(RunFolder, Shown):
    """A run: what its folder holds, what its networks predict, and every metric of them."""

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

    def plot(self, kind: str | Sequence[str] = ()) -> Any:
        """matplotlib figures of this run, of these kinds or all that fit, as `regx.plot` gives them."""
        return DRAWN["plot"](self, kind)

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
