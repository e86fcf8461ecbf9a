"""The metrics, one quantity each. Adding one is its file and a name here.

It then has a page in `regx explain`, and can be asked for by --metric, --columns and --sort, in tables, figures, pages
and from Python.
"""

from collections.abc import Iterable

from regx.core.errors import InputError, did_you_mean
from regx.metrics.accuracy import ACCURACY, ACCURACY_GAP, TEST_ACCURACY_GAP
from regx.metrics.classes import BALANCED_ACCURACY, MACRO_F1, ROC_AUC
from regx.metrics.flatness import HESSIAN_EIGENVALUE, SHARPNESS
from regx.metrics.loss import GAP, LOSS, NEGATIVE_LOG_LIKELIHOOD
from regx.metrics.metric import Metric
from regx.metrics.monte_carlo import (
    MONTE_CARLO_ACCURACY,
    MONTE_CARLO_CALIBRATION_ERROR,
    MONTE_CARLO_CALIBRATION_GAIN,
    MONTE_CARLO_GAIN,
    MONTE_CARLO_LOSS,
)
from regx.metrics.numbers import MEAN_ABSOLUTE_ERROR, R2
from regx.metrics.probabilities import BRIER_SCORE, CALIBRATION_ERROR
from regx.metrics.training import (
    BEST_EPOCH,
    EPOCH,
    EPOCHS_SAVED,
    EPOCHS_TRAINED,
    LEARNING_RATE,
    OBJECTIVE,
    PENALTY,
    SECONDS,
)
from regx.metrics.training_mode import (
    ACCURACY_IN_TRAINING_MODE,
    LOSS_IN_TRAINING_MODE,
    SPREAD_IN_TRAINING_MODE,
)
from regx.metrics.weights import (
    DEAD_UNITS,
    FIRST_LAYER_GRADIENT_NORM,
    FIRST_LAYER_MEAN_ABSOLUTE_WEIGHT,
    MEAN_ABSOLUTE_WEIGHT,
    WEIGHT_NORM,
    ZERO_FRACTION,
)

# Those of each epoch come in the order of the columns of metrics.csv.
MEMBERS: tuple[Metric, ...] = (
    EPOCH, LOSS, OBJECTIVE, PENALTY, WEIGHT_NORM, ZERO_FRACTION, LEARNING_RATE, ACCURACY,
    GAP, ACCURACY_GAP, TEST_ACCURACY_GAP, BEST_EPOCH, EPOCHS_TRAINED, EPOCHS_SAVED, SECONDS,
    MEAN_ABSOLUTE_ERROR, R2, BALANCED_ACCURACY, MACRO_F1, ROC_AUC,
    CALIBRATION_ERROR, BRIER_SCORE, NEGATIVE_LOG_LIKELIHOOD,
    MEAN_ABSOLUTE_WEIGHT, FIRST_LAYER_MEAN_ABSOLUTE_WEIGHT, FIRST_LAYER_GRADIENT_NORM, DEAD_UNITS,
    SHARPNESS, HESSIAN_EIGENVALUE, LOSS_IN_TRAINING_MODE, ACCURACY_IN_TRAINING_MODE, SPREAD_IN_TRAINING_MODE,
    MONTE_CARLO_LOSS, MONTE_CARLO_ACCURACY, MONTE_CARLO_CALIBRATION_ERROR, MONTE_CARLO_GAIN,
    MONTE_CARLO_CALIBRATION_GAIN,
)  # fmt: skip
REGISTRY: dict[str, Metric] = {one.name: one for member in MEMBERS for one in member.on_each_split()}
# Those that are drawn against the epoch, each for all splits.
CURVES = tuple(member.name for member in MEMBERS if member.each_epoch and member.splits)


def columns(task: str) -> tuple[str, ...]:
    """The columns of metrics.csv after `seed`."""
    return tuple(one.name for one in REGISTRY.values() if one.each_epoch and task in one.tasks)


def check_metric(name: str, tasks: Iterable[str]) -> Metric:
    """The metric of this name, which differences over seeds are to be about.

    Raises InputError unless there is one, one of these tasks has it, and seeds differ in it by more than chance shares.
    """
    tasks = list(dict.fromkeys(tasks))
    known = [one.name for one in REGISTRY.values() if {*tasks} & {*one.tasks} and one.has_interval and one is not EPOCH]
    if name in known:
        return REGISTRY[name]
    found = f"found '{name}'"
    if name in REGISTRY:
        metric = REGISTRY[name]
        why = f"is of {' and '.join(metric.tasks)} tasks" if metric.has_interval else "cannot be compared by seed"
        found += f", which {why}"
    expected = f"expected a metric of {' or '.join(tasks)} tasks, such as test_loss"
    raise InputError(f"--metric: {expected}, {found}.{did_you_mean(name, known)} `regx explain metrics` lists them.")
