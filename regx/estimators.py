"""The networks of regx as estimators of scikit-learn: in pipelines, searches and cross-validation."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from regx.config.load import config_of
from regx.core.arrays import Array
from regx.core.listener import Keeper
from regx.core.trained import Trained
from regx.data.dataset import Dataset, Source, Split
from regx.data.task import Task
from regx.evidence.predict import outputs
from regx.runner.networks import Options, train_networks
from regx.runner.plan import Trainee, forget_data

MOST_TIMES = 10  # as many rows, at most, as there are, where whole weights make several of one


class _InMemory(Source, eq=False):
    """Rows in memory. x: (n, D), y: (n, K), as the network sees them. labels: (n,), to stratify by, or None.

    val_fraction: share that is kept to choose by; 0 for none.
    """

    kind = "in memory"
    source = "the caller"

    x: Array
    y: Array
    task: Task
    labels: Array | None
    weight: Array | None
    val_fraction: float

    def load(self, seed: int) -> Dataset:
        rows, val = np.arange(len(self.x)), np.arange(0)
        if self.val_fraction:
            few = self.labels is None or np.bincount(self.labels).min() < 2
            size = max(1, round(self.val_fraction * len(rows)), 0 if few else int(self.labels.max()) + 1)  # type: ignore[union-attr]
            rows, val = train_test_split(rows, test_size=size, random_state=seed, stratify=None if few else self.labels)
        weight = self.weight
        if weight is not None and (times := _times(weight)) is not None:
            rows, weight = np.repeat(rows, times[rows]), None
        names = tuple(f"x{k}" for k in range(self.x.shape[1]))
        whole = Split(self.x, self.y, weight)
        return Dataset(self.task, whole.rows(rows), whole.rows(val), whole.rows(rows[:1]), names, "y")

    def fingerprint(self) -> str:
        return "in memory"


def _times(weight: Array) -> Array | None:
    """How often each row stands there, (n,), where weights are whole numbers, as they are or against the smallest.

    None where they are none, or rows would be too many: then they are weights in the loss. The same rows written out
    then give the same network, bit for bit, and the same batches, which weights in the loss do not.
    """
    for times in (weight, weight / weight.min()):
        if np.allclose(times, np.rint(times)) and times.sum() <= MOST_TIMES * len(weight):
            return np.rint(times).astype(int)
    return None


@dataclasses.dataclass(eq=False, repr=False)
class _Networks(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What both estimators share: standardised features, one network for each seed, the mean of their predictions."""

    stack: Sequence[Any] | Mapping[str, Any] = ()
    hidden: Sequence[int] = (64,)
    optimizer: str | Mapping[str, Any] = "adam"
    lr: float = 0.003
    epochs: int = 200
    batch_size: int | str = 64
    seeds: int | Sequence[int] = 1
    validation_fraction: float = 0.15

    def _fit(self, x: Array, y: Array, task: Task, labels: Array | None, weight: Array) -> None:
        """Train the networks on x, (n, D), and y, (n, K)."""
        used = weight > 0
        if not used.any():
            raise ValueError("sample_weight: expected some above 0, found none.")
        # In an order of their own, so that nothing depends on the one that they are given in.
        order = np.flatnonzero(used)[np.lexsort((*y[used].T, *x[used].T))]
        x, y, labels, weight = x[order], y[order], None if labels is None else labels[order], weight[order]
        times = _times(weight)
        rows = np.arange(len(x)) if times is None else np.repeat(np.arange(len(x)), times)
        of_rows = weight if times is None else np.ones(len(rows))

        def mean_and_deviation(values: Array) -> tuple[Array, Array]:
            mean = np.average(values[rows], axis=0, weights=of_rows)
            return mean, np.sqrt(np.average((values[rows] - mean) ** 2, axis=0, weights=of_rows))

        self._mean, scale = mean_and_deviation(x)
        self._scale = np.where(scale > 1e-12 * np.maximum(np.abs(self._mean), 1e-300), scale, 1.0)
        self._center, self._spread = 0.0, 1.0
        if task == "regression":
            center, spread = mean_and_deviation(y[:, 0])
            self._center, self._spread = float(center), float(spread) or 1.0
            y = (y - self._center) / self._spread
        optimizer = {"name": self.optimizer} if isinstance(self.optimizer, str) else dict(self.optimizer)
        stack = self.stack if not isinstance(self.stack, Mapping) else [{k: v} for k, v in self.stack.items()]
        seeds = self.seeds if isinstance(self.seeds, (int, np.integer)) else [int(seed) for seed in self.seeds]
        config = config_of(
            {
                "dataset": "sine" if task == "regression" else "circle",  # of the task; its rows come in place
                "architecture": {"hidden": [int(units) for units in self.hidden]},
                "regularizers": list(stack),
                "optimizer": {"lr": float(self.lr), **optimizer},
                "training": {"epochs": int(self.epochs), "batch_size": self.batch_size},
                "seeds": int(seeds) if isinstance(seeds, (int, np.integer)) else seeds,
            },
            type(self).__name__,
        )
        needing = [config.schedule.unusable(0), *(member.unusable(task, 0) for member in config.stack)]
        needs_validation = any(needing)
        fraction = float(self.validation_fraction) if needs_validation else 0.0
        if any("on_data" in member.hooks() for member in config.stack):  # rows that are made have no weight
            most = min(weight.sum() / weight.min(), MOST_TIMES * len(weight))
            weight = np.maximum(1, np.floor(weight * (most / weight.sum())))
        source = _InMemory((x - self._mean) / self._scale, y, task, labels, weight, fraction)
        self._config, self._task = dataclasses.replace(config, dataset=source), task
        found: dict[int, Trained] = {}
        try:
            train_networks([self._config], [Trainee(0, seed) for seed in config.seeds], _Completed(found), Options(1))
        finally:
            forget_data()
        self._config = config  # without the rows
        if not found:
            raise ValueError(f"All networks diverged at the learning rate {self.lr}. Expected a smaller lr.")
        self.networks_ = [
            {name: array.astype(np.float64) for name, array in found[seed].stage("reported").items()}
            for seed in sorted(found)
        ]
        self.n_iter_ = max(one.reported_epoch for one in found.values())

    def _outputs(self, X: Any) -> Array:
        """The mean over networks, (n, K)."""
        check_is_fitted(self)
        x = (validate_data(self, X, reset=False, dtype=np.float64) - self._mean) / self._scale
        return np.asarray(outputs(self._config, self._task, self.networks_, x).mean(axis=0))


class _Completed(Keeper):
    """Keeps the networks that did not diverge, by seed."""

    def __init__(self, found: dict[int, Trained]) -> None:
        self._found = found

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        self._found.update({one.seed: one for one in trained if one.status == "completed"})


class Regressor(RegressorMixin, _Networks):  # type: ignore[misc]
    """Networks that predict a number, each trained from another seed; the prediction is their mean.

    stack: regularizers as in a config, such as `[{"l2": 0.003}, "batch_norm"]`. hidden: units of each hidden layer.
    optimizer: its name, or a mapping with its settings. seeds: how many networks, or the seeds. validation_fraction:
    share of the rows that is kept to choose by, where a regularizer such as early_stopping asks for it.
    Features and target are standardised. A row of weight 2 is two rows; weights that are not whole count in the loss.
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on X, (n, D), and y, (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64, y_numeric=True)
        y = column_or_1d(y, warn=True).astype(np.float64)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        self._fit(X, y[:, None], "regression", None, weight)
        return self

    def predict(self, X: Any) -> Array:
        """The numbers, (n,)."""
        return self._outputs(X)[:, 0] * self._spread + self._center


@dataclasses.dataclass(eq=False, repr=False)
class Classifier(ClassifierMixin, _Networks):  # type: ignore[misc]
    """Networks that predict a class, each trained from another seed; probabilities are their mean.

    class_weight: `balanced`, or a mapping from a class to how much its rows count. Else as Regressor.
    """

    class_weight: str | Mapping[Any, float] | None = None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train on X, (n, D), and y, (n,)."""
        X, y = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(y)
        y = column_or_1d(y, warn=True)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"expected two classes or more, found one class: {self.classes_[0]!r}")
        if self.class_weight is not None:
            given = self.class_weight if isinstance(self.class_weight, str) else dict(self.class_weight)
            weight = weight * compute_class_weight(given, classes=self.classes_, y=y)[labels]
        binary = len(self.classes_) == 2
        targets = labels[:, None].astype(np.float64) if binary else np.eye(len(self.classes_))[labels]
        self._fit(X, targets, "binary" if binary else "multiclass", labels, weight)
        return self

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (n, K), in the order of `classes_`."""
        found = self._outputs(X)
        return np.hstack([1 - found, found]) if found.shape[1] == 1 else found

    def predict(self, X: Any) -> Array:
        """The likeliest class of each row, (n,)."""
        check_is_fitted(self)
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])
