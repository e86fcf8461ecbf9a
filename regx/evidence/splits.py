"""Whether the seeds of a run are splits of one table, and how large the splits are."""

from regx.core.errors import RegxError
from regx.data import REGISTRY
from regx.data.table import TableSource
from regx.evidence.run import Run


def is_of_one_table(kind: str) -> bool:
    """Whether each seed splits one table anew, rather than draws data of its own.  kind: of the dataset."""
    return kind in REGISTRY and issubclass(REGISTRY[kind], TableSource)


def held_out(run: Run, metric: str = "test_loss") -> float | None:
    """Of splits of one table the rows that a metric is measured on over those of training; None of generated data.

    It is what `stats.resampled` needs. A metric of the training rows gets the ratio of the test split: how much its
    values share nobody has worked out, and that is no less.
    """
    if not is_of_one_table(run.summary.dataset):
        return None
    train, val, test = _rows(run)
    return (val if metric.startswith("val_") and val else test) / train


def _rows(run: Run) -> tuple[float, float, float]:
    """Rows of the training, validation and test split, or their shares of the table."""
    found = run.about.get("rows")
    if isinstance(found, list) and len(found) == 3:
        return found[0], found[1], found[2]
    dataset = run.config["dataset"]
    if dataset.get("n_train") is not None and run.seeds:  # a run of before rows were kept
        from regx.evidence.data import dataset_of

        try:
            data = dataset_of(run, run.seeds[0])
            return len(data.train.x), len(data.val.x), len(data.test.x)
        except RegxError:
            pass
    test, val = float(dataset.get("test_fraction", 0.25)), float(dataset.get("val_fraction", 0.15))
    return 1 - test - val, val, test
