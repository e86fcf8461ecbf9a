"""The calls from Python: `regx.run`, `regx.load`, `regx.compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regx.evidence.run import Run, read_run

if TYPE_CHECKING:
    import pandas


def run(
    config: str | Path,
    seeds: int | str | Sequence[int] | None = None,
    set: Mapping[str, Any] | None = None,
    out: str | Path = "runs",
    jobs: int | None = None,
    force: bool = False,
) -> Run:
    """Train every seed of a config that its run folder lacks, as `regx run` does, and return the run.

    seeds: how many, or which: a list, or `"3,5,8"`; the config's if None. set: overrides by key, such as
    `{"optimizer.lr": 0.01}`. out: where the run folder stands. jobs: processes to train in; None for as many as the
    work is worth. force: train finished seeds anew.
    Raises regx.RegxError, whose message says what was expected, what was found and where.
    """
    import json
    import os

    from regx.config.load import load_config
    from regx.core.errors import InputError
    from regx.runner.runs import Target, bring_up_to_date

    def plain(value: Any) -> Any:
        if hasattr(value, "tolist"):  # NumPy's numbers and arrays
            return value.tolist()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        raise InputError(f"set: expected numbers, words, true, false, None, lists or mappings, found {value!r}")

    def text(key: str, value: Any) -> str:
        if isinstance(value, bool) and key.startswith("regularizers.") and key.count(".") == 1:
            return "on" if value else "off"
        return value if isinstance(value, str) else json.dumps(value, default=plain)

    if jobs is not None and (not isinstance(jobs, int) or jobs < 1):
        raise InputError(
            f"jobs: expected a whole number from 1, or None for as many as the work is worth, found {jobs!r}"
        )
    overrides = [f"{key}={text(key, value)}" for key, value in (set or {}).items()]
    loaded = load_config(config, overrides, seeds)
    target = Target(loaded, Path(out) / loaded.folder_name)
    bring_up_to_date([target], jobs=jobs, force=force)
    return load(target.folder)


def load(folder: str | Path) -> Run:
    """The run in a folder. Raises regx.InputError, naming the file, if something is missing or damaged."""
    return read_run(folder)


def compare(
    runs: Sequence[str | Path | Run] | str | Path | Run,
    baseline: str | Path | Run | None = None,
    metric: str = "test_loss",
) -> pandas.DataFrame:
    """The comparison table: a row per run, as `regx compare --format csv` has it.

    runs: runs, run folders, or folders that hold runs. baseline: a run or its folder, which need not be among them, or
    the name of one of them; the run without regularizers if None. metric: what differences and verdicts are about.
    Raises regx.InputError where one of the runs cannot be read, and for a wrong baseline or metric.
    """
    from regx.report.table import compare_frame

    several = [runs] if isinstance(runs, str | Path | Run) else runs
    paths = [one.folder if isinstance(one, Run) else one for one in several]
    return compare_frame(paths, baseline.folder if isinstance(baseline, Run) else baseline, metric)
