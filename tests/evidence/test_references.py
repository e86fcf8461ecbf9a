"""The plain models: what they are fitted on, and that their losses are those of scikit-learn's own measures."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, mean_absolute_error, roc_auc_score

from regx.core.streams import stream
from regx.data.dataset import Dataset, Split, Task
from regx.studies.recommendation.references import (
    LINEAR,
    NETWORK,
    PERMUTATIONS,
    TREES,
    TRIVIAL,
    by_chance,
    references,
    score,
)

ROWS = 90


def dataset(task: Task, informative: bool = True, seed: int = 0) -> Dataset:
    rng = stream(seed, "references test")
    x = rng.standard_normal((ROWS, 3))
    signal = x[:, 0] * 2 * informative + 0.5 * rng.standard_normal(ROWS)
    if task == "regression":
        y = signal[:, None]
    elif task == "binary":
        y = (signal > 0).astype(float)[:, None]
    else:
        y = np.eye(3)[np.digitize(signal, [-0.7, 0.7])]
    parts = [Split(x[rows], y[rows]) for rows in (slice(0, 50), slice(50, 60), slice(60, ROWS))]
    classes = () if task == "regression" else tuple("abc"[: max(2, y.shape[1])])
    return Dataset(task, *parts, features=("x", "y", "z"), target="t", classes=classes)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_linear_and_network_learn_what_is_there_and_trivial_does_not(task: Task) -> None:
    data = dataset(task)
    share = 0.8 if task == "binary" else 0.7
    found = {one.role: score(one, data, 0) for one in references(task)}
    assert list(found) == [TRIVIAL, LINEAR, TREES, NETWORK]
    assert found[LINEAR].loss < share * found[TRIVIAL].loss
    assert found == {one.role: score(one, data, 0) for one in references(task)}, "the same every time"


def test_the_trivial_answers_are_fitted_on_training_and_validation_rows() -> None:
    data = dataset("regression")
    mean = np.concatenate([data.train.y, data.val.y]).mean()
    assert score(references("regression")[0], data, 0).loss == pytest.approx(np.mean((data.test.y - mean) ** 2))
    data = dataset("multiclass")
    shares = np.concatenate([data.train.y, data.val.y]).mean(axis=0)
    truth = data.test.y.argmax(axis=1)
    found = score(references("multiclass")[0], data, 0)
    assert found.loss == pytest.approx(log_loss(truth, np.tile(shares, (len(truth), 1)), labels=[0, 1, 2]))
    assert found.metrics["accuracy"] == pytest.approx(accuracy_score(truth, np.full(len(truth), shares.argmax())))


@pytest.mark.parametrize("role", [TRIVIAL, LINEAR, TREES, NETWORK])
def test_the_test_rows_change_no_fit(role: str) -> None:
    data = dataset("regression")
    one = next(one for one in references("regression") if one.role == role)

    def loss(rows: slice) -> float:
        return score(one, dataclasses.replace(data, test=Split(data.test.x[rows], data.test.y[rows])), 0).loss

    # Were the model another one for other test rows, the parts would not add up to the whole.
    assert loss(slice(None)) == pytest.approx((5 * loss(slice(0, 5)) + 25 * loss(slice(5, None))) / 30)


def test_twenty_classes_of_few_rows_are_no_obstacle() -> None:
    rng = stream(0, "many classes")
    y = np.eye(20)[np.tile(np.arange(20), 5)]
    x = y[:, :5] + 0.1 * rng.standard_normal((100, 5))
    parts = [Split(x[rows], y[rows]) for rows in (slice(0, 60), slice(60, 80), slice(80, 100))]
    data = Dataset("multiclass", *parts, features=tuple("abcde"), target="t", classes=tuple(map(str, range(20))))
    for one in references("multiclass"):
        assert np.isfinite(score(one, data, 0).loss)


def test_trees_learn_what_no_line_does() -> None:
    rng = stream(0, "trees")
    x = rng.standard_normal((600, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(float)[:, None]
    parts = [Split(x[rows], y[rows]) for rows in (slice(0, 350), slice(350, 400), slice(400, 600))]
    data = Dataset("binary", *parts, features=("x", "y"), target="t", classes=("a", "b"))
    found = {one.role: score(one, data, 0).loss for one in references("binary")}
    assert found[TREES] < 0.5 * found[LINEAR]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_other_metrics_are_those_of_scikit_learn(task: Task) -> None:
    data = dataset(task)
    x, y = (np.concatenate([getattr(data.train, of), getattr(data.val, of)]) for of in "xy")
    found = score(references(task)[1], data, 0).metrics
    if task == "regression":
        from sklearn.linear_model import LinearRegression

        near = mean_absolute_error(data.test.y, LinearRegression().fit(x, y).predict(data.test.x))
        assert found["mae"] == pytest.approx(near, rel=0.1)
        return
    from regx.studies.recommendation.references import _labels, _model

    state = _model(LINEAR, task, _labels(y, task), 0)
    answers = state.fit(x, _labels(y, task)).predict_proba(data.test.x)
    truth = _labels(data.test.y, task)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, answers.argmax(axis=1)))
    auc = roc_auc_score(truth, answers if task == "multiclass" else answers[:, 1], multi_class="ovr")
    assert found["roc_auc"] == pytest.approx(auc)


def test_chance_is_a_share_of_the_orders() -> None:
    # Of three rows there are six orders; their own has the least loss, as has none of the others: 1 of 6.
    losses = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]])
    assert by_chance(losses, stream(0, "chance")) == pytest.approx(1 / 6, abs=0.03)
    assert by_chance(np.ones((9, 9)), stream(0, "chance")) == 1
    assert by_chance(1 - np.eye(20), stream(0, "chance")) == 1 / (1 + PERMUTATIONS)


@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_noise_is_rarely_unlikely(task: Task) -> None:
    linear = references(task)[1]
    chances = [score(linear, dataset(task, False, seed), seed).p for seed in range(20)]
    assert np.mean([p <= 0.25 for p in chances]) <= 0.5
    assert max(chances) > 0.5
    assert score(linear, dataset(task), 0).p < 0.01
