"""The metrics, one quantity each. Adding one is its file and a name here.

It then has a page in `regx explain`, and can be asked for by --metric, --columns and --sort, in tables, figures, pages
and from Python.
"""

from collections.abc import Iterable

from regx.core.errors import InputError, did_you_mean
from regx.metrics import classes, flatness, loss, probabilities, training, training_mode, weights
from regx.metrics.metric import Metric

# Those of each epoch come in the order of the columns of metrics.csv.
MEMBERS: tuple[Metric, ...] = (
    training.EPOCH, loss.LOSS, training.OBJECTIVE, training.PENALTY, weights.WEIGHT_NORM, weights.ZERO_FRACTION,
    training.LEARNING_RATE, classes.ACCURACY, loss.GAP, classes.ACCURACY_GAP, classes.TEST_ACCURACY_GAP,
    training.BEST_EPOCH, training.EPOCHS_TRAINED, training.EPOCHS_SAVED, training.SECONDS, loss.MEAN_ABSOLUTE_ERROR,
    loss.R2, classes.BALANCED_ACCURACY, classes.MACRO_F1, classes.ROC_AUC, probabilities.CALIBRATION_ERROR,
    probabilities.BRIER_SCORE, loss.NEGATIVE_LOG_LIKELIHOOD, weights.MEAN_ABSOLUTE_WEIGHT,
    weights.FIRST_LAYER_MEAN_ABSOLUTE_WEIGHT, weights.FIRST_LAYER_GRADIENT_NORM, weights.DEAD_UNITS, flatness.SHARPNESS,
    flatness.HESSIAN_EIGENVALUE, training_mode.LOSS_IN_TRAINING_MODE, training_mode.ACCURACY_IN_TRAINING_MODE,
    training_mode.SPREAD_IN_TRAINING_MODE, training_mode.MONTE_CARLO_LOSS, training_mode.MONTE_CARLO_ACCURACY,
    training_mode.MONTE_CARLO_CALIBRATION_ERROR, training_mode.MONTE_CARLO_GAIN,
    training_mode.MONTE_CARLO_CALIBRATION_GAIN,
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
    known = [
        one.name
        for one in REGISTRY.values()
        if {*tasks} & {*one.tasks} and one.has_interval and one is not training.EPOCH
    ]
    if name in known:
        return REGISTRY[name]
    found = f"found '{name}'"
    if name in REGISTRY:
        metric = REGISTRY[name]
        why = f"is of {' and '.join(metric.tasks)} tasks" if metric.has_interval else "cannot be compared by seed"
        found += f", which {why}"
    expected = f"expected a metric of {' or '.join(tasks)} tasks, such as test_loss"
    raise InputError(f"--metric: {expected}, {found}.{did_you_mean(name, known)} `regx explain metrics` lists them.")
