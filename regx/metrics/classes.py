"""How well classes are told apart: accuracy, what of it is lost on new rows, and what counts each class the same."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.metrics.metric import CLASSES, Metric, of_classes
from regx.metrics.seen import SplitRows


def _gap(seed: Mapping[str, Any], *splits: str) -> float | None:
    """Training accuracy less that on the first of these splits which has one."""
    train, *new = (seed["metrics"].get(f"{split}_accuracy") for split in ("train", *splits))
    known = [accuracy for accuracy in new if accuracy is not None]
    return None if train is None or not known else train - known[0]


def _counts(rows: SplitRows) -> tuple[Array, Array, Array]:
    """By class the rows that are of it and called so, those called so, and those of it: (R, C) each."""
    p, y = rows.classes
    # With one output the class is 1 above a half, as in `accuracy`.
    answers = (rows.z[:, 0] > 0).astype(int) if rows.z.shape[1] == 1 else p.argmax(axis=2)
    called = answers[:, :, None] == np.arange(p.shape[2])
    return (called & (y > 0.5)).sum(axis=1), called.sum(axis=1), (y > 0.5).sum(axis=1)


def _balanced_accuracy(rows: SplitRows) -> Array:
    right, _, there = _counts(rows)
    return np.asarray(np.nanmean(np.where(there > 0, right / np.maximum(there, 1), np.nan), axis=1))


def _macro_f1(rows: SplitRows) -> Array:
    right, called, there = _counts(rows)
    both = called + there
    return np.asarray(np.nanmean(np.where(both > 0, 2 * right / np.maximum(both, 1), np.nan), axis=1))


def _roc_auc(rows: SplitRows) -> Array:
    """By ranks, Mann & Whitney 1947: (sum of the ranks of the class - m(m + 1)/2)/(m·(n - m)), ties at their middle."""
    from scipy.stats import rankdata

    p, y = rows.classes
    if rows.z.shape[1] == 1:
        p, y = rows.z.swapaxes(1, 2), y[:, :, 1:]  # logits have more digits than probabilities near 1
    ranks = rankdata(p, axis=1)
    there = y > 0.5
    own, others = there.sum(axis=1), (~there).sum(axis=1)
    greater = np.where(there, ranks, 0.0).sum(axis=1) - own * (own + 1) / 2
    return np.asarray(np.where((own > 0) & (others > 0), greater / np.maximum(own * others, 1), np.nan).mean(axis=1))


ACCURACY = of_classes(
    "accuracy",
    "Share of the {split} split that is classified rightly.",
    better="higher", each_epoch=True, importance=3, of=lambda rows: rows.mean(rows.seen.right),
)  # fmt: skip
ACCURACY_GAP = Metric(
    "accuracy_gap",
    "train_accuracy - val_accuracy at the reported epoch; where there is no validation split train_accuracy - "
    "test_accuracy, which the table then says.",
    low=-1.0, high=1.0, tasks=CLASSES, of_seed=lambda seed: _gap(seed, "val", "test"),
)  # fmt: skip
TEST_ACCURACY_GAP = Metric(
    "test_accuracy_gap",
    "train_accuracy - test_accuracy at the reported epoch.",
    low=-1.0, high=1.0, tasks=CLASSES, of_seed=lambda seed: _gap(seed, "test"),
)  # fmt: skip
BALANCED_ACCURACY = of_classes(
    "balanced_accuracy",
    "Share of each class that is classified rightly, the mean over the classes that are in the {split} split.",
    better="higher", of=_balanced_accuracy,
)  # fmt: skip
MACRO_F1 = of_classes(
    "macro_f1",
    "F1 = 2·precision·recall/(precision + recall) of each class on the {split} split, the mean over the classes that "
    "are there or predicted (van Rijsbergen 1979, Information Retrieval, chapter 7).",
    better="higher", of=_macro_f1,
)  # fmt: skip
ROC_AUC = of_classes(
    "roc_auc",
    "Area under the ROC curve on the {split} split: how often a row of a class gets a higher probability of it than "
    "a row of another class. Of several classes the mean of each against the rest; none where one is missing (Hanley & "
    "McNeil 1982, The Meaning and Use of the Area under a ROC Curve).",
    better="higher", of=_roc_auc,
)  # fmt: skip
