"""Weights of rows and of classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_class_weight

from regx.api import run
from regx.core.errors import InputError
from regx.core.regularizer import CROSS_FITTED
from regx.core.streams import stream
from regx.data.dataset import Dataset, Split
from regx.data.weights import row_weights
from regx.engine.diagnostics import trivial
from regx.engine.state import State
from regx.engine.trainer import train
from regx.nn.architecture import Architecture
from regx.optim import SGD
from regx.regularizers import SMOTE, EarlyStopping
from tests.engine.populations import TASKS, assert_same_bits, dataset, fitted, population
from tests.engine.settings import PAIRS, name


def weighing(data: Dataset, weight: np.ndarray) -> Dataset:
    return replace(data, train=replace(data.train, weight=weight))


def some_weights(n: int, draw: int = 0) -> np.ndarray:
    weight = stream(draw, "test weights").random(n) * 3
    return weight / weight.mean()


USABLE = [pair for pair in PAIRS if pair[0].kind != "smote"]  # whose rows have no weights


@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("pair", USABLE, ids=name)
def test_weights_of_1_change_no_bit_and_others_do_alone_as_together(pair, batch_size):
    task = "binary" if pair[0].unusable("regression", 8) else "regression"
    plain = dataset(task, shape=(1, 2, 2) if pair[0].for_images else None)
    own = weighing(plain, some_weights(20))
    common = {"batch_size": batch_size, "dtype": "float32", "optimizer": SGD(lr=0.1, sam=0.02)}
    common["architecture"] = Architecture((6, 6))
    together = train(population([1, 1, 2], [[*pair, pair[0]]], data=[own, own, plain], **common))
    assert_same_bits(together[2], train(population([2], [pair[0]], data=plain, **common))[0])
    assert_same_bits(together[0], train(population([1], [pair[0]], data=own, **common))[0])
    assert_same_bits(together[1], train(population([1], [pair[1]], data=own, **common))[0])
    without = train(population([1], [pair[0]], data=plain, **common))[0]
    assert together[0].metrics["objective"][1] != without.metrics["objective"][1]
    ones = train(population([1], [pair[0]], data=weighing(plain, np.ones(20)), **common))[0]
    assert_same_bits(ones, without)


@pytest.mark.parametrize("stack", [[], ["mixup"]])
@pytest.mark.parametrize("task", TASKS)
def test_a_step_is_along_the_gradient_of_the_weighted_loss(task, stack):
    """The gradient is a sum over rows: that of weights v is linear in v, so the step of a·v + b·w is that of both."""
    data, one, other = dataset(task), some_weights(20), some_weights(20, 1)
    members = [pair[0] for pair in PAIRS if pair[0].kind in stack]

    def step(weight):
        (network,) = train(population([0], members, data=weighing(data, weight), epochs=1))
        return network.weights["final/0/weight"] - network.weights["init/0/weight"]

    expected = 0.3 * step(one) + 0.7 * step(other)
    np.testing.assert_allclose(step(0.3 * one + 0.7 * other), expected, rtol=1e-9, atol=1e-14)
    assert abs(step(one) - step(other)).max() > 1e-4


def test_rows_of_weight_0_are_as_good_as_absent():
    data = dataset("multiclass")
    weight = np.repeat([2.0, 0.0], 10)
    changed = weighing(data, weight)
    changed.train.x[10:] = 99.0
    (network,) = train(population([0], data=changed))
    (half,) = train(population([0], data=replace(data, train=data.train.rows(np.arange(10)))))
    np.testing.assert_allclose(network.weights["final/0/weight"], half.weights["final/0/weight"], rtol=1e-9)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_balanced_classes_weigh_the_same_and_the_mean_is_1(task):
    data = dataset(task, n=(50, 8, 9))
    label = data.train.y[:, 0].astype(int) if task == "binary" else data.train.y.argmax(axis=1)
    for own in (None, some_weights(50)):
        weight = row_weights(weighing(data, own), "balanced")
        totals = np.bincount(label, weight)
        np.testing.assert_allclose(totals, totals.mean())
        assert weight.mean() == pytest.approx(1)
        if own is not None:  # within a class as the rows' own
            np.testing.assert_allclose((weight / own)[label == 0], (weight / own)[label == 0][0])


def test_synthetic_rows_count_towards_their_class():
    data = fitted(dataset("binary", 3), [SMOTE()], 0)
    assert np.ptp(row_weights(data, "balanced")) == pytest.approx(0)


TABLE = {"dataset": "circle", "architecture": {"hidden": [4]}, "training": {"epochs": 1}, "seeds": 1}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"training.class_weight": {"insid": 3}}, "expected the names of classes, outside, inside, found 'insid'. Did"),
        ({"training.class_weight": {"inside": 0, "outside": 0}}, "expected a training row that weighs more than 0"),
        ({"training.class_weight": {"inside": -1}}, "class_weight.inside: expected a number >= 0"),
        ({"training.class_weight": "balance"}, "Did you mean 'balanced'"),
        ({"dataset": "sine", "training.class_weight": "balanced"}, "a regression has none: set training.class_weight="),
    ],
)
def test_weights_that_nothing_can_be_done_with_are_refused(settings, message, tmp_path):
    with pytest.raises(InputError, match=message):
        run(TABLE, set=settings, out=tmp_path)


def test_a_column_of_weights_acts_and_refuses_made_rows(tmp_path):
    rng = stream(0, "test table")
    rows = ["x,y,w"] + [f"{v:.3f},{'ab'[int(v > 0.3)]},{1 + (i % 3)}" for i, v in enumerate(rng.standard_normal(80))]
    (tmp_path / "table.csv").write_text("\n".join(rows))
    config = TABLE | {"dataset": {"name": "csv", "path": str(tmp_path / "table.csv"), "target": "y", "weight": "w"}}
    weighted = run(config, out=tmp_path).metrics["objective"].iloc[-1]
    assert (
        weighted
        != run(config, set={"dataset.weight": None, "dataset.drop": ["w"]}, out=tmp_path).metrics["objective"].iloc[-1]
    )
    with pytest.raises(InputError, match=r"set regularizers.smote=off, or dataset.weight=null"):
        run(config, set={"regularizers.smote.share": 1}, out=tmp_path)


def test_a_rare_class_is_found_where_classes_weigh_the_same(tmp_path):
    """4.6 % of 1,000 rows are positive and overlap with the others: hardly one is found, then nearly all."""
    rng = stream(0, "rare class")
    y = np.arange(1000) < 46
    x = rng.standard_normal((1000, 5)) + 1.1 * y[:, None] * [1, 1, 0, 0, 0]
    split = Split(x, y[:, None].astype(float))
    data = Dataset("binary", split, split, split, tuple("abcde"), "y", ("no", "yes"))
    linear = {"data": data, "architecture": Architecture(()), "epochs": 1000}
    recall = {}
    for class_weight in (None, "balanced"):
        (network,) = train(population([0], optimizer=SGD(lr=0.3), class_weight=class_weight, **linear))
        weight, bias = network.weights["final/0/weight"], network.weights["final/0/bias"]
        found = (x @ weight + bias)[:, 0] > 0
        oracle = LogisticRegression(C=1e9, class_weight=class_weight).fit(x, y)
        assert np.array_equal(found, oracle.predict(x))
        recall[class_weight] = found[y].mean()
    assert recall[None] < 0.2
    assert recall["balanced"] > 0.75


@pytest.mark.parametrize("class_weight", ["balanced", (("a", 5.0),)])
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_early_stopping_watches_the_loss_that_the_weights_make(task, class_weight):
    """The reported epoch is that of the least validation loss under the weights that scikit-learn gives the classes."""
    seeds, classes = (0, 1, 2), ("a", "b", "c")[: 2 if task == "binary" else 3]
    data = [replace(dataset(task, 7, n=(40, 30, 9)), classes=classes)] * 3
    arguments = {"data": data, "optimizer": SGD(lr=0.5), "epochs": 60, "snapshots": 61}
    stopping = [EarlyStopping(patience=60)]
    weighted = population(seeds, stopping, class_weight=class_weight, **arguments)
    networks = train(replace(weighted, pictured=(True, True, True)))

    def labels(split):
        return split.y[:, 0].astype(int) if task == "binary" else split.y.argmax(axis=1)

    train_labels, val_labels = labels(data[0].train), labels(data[0].val)
    by_class = dict(enumerate(compute_class_weight("balanced", classes=np.arange(len(classes)), y=train_labels)))
    if class_weight != "balanced":
        by_class = {0: 5.0, 1: 1.0, 2: 1.0}
    weight = np.array([by_class[label] for label in val_labels])
    differs = 0
    for seed, network in zip(seeds, networks, strict=True):
        state = State(population([seed], data=data[0]))
        plain, losses, halves = [], [], []
        for _, named in sorted(network.snapshots.items()):
            state.values[0] = state.layout.flat(named)
            p = np.concatenate([state.predict(data[0].val.x)[0]]).T
            p = np.hstack([1 - p, p]) if task == "binary" else p
            each = -np.log(p[np.arange(len(p)), val_labels])
            plain.append(each.mean())
            losses.append((each * weight).sum())
            halves.append(
                [(each * weight)[half::2].sum() for half in (0, 1)] + [each[half::2].mean() for half in (0, 1)]
            )
        assert network.reported_epoch == np.argmin(losses)
        differs += np.argmin(losses) != np.argmin(plain)
        # What it is chosen by among others is the plain loss, of each half where the other's weighted one is least.
        of = np.array(halves)
        judged = (of[of[:, 0].argmin(), 3] + of[of[:, 1].argmin(), 2]) / 2
        assert network.diagnostics[CROSS_FITTED] == pytest.approx(judged)
    assert differs or class_weight == "balanced"


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_the_trivial_loss_is_of_the_answer_that_the_weights_make_best(task):
    data = dataset(task, n=(40, 30, 9))
    weight = row_weights(data, "balanced")
    found, plain = trivial(data, "balanced"), trivial(data)
    # All classes weigh the same, so the best constant answer is 1/K of each.
    classes = 2 if task == "binary" else 3
    for split in ("train", "val", "test"):
        assert found[f"trivial_{split}_loss"] == pytest.approx(np.log(classes))
        assert found[f"trivial_{split}_accuracy"] == plain[f"trivial_{split}_accuracy"]
    oracle = LogisticRegression(C=1e9).fit(
        np.zeros((40, 1)), data.train.y[:, 0] if task == "binary" else data.train.y.argmax(axis=1), sample_weight=weight
    )
    np.testing.assert_allclose(oracle.predict_proba(np.zeros((1, 1)))[0], 1 / classes, atol=1e-4)
