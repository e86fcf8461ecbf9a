"""The data that a stored run was trained on."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regx.config.config import Config
from regx.core.errors import InputError
from regx.data.dataset import Dataset

if TYPE_CHECKING:
    from regx.evidence.run import Run


def dataset_of(run: Run, seed: int) -> Dataset:
    """The splits that a seed of a run saw, loaded anew. Raises InputError if the data has changed since, or is gone."""
    return datasets_of(run, [seed])[seed]


def datasets_of(run: Run, seeds: Sequence[int]) -> dict[int, Dataset]:
    """Those of several seeds."""
    source, expected = run.typed.dataset, run.summary.data_fingerprint
    with kept_private(run.typed):
        found = source.fingerprint()
    if found != expected:
        raise InputError(
            f"{run.folder}: the data has changed since this run: expected fingerprint {expected}, found {found}. "
            "Restore the table, or train anew with --force."
        )
    return {seed: source.load(seed) for seed in seeds}


@contextlib.contextmanager
def kept_private(config: Config) -> Iterator[None]:
    """Around reading the data of a stored config, which may be a stranger's and name any file of this machine.

    What is wrong in a file that is there is not said, since that shows what stands in it.
    """
    try:
        yield
    except InputError:
        path = getattr(config.dataset, "path", None)
        if path is None or not Path(path).expanduser().exists():
            raise
        raise InputError(
            f"{path}: expected the data that a stored run was trained on, found what cannot be read as such. Restore "
            "it; `regx validate` or `regx run` on the run's config.yaml says what is wrong."
        ) from None
