"""The data that a stored run was trained on."""

from collections.abc import Sequence

from regx.core.errors import InputError
from regx.data.dataset import Dataset
from regx.evidence.run import Run


def dataset_of(run: Run, seed: int) -> Dataset:
    """The splits that a seed of a run saw, loaded anew. Raises InputError if the data has changed since, or is gone."""
    return datasets_of(run, [seed])[seed]


def datasets_of(run: Run, seeds: Sequence[int]) -> dict[int, Dataset]:
    """Those of several seeds."""
    source = run.typed.dataset
    found, expected = source.fingerprint(), run.summary.data_fingerprint
    if found != expected:
        raise InputError(
            f"{run.folder}: the data has changed since this run: expected fingerprint {expected}, found {found}. "
            "Restore the table, or train anew with --force."
        )
    return {seed: source.load(seed) for seed in seeds}
