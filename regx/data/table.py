"""What all tables have in common: the split, the encoding fitted on the training rows, and label noise."""

import dataclasses
import itertools
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.images import Images
from regx.core.parameters import choice, integer, number
from regx.data.columns import Form, Reading
from regx.data.dataset import Dataset, Source, Split, with_label_noise
from regx.data.preparation import OneHot, Preparation, Scaled, fit
from regx.data.split import split_rows
from regx.data.task import Task

Version = tuple[int, int, int]


def version(path: Path) -> Version:
    """What changes when a file does: modification time in ns, bytes, inode. Raises OSError where there is no file."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


@dataclass(frozen=True, eq=False)
class Table:
    """A table before it is split.

    columns: (n,) each, by name; see `preparation.fit`. y: (n,), float64 for regression, else the class's number, int64.
    origin: how messages name the table. shape: that of the images, (channels, height, width), whose pixels the columns
    are, channel by channel, row by row.
    reading: how new rows are read; as plain numbers if None. groups: (n,), what is kept together in every split.
    times: (n,), by which the last rows are the test split. weight: (n,), how much each row counts.
    white: the largest value that a pixel may have; by the data where it is not known.
    """

    columns: dict[str, Array]
    y: Array
    target: str
    task: Task
    origin: str
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None
    reading: Reading | None = None
    groups: Array | None = None
    times: Array | None = None
    weight: Array | None = None
    white: float | None = None


class TableSource(Source, kw_only=True):
    """Base of the datasets that are tables. Each split is drawn anew for each seed.

    Features are standardised, filled and one-hot encoded by the training split alone, and so is a regression target:
    a loss of 1 is then what predicting the mean scores.
    """

    test_fraction: float = number(0.25, ge=0, lt=1, static=True, help="share of all rows for the test; 0 for none")
    val_fraction: float = number(0.15, ge=0, lt=1, static=True, help="share of all rows for validation; 0 for none")
    n_train: int | None = integer(None, ge=1, static=True, optional=True, help="train on only so many rows")
    scaling: str = choice(
        "standard",
        ("standard", "robust"),
        help="of numbers: mean 0 and deviation 1; robust, for skewed ones: median 0, quartiles 1 apart, within -3 to 3",
    )
    label_noise: float = number(0.0, ge=0, le=1, static=True, help="share of the training labels drawn anew at random")
    standardised = True
    fold: int = 0  # of `split_rows`; no parameter: what is trained in a run is always the first

    @abstractmethod
    def table(self) -> Table:
        """The whole table."""

    @abstractmethod
    def fingerprint(self) -> str: ...

    def load(self, seed: int) -> Dataset:
        table = self.table()
        regression = table.task == "regression"
        train, val, test = split_rows(
            len(table.y), seed, self.test_fraction, self.val_fraction, self.n_train,
            labels=None if regression else table.y, classes=table.classes, origin=table.origin,
            groups=table.groups, times=table.times, fold=self.fold,
        )  # fmt: skip
        images: Images | None = None
        words: tuple[OneHot, ...] = ()
        notes: tuple[str, ...] = ()
        if table.shape:
            numbers, images = _standardised_pixels(table, train)
        else:
            numbers, words, notes = fit(table.columns, train, robust=self.scaling == "robust")
        if not numbers and not words:
            raise InputError(f"{table.origin}: no column varies in the training split: nothing to learn from.")
        center, spread = 0.0, 1.0
        if regression:
            center, spread, of_target = _standardised(table, train)
            y = ((table.y - center) / spread)[:, None]
            notes += (of_target,)
        elif table.task == "binary":
            y = table.y[:, None].astype(np.float64)
        else:
            y = np.eye(len(table.classes))[table.y]
        preparation = Preparation(
            _of_used(table.reading, numbers, words), numbers, words, table.task, table.target, table.classes, center,
            spread,
        )  # fmt: skip
        rows = Split(preparation.encode(table.columns), y, table.weight)
        splits = [_of_mean_1(rows.rows(part), table.origin) for part in (train, val, test)]
        return Dataset(
            table.task,
            train=with_label_noise(splits[0], table.task, self.label_noise, seed),
            val=splits[1],
            test=splits[2],
            features=preparation.features,
            target=table.target,
            classes=table.classes,
            notes=table.notes + notes,
            preparation=preparation,
            images=images,
        )


def pixel_names(shape: tuple[int, ...]) -> list[str]:
    """How the columns of images are called: `pixel_<row>_<column>`, of several channels `pixel_<channel>_...`."""
    places = itertools.product(*map(range, shape if shape[0] > 1 else shape[1:]))
    return ["_".join(map(str, ("pixel", *place))) for place in places]


def _standardised_pixels(table: Table, train: Array) -> tuple[tuple[Scaled, ...], Images]:
    """How pixels are scaled: to between 0 and 1, then each channel to mean 0 and deviation 1 in the training rows."""
    assert table.shape is not None
    channels, height, width = table.shape
    columns = np.stack(list(table.columns.values()))
    largest = float(np.abs(columns).max())
    # The usual ranges are known by the largest pixel; of any other it is the largest itself.
    white = next((one for one in (1.0, 255.0, 65535.0) if largest <= one and columns.min() >= 0), largest) or 1.0
    white = table.white or white
    by_channel = columns[:, train].reshape(channels, -1) / white
    mean, deviation = by_channel.mean(axis=1), by_channel.std(axis=1)
    if not (deviation > 0).all():
        raise InputError(f"{table.origin}: all pixels of a channel are equal in the training split: nothing to learn.")
    scales = [(0.0, float(one * white), float(other * white)) for one, other in zip(mean, deviation, strict=True)]
    scaled = tuple(Scaled(name, *scales[place // (height * width)]) for place, name in enumerate(table.columns))
    lowest = 0.0 if columns.min() >= 0 else -1.0
    return scaled, Images((channels, height, width), tuple(mean.tolist()), tuple(deviation.tolist()), lowest)


def _of_used(reading: Reading | None, numbers: tuple[Scaled, ...], words: tuple[OneHot, ...]) -> Reading:
    """The reading of the columns that a preparation uses; of a date's parts that of the date."""
    names = {one.name for one in numbers} | {one.name for one in words}
    if reading is None:
        return Reading({name: Form() for name in sorted(names)})
    forms = {
        name: form for name, form in reading.forms.items() if names & {name, *(f"{name}.{part}" for part in form.parts)}
    }
    return dataclasses.replace(reading, forms=forms)


def _of_mean_1(split: Split, origin: str) -> Split:
    """The split with weights whose mean is 1, if its rows have any."""
    if split.weight is None or not len(split.weight):
        return split
    if not split.weight.any():
        raise InputError(f"{origin}: all rows of a split have weight 0. Expected some that count.")
    return dataclasses.replace(split, weight=split.weight / split.weight.mean())


def _standardised(table: Table, train: Array) -> tuple[float, float, str]:
    """The mean and standard deviation of the target in the training rows, and the note that says so."""
    mean, deviation = table.y[train].mean(), table.y[train].std()
    if deviation <= 1e-12 * abs(mean):  # the rounding error of a constant
        raise InputError(
            f"{table.origin}: target '{table.target}' is constant in the {len(train)} training rows, so there is "
            "nothing to predict. Expected different numbers."
        )
    note = (
        f"Target '{table.target}' is standardised with the training split's mean {mean:.6g} and standard deviation "
        f"{deviation:.6g}: always predicting that mean has a mean squared error of about 1."
    )
    return float(mean), float(deviation), note
