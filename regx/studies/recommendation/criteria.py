"""What lanes are chosen and judged by: a loss, or another metric made a cost, of which less is better."""

import math
from dataclasses import dataclass

from regx.core.errors import InputError, did_you_mean
from regx.metrics import REGISTRY


@dataclass(frozen=True)
class Criterion:
    """metric: what networks are measured by, without the split. cost: what it is called as a cost, in sentences.

    from_one: whether the cost is 1 minus the metric, as where more of it is better.
    """

    metric: str
    cost: str = "loss"
    from_one: bool = False

    def of(self, value: float) -> float:
        """The cost at a value of the metric; what is not known, or no number, is the worst there is."""
        if not math.isfinite(value):
            return math.inf
        return 1 - value if self.from_one else value


LOSS = Criterion("loss")
# `auc` and `log_loss` are what others call them.
CRITERIA = {
    "loss": LOSS,
    "log_loss": LOSS,
    "balanced_accuracy": Criterion("balanced_accuracy", "balanced error", from_one=True),
    "roc_auc": (auc := Criterion("roc_auc", "1 - AUC", from_one=True)),
    "auc": auc,
    "mae": Criterion("mae", "mean absolute error"),
}
MEASURED = ("loss", "accuracy", "balanced_accuracy", "roc_auc", "mae")  # of every network and reference


def criterion(name: str, task: str) -> Criterion:
    """The criterion of a name. Raises InputError where there is none, or data of the task have none such."""
    found = CRITERIA.get(name)
    if found is None:
        raise InputError(f"--metric {name}: expected one of {', '.join(CRITERIA)}.{did_you_mean(name, CRITERIA)}")
    usable = [key for key, one in CRITERIA.items() if task in REGISTRY[f"test_{one.metric}"].tasks]
    if task == "regression":
        usable.remove("log_loss")
    if name not in usable:
        raise InputError(f"--metric {name}: the task is {task}, which has none. Expected one of {', '.join(usable)}.")
    return found


def measured(task: str) -> tuple[str, ...]:
    """The metrics of the validation and test rows that are kept of every network, by their full names."""
    return tuple(
        f"{split}_{name}" for name in MEASURED for split in ("val", "test") if task in REGISTRY[f"test_{name}"].tasks
    )
