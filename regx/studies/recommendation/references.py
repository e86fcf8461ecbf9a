"""What scikit-learn's plain models reach on the same splits.

They are fitted on the training and validation rows together, since they choose inside them: the linear model its
strength by 5-fold cross-validation, the trees and the network when to stop on a tenth of them. So they see the rows
that the networks see, and the test split is as untouched for them.

Whether there is anything to learn is asked of them by permutation: were the columns independent of the target, the
test rows could have their targets in any order, and the loss would be as likely to be less as more.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.core.streams import stream
from regx.data.dataset import Dataset

TRIVIAL, LINEAR, TREES, NETWORK = "trivial", "linear", "trees", "network"
TREE_MODEL = "a tree model (gradient boosting)"
MOST_FOLDS = 5
STEPS = 1000
PERMUTATIONS, PERMUTED_ROWS = 1999, 500


@dataclass(frozen=True)
class Reference:
    """A plain model: its role, and what to call it in a sentence and in a table."""

    role: str
    sentence: str
    table: str


@dataclass(frozen=True)
class Score:
    """What a reference reaches on the test split of one seed.

    metrics: by `criteria.MEASURED`, as far as the task has them. p: that the loss is so low by chance. notes: a
    sentence each.
    """

    metrics: Mapping[str, float]
    p: float
    notes: tuple[str, ...] = ()

    @property
    def loss(self) -> float:
        return self.metrics["loss"]


def references(task: str) -> tuple[Reference, ...]:
    """The references of a task: the simplest first."""
    if task == "regression":
        return (
            Reference(TRIVIAL, "always answering the mean", "mean"),
            Reference(LINEAR, "ridge regression", "RidgeCV"),
            Reference(TREES, TREE_MODEL, "HistGradientBoostingRegressor"),
            Reference(NETWORK, "scikit-learn's network with early stopping", "MLPRegressor"),
        )
    return (
        Reference(TRIVIAL, "always answering with the shares of the classes", "class shares"),
        Reference(LINEAR, "logistic regression", "LogisticRegressionCV"),
        Reference(TREES, TREE_MODEL, "HistGradientBoostingClassifier"),
        Reference(NETWORK, "scikit-learn's network with early stopping", "MLPClassifier"),
    )


def score(reference: Reference, data: Dataset, seed: int) -> Score:
    """Fit a reference on a seed's training and validation rows, and measure it on the test rows as networks are."""
    from threadpoolctl import threadpool_limits

    x = np.concatenate([data.train.x, data.val.x])
    y = np.concatenate([data.train.y, data.val.y])
    labels = _labels(y, data.task)
    with threadpool_limits(1), warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        model = _model(reference.role, data.task, labels, seed)
        model.fit(x, labels)
        notes: tuple[str, ...] = ()
        if any("converge" in str(warning.message).lower() for warning in raised):
            notes = (f"{reference.table} stopped before it had converged on split {seed}.",)
        rng, truth = stream(seed, "permutations"), _labels(data.test.y, data.task)
        if data.task == "regression":
            errors = model.predict(data.test.x) - truth
            metrics = {"loss": float(np.mean(errors**2)), "mae": float(np.mean(np.abs(errors)))}
            # What depends on the order in the squared error is the sum of products alone.
            few = slice(PERMUTED_ROWS)
            return Score(metrics, by_chance(-(errors + truth)[few, None] * truth[None, few], rng), notes)
        probabilities = np.maximum(model.predict_proba(data.test.x), np.finfo(np.float64).eps)
    losses = -np.log(probabilities)
    recalls = [np.mean(probabilities[truth == k].argmax(axis=1) == k) for k in np.unique(truth)]
    metrics = {
        "loss": float(losses[np.arange(len(truth)), truth].mean()),
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == truth)),
        "balanced_accuracy": float(np.mean(recalls)),
        "roc_auc": _auc(probabilities, truth),
    }
    return Score(metrics, by_chance(losses[:PERMUTED_ROWS, truth[:PERMUTED_ROWS]], rng), notes)


def by_chance(losses: Array, rng: np.random.Generator) -> float:
    """The share of orders of the targets in which the loss is as low as in theirs, theirs counted as one of them.

    losses: (n, n), of the prediction for a row at the target of another. Of many rows some are given.
    """
    rows = np.arange(len(losses))
    orders = rng.permuted(np.tile(rows, (PERMUTATIONS, 1)), axis=1)
    drawn = losses[rows, orders].sum(axis=1)
    own = float(losses[rows, rows].sum())
    return (1 + int((drawn <= own + 1e-9 * abs(own)).sum())) / (1 + PERMUTATIONS)


def _auc(probabilities: Array, truth: Array) -> float:
    """As `roc_auc` has it: of two classes that of the second, of several the mean of each against the rest."""
    from sklearn.metrics import roc_auc_score

    each = [truth == k for k in range(probabilities.shape[1])][1 if probabilities.shape[1] == 2 else 0 :]
    if not all(0 < own.sum() < len(own) for own in each):
        return float("nan")
    columns = probabilities[:, -len(each) :]
    return float(np.mean([roc_auc_score(own, columns[:, k]) for k, own in enumerate(each)]))


def _labels(y: Array, task: str) -> Array:
    if task == "regression":
        return y[:, 0]
    return np.asarray(y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0].astype(np.int64))


def _model(role: str, task: str, labels: Array, seed: int) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeCV
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    state = int(stream(seed, "references").integers(2**31))
    if task == "regression":
        if role == TRIVIAL:
            return DummyRegressor()
        if role == LINEAR:
            folds = KFold(min(MOST_FOLDS, len(labels)), shuffle=True, random_state=state)
            return RidgeCV(np.logspace(-3, 4, 15), cv=folds)
        if role == TREES:
            return HistGradientBoostingRegressor(early_stopping=True, max_iter=STEPS, random_state=state)
        return MLPRegressor(early_stopping=True, max_iter=STEPS, random_state=state)
    if role == TRIVIAL:
        return DummyClassifier(strategy="prior")
    counts = np.bincount(labels)
    fewest = int(counts[counts > 0].min())
    if role == LINEAR:
        if fewest < 2:
            return LogisticRegression(max_iter=STEPS)
        stratified = StratifiedKFold(min(MOST_FOLDS, fewest), shuffle=True, random_state=state)
        # At the default tolerance large C take ten times as long for a loss that is the same to two digits.
        return LogisticRegressionCV(
            Cs=np.logspace(-3, 2, 6), cv=stratified, scoring="neg_log_loss", max_iter=STEPS, tol=1e-3
        )
    share = max(0.1, (len(counts) + 1) / len(labels))  # room for every class, which its stratified split needs
    if role == TREES and fewest < 2:
        return HistGradientBoostingClassifier(early_stopping=False, random_state=state)
    if role == TREES:
        return HistGradientBoostingClassifier(
            early_stopping=True, validation_fraction=share, max_iter=STEPS, random_state=state
        )
    return MLPClassifier(early_stopping=True, validation_fraction=share, max_iter=STEPS, random_state=state)
