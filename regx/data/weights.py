"""How much each training row counts in the loss."""

from __future__ import annotations

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError, did_you_mean
from regx.data.dataset import Dataset

ClassWeight = str | tuple[tuple[str, float], ...] | None  # of `training.class_weight`: None, `balanced`, or pairs


def row_weights(data: Dataset, class_weight: ClassWeight) -> Array | None:
    """The weight of every row that steps are taken on, (n,), 1 on average; None where all count the same.

    A row's own weight times its class's. `balanced`: every class weighs the same in total, n/(K·count) where rows have
    no weights of their own (King & Zeng 2001, Logistic Regression in Rare Events Data, section 4). A class that is not
    named weighs 1. Raises InputError where a class is named that there is not, or nothing weighs anything.
    """
    rows = data.fitted or data.train
    if rows.weight is None and class_weight is None:
        return None
    weight = np.ones(len(rows.y)) if rows.weight is None else rows.weight
    if class_weight is not None:
        if data.task == "regression":
            raise InputError(
                "training.class_weight weighs classes, and a regression has none: set training.class_weight=null; a "
                "weight for each row is a column of the table, dataset.weight"
            )
        label = rows.y[:, 0].astype(np.intp) if data.task == "binary" else rows.y.argmax(axis=1)
        weight = weight * _of_classes(label, weight, data.classes, class_weight)[label]
    mean = weight.mean()
    if not mean > 0:
        raise InputError("training.class_weight: expected a training row that weighs more than 0, found none")
    return np.asarray(weight / mean)


def _of_classes(
    label: Array, weight: Array, classes: tuple[str, ...], class_weight: str | tuple[tuple[str, float], ...]
) -> Array:
    """The weight of each class, (K,)."""
    if isinstance(class_weight, str):
        totals = np.bincount(label, weight)
        return np.divide(1, totals, out=np.zeros(len(totals)), where=totals > 0)
    for name, _ in class_weight:
        if name not in classes:
            raise InputError(
                f"training.class_weight: expected the names of classes, {', '.join(classes)}, found "
                f"'{name}'.{did_you_mean(name, classes)}"
            )
    named = dict(class_weight)
    return np.array([named.get(name, 1.0) for name in classes])
