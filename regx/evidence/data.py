"""The data that a stored run was trained on, and whether its seeds are splits of one table."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from regx.config.config import Config
from regx.core.errors import InputError, RegxError
from regx.data import REGISTRY
from regx.data.dataset import Dataset
from regx.data.table import TableSource
from regx.evidence.run_folder import RunFolder


def dataset_of(run: RunFolder, seed: int) -> Dataset:
    """The splits that a seed of a run saw, loaded anew. Raises InputError if the data has changed since, or is gone."""
    return datasets_of(run, [seed])[seed]


def datasets_of(run: RunFolder, seeds: Sequence[int]) -> dict[int, Dataset]:
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


def is_of_one_table(kind: str) -> bool:
    """Whether each seed splits one table anew, rather than draws data of its own.  kind: of the dataset."""
    return kind in REGISTRY and issubclass(REGISTRY[kind], TableSource)


def held_out(run: RunFolder, metric: str = "test_loss") -> float | None:
    """Of splits of one table the rows that a metric is measured on over those of training; None of generated data.

    It is what `stats.resampled` needs. A metric of the training rows gets the ratio of the test split: how much its
    values share nobody has worked out, and that is no less.
    """
    if not is_of_one_table(run.summary.dataset):
        return None
    train, val, test = _rows(run)
    return (val if metric.startswith("val_") and val else test) / train


def _rows(run: RunFolder) -> tuple[float, float, float]:
    """Rows of the training, validation and test split, or their shares of the table."""
    found = run.about.get("rows")
    if isinstance(found, list) and len(found) == 3:
        return found[0], found[1], found[2]
    dataset = run.config["dataset"]
    if dataset.get("n_train") is not None and run.seeds:  # a run of before rows were kept
        try:
            data = dataset_of(run, run.seeds[0])
            return len(data.train.x), len(data.val.x), len(data.test.x)
        except RegxError:
            pass
    test, val = float(dataset.get("test_fraction", 0.25)), float(dataset.get("val_fraction", 0.15))
    return 1 - test - val, val, test
