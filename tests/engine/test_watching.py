"""What is told of training while it goes on, and what it leaves besides the reported weights."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error

from regx.core.arrays import Array
from regx.core.listener import Glimpse, Wanted
from regx.engine.diagnostics import trivial
from regx.engine.trainer import Kept, snapshot_epochs, train, train_in_turns
from regx.nn.architecture import Training
from regx.optim import SGD
from regx.regularizers import Dropout, EarlyStopping
from tests.engine.populations import TASKS, assert_same_bits, dataset, population


class Recorder(Kept):
    """Remembers what it was shown."""

    def __init__(self, inputs: Array) -> None:
        super().__init__()
        self.wanted = Wanted(0.0, inputs)
        self.seen: list[Glimpse] = []

    def on_glimpse(self, number: int, glimpse: Glimpse) -> None:
        self.seen.append(glimpse)


def test_populations_trained_in_turns_are_the_same_bits_as_one_after_the_other():
    populations = [
        population((0, 1), [Dropout(p=0.3)], epochs=40, batch_size=6),
        population((2,), [EarlyStopping(patience=2)], epochs=40),
        population((3, 4), epochs=7),
    ]
    kept = Kept()
    train_in_turns(populations, kept, seconds=0.0)
    assert next(iter(kept.found)) == 2  # the shortest, though it came last: turns alternated
    for number, one in enumerate(populations):
        for together, alone in zip(kept.found[number], train(one), strict=True):
            assert_same_bits(together, alone)


def test_a_listener_sees_what_the_networks_predict_and_changes_nothing():
    data = dataset("binary")
    watched = population((0, 1), [Dropout(p=0.3)], data=data, epochs=5, dtype="float32")
    recorder = Recorder(data.test.x)
    train_in_turns([watched], recorder)
    trained = recorder.found[0]
    for one, plain in zip(trained, train(watched), strict=True):
        assert_same_bits(one, plain)
    assert [glimpse.epoch for glimpse in recorder.seen] == [0, 1, 2, 3, 4, 5]
    last = recorder.seen[-1].outputs
    assert last is not None
    assert last.shape == (2, 1, len(data.test.x))
    for one, p in zip(trained, last[:, 0], strict=True):
        assert one.metrics["test_loss"][-1] == pytest.approx(log_loss(data.test.y[:, 0], p), rel=1e-5)


def test_snapshots_are_the_weights_in_training_spread_over_the_evaluated_epochs():
    watched = population((0, 1), epochs=9, eval_every=2, snapshots=4)
    pictured = type(watched)(**{**vars(watched), "pictured": (False, True)})
    first, second = train(pictured)
    assert first.snapshots == {}
    assert list(second.snapshots) == [0, 4, 6, 9]
    for epoch, state in ((0, "init"), (9, "final")):
        for name, array in second.snapshots[epoch].items():
            assert np.array_equal(array, second.weights[f"{state}/{name}"])
    stopped_there = train(population((1,), epochs=4))[0]
    for name, array in second.snapshots[4].items():
        assert np.array_equal(array, stopped_there.weights[f"final/{name}"])
    # Of a population that is cut in two, the half that it is in.
    halves = [pictured.select(np.array(keep)) for keep in ([True, False], [False, True])]
    assert [list(train(half)[0].snapshots) for half in halves] == [[], [0, 4, 6, 9]]


def test_who_stops_early_leaves_a_last_picture_and_who_diverges_does_not():
    stopping = {"stack": [EarlyStopping(patience=2)], "epochs": 4000, "snapshots": 3}
    (stopped,) = train(dataclasses.replace(population(**stopping), pictured=(True,)))
    last = int(stopped.metrics["epoch"][-1])
    assert last < 2000
    assert list(stopped.snapshots) == [0, last]
    for name, array in stopped.snapshots[last].items():
        assert np.array_equal(array, stopped.weights[f"final/{name}"])
    broken = population(optimizer=SGD(lr=1e30), epochs=40, snapshots=2)
    (diverged,) = train(dataclasses.replace(broken, pictured=(True,)))
    assert diverged.status == "diverged"
    assert list(diverged.snapshots) == [0]


@pytest.mark.parametrize(("snapshots", "epochs"), [(1, {10}), (2, {0, 10}), (3, {0, 5, 10}), (99, set(range(11)))])
def test_the_epochs_of_snapshots(snapshots, epochs):
    assert snapshot_epochs(Training(epochs=10, snapshots=snapshots)) == epochs


@pytest.mark.parametrize("task", TASKS)
def test_the_trivial_predictor_is_scikit_learns(task):
    data = dataset(task, 2)
    found = trivial(data)
    for split in ("train", "val", "test"):
        rows = getattr(data, split)
        if task == "regression":
            answer = DummyRegressor().fit(data.train.x, data.train.y).predict(rows.x)
            assert found[f"trivial_{split}_loss"] == pytest.approx(mean_squared_error(rows.y, answer))
            continue
        labels, of = (
            (part.y[:, 0] if task == "binary" else part.y.argmax(axis=1)).astype(int) for part in (data.train, rows)
        )
        dummy = DummyClassifier(strategy="prior").fit(data.train.x, labels)
        expected = log_loss(of, dummy.predict_proba(rows.x), labels=dummy.classes_)
        assert found[f"trivial_{split}_loss"] == pytest.approx(expected)
        assert found[f"trivial_{split}_accuracy"] == accuracy_score(of, dummy.predict(rows.x))


@pytest.mark.parametrize(("task", "rest"), [("binary", 19.5), ("multiclass", 20)])
def test_a_class_that_the_training_split_lacks_counts_as_half_a_row(task, rest):
    data = dataset(task)
    data.train.y[:] = data.train.y[0]
    new = (data.val.y != data.train.y[0]).any(axis=1)
    assert new.any()
    counts = np.where(new, 0.5, rest)
    rows = {"binary": 20, "multiclass": 21}[task]  # the rest of a binary one is what half a row leaves
    assert trivial(data)["trivial_val_loss"] == pytest.approx(np.log(rows / counts).mean())


def test_with_peek_the_test_split_stops_training():
    data = dataset("regression")
    swapped = type(data)(**{**vars(data), "val": data.test, "test": data.val})
    peeking = population((0,), [EarlyStopping(patience=3)], data=data, epochs=60)
    peeking = type(peeking)(**{**vars(peeking), "peek": True})
    honest = population((0,), [EarlyStopping(patience=3)], data=swapped, epochs=60)
    (peeked,), (same,) = train(peeking), train(honest)
    assert peeked.reported_epoch == same.reported_epoch
    assert peeked.reported_because == "best test score, restored by early_stopping"
    assert np.array_equal(peeked.weights["reported/0/weight"], same.weights["reported/0/weight"])
