"""Accuracy, and how much of it is lost on new rows."""

from collections.abc import Mapping
from typing import Any

from regx.core.arrays import Array
from regx.metrics.metric import CLASSES, Metric, of_classes
from regx.metrics.seen import SplitRows


def _accuracy(rows: SplitRows) -> Array:
    return rows.mean(rows.seen.right)


def _gap(seed: Mapping[str, Any], *splits: str) -> float | None:
    """Training accuracy less that on the first of these splits which has one."""
    train, *new = (seed["metrics"].get(f"{split}_accuracy") for split in ("train", *splits))
    known = [accuracy for accuracy in new if accuracy is not None]
    return None if train is None or not known else train - known[0]


ACCURACY = of_classes(
    "accuracy",
    "Share of the {split} split that is classified rightly.",
    better="higher", each_epoch=True, importance=3, of=_accuracy,
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
