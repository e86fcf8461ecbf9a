"""How much each training row counts in the loss."""

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError, did_you_mean
from regx.data.dataset import Dataset, Split

ClassWeight = str | tuple[tuple[str, float], ...] | None  # of `training.class_weight`: None, `balanced`, or pairs


def row_weights(data: Dataset, class_weight: ClassWeight, of: Split | None = None) -> Array | None:
    """The weight of every row that steps are taken on, (n,), 1 on average; None where all count the same.

    A row's own weight times its class's. `balanced`: every class weighs the same in total, n/(K·count) where rows have
    no weights of their own (King & Zeng 2001, Logistic Regression in Rare Events Data, section 4). A class that is not
    named weighs 1. of: rows of another split, which weigh as rows of their classes do there. Raises InputError where a
    class is named that there is not, or nothing weighs anything.
    """
    rows = data.fitted or data.train
    if rows.weight is None and class_weight is None:
        return None
    of = of or rows
    own, weight = (np.ones(len(split.y)) if split.weight is None else split.weight for split in (of, rows))
    if class_weight is not None:
        if data.task == "regression":
            raise InputError(
                "training.class_weight weighs classes, and a regression has none: set training.class_weight=null; a "
                "weight for each row is a column of the table, dataset.weight"
            )
        of_own, label = (
            split.y[:, 0].astype(np.intp) if data.task == "binary" else split.y.argmax(axis=1) for split in (of, rows)
        )
        own = own * _of_classes(label, weight, data.classes, class_weight)[of_own]
    mean = own.mean()
    if not mean > 0:
        raise InputError("training.class_weight: expected a training row that weighs more than 0, found none")
    return np.asarray(own / mean)


def _of_classes(
    label: Array, weight: Array, classes: tuple[str, ...], class_weight: str | tuple[tuple[str, float], ...]
) -> Array:
    """The weight of each class, (K,)."""
    if isinstance(class_weight, str):
        totals = np.bincount(label, weight, minlength=len(classes))
        return np.divide(1, totals, out=np.zeros(len(totals)), where=totals > 0)
    for name, _ in class_weight:
        if name not in classes:
            raise InputError(
                f"training.class_weight: expected the names of classes, {', '.join(classes)}, found "
                f"'{name}'.{did_you_mean(name, classes)}"
            )
    named = dict(class_weight)
    return np.array([named.get(name, 1.0) for name in classes])
