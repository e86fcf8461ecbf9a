"""The calls from Python: `regx.run`, `regx.load`, `regx.compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regx.core.arrays import Array
from regx.store.run import StoredRun, read_run

if TYPE_CHECKING:
    import pandas


class Run:
    """A run folder: its metrics, summary, config and weights, and what its networks predict."""

    def __init__(self, stored: StoredRun) -> None:
        self._stored = stored

    @property
    def folder(self) -> Path:
        """Where the run stands."""
        return self._stored.folder

    @property
    def config(self) -> dict[str, Any]:
        """config.yaml: the resolved config."""
        return self._stored.config

    @property
    def summary(self) -> dict[str, Any]:
        """summary.json: per seed and over seeds."""
        return self._stored.summary

    @property
    def metrics(self) -> pandas.DataFrame:
        """metrics.csv: a row per seed and evaluated epoch."""
        return self._stored.metrics

    @property
    def weights(self) -> dict[str, Array]:
        """weights.npz: arrays by `seed<S>/<init|reported|final>/<layer>/<weight|bias|gain|offset>`."""
        return self._stored.weights

    def predict(self, x: Any, seed: int | None = None) -> Array:
        """The prediction for x, (n, D), as (n, outputs): the mean over the seeds, or that of one seed.

        x is what the network sees (`regx data` writes it). For classification the outputs are probabilities.
        """
        from regx.evidence.predict import predict

        return predict(self._stored, x, seed)

    def __repr__(self) -> str:
        return f"<regx run {self.folder}: {self.summary['stack']}, {len(self._stored.seeds)} seeds>"


def run(
    config: str | Path,
    seeds: int | str | Sequence[int] | None = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
) -> Run:
    """Train every seed of a config that its run folder lacks, as `regx run` does, and return the run.

    seeds: a number, `"3,5,8"` or several. set: overrides by key, such as `{"optimizer.lr": 0.01}`.
    Raises regx.RegxError, whose message says what was expected, what was found and where.
    """
    import json

    from regx.config.load import load_config
    from regx.runner.runs import Target, bring_up_to_date

    def text(key: str, value: Any) -> str:
        if isinstance(value, bool) and key.startswith("regularizers.") and key.count(".") == 1:
            return "on" if value else "off"
        return value if isinstance(value, str) else json.dumps(value)

    overrides = [f"{key}={text(key, value)}" for key, value in (set or {}).items()]
    loaded = load_config(config, overrides, seeds)
    target = Target(loaded, Path(out) / loaded.folder_name)
    bring_up_to_date([target], jobs=jobs, force=force)
    return load(target.folder)


def load(folder: str | Path) -> Run:
    """The run in a folder. Raises regx.InputError, naming the file, if something is missing or damaged."""
    return Run(read_run(folder))


def compare(
    runs: Sequence[str | Path | Run] | str | Path | Run,
    baseline: str | Path | Run | None = None,
    metric: str = "test_loss",
) -> pandas.DataFrame:
    """The comparison table over run folders, or folders that hold runs: a row per run, as `regx compare` shows it."""
    from regx.report.table import compare_frame

    several = [runs] if isinstance(runs, str | Path | Run) else runs
    paths = [one.folder if isinstance(one, Run) else one for one in several]
    return compare_frame(paths, baseline.folder if isinstance(baseline, Run) else baseline, metric)
