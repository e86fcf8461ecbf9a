"""A training that goes on from a checkpoint gives the very bits of one that was never disturbed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine.populations import TASKS, assert_same_bits, dataset, population
from engine.settings import PAIRS, name

from regx.core.listener import Listener, Wanted
from regx.core.trained import Trained
from regx.engine.checkpoint import Checkpoint, rows_so_far
from regx.engine.population import Population
from regx.engine.trainer import Kept, train, train_in_turns
from regx.nn.architecture import Architecture
from regx.optim import SGD, Adam, AdamW, Constant, ReduceOnPlateau, RMSprop
from regx.regularizers import Dropout, EarlyStopping
from regx.store.weights import format_weights, read_arrays


def checkpoints(of: Population, folder: Path, every: int) -> list[Checkpoint]:
    """Every so manieth checkpoint of a training that makes one after each epoch, as it comes back from a file."""
    found: list[Checkpoint] = []

    class Keeping(Listener):
        wanted = Wanted(checkpoints=True)

        def on_checkpoint(self, number: int, checkpoint: Checkpoint) -> None:
            if int(checkpoint["epoch"]) % every == 0:
                path = folder / "checkpoint.npz"
                path.write_bytes(format_weights(dict(checkpoint)))
                found.append(read_arrays(path))

    impatient = replace(of, training=replace(of.training, checkpoint_seconds=0.0))
    train_in_turns([impatient], Keeping())
    return found


def resumed(of: Population, begun: Checkpoint) -> list[Trained]:
    kept = Kept()
    train_in_turns([of], kept, [begun])
    return kept.found[0]


def assert_goes_on(of: Population, folder: Path, every: int = 4) -> list[Checkpoint]:
    undisturbed = train(of)
    made = checkpoints(of, folder, every)
    assert made
    for checkpoint in made:
        for one, other in zip(undisturbed, resumed(of, checkpoint), strict=True):
            assert_same_bits(one, other)
            assert one.snapshots.keys() == other.snapshots.keys()
            for epoch, named in one.snapshots.items():
                assert all(np.array_equal(array, other.snapshots[epoch][key]) for key, array in named.items())
    return made


@pytest.mark.parametrize("pair", PAIRS, ids=name)
@pytest.mark.parametrize("batch_size", [None, 7])
def test_every_regularizer_goes_on(pair: tuple, batch_size: int | None, tmp_path: Path) -> None:
    other = pair[0] if "on_data" in pair[0].hooks() else pair[1]  # which makes as many rows
    of = population(
        (3, 4, 3), [(pair[0], other, pair[0])], Adam(lr=0.01), data=dataset("binary", shape=(1, 4, 3)),
        architecture=Architecture((6, 6)), dtype="float32", batch_size=batch_size, epochs=9,
    )  # fmt: skip
    assert_goes_on(of, tmp_path)


@pytest.mark.parametrize("schedule", [Constant(), ReduceOnPlateau(patience=1, threshold=0.1)])
@pytest.mark.parametrize(
    "optimizer", [SGD(lr=0.1, momentum=0.9), RMSprop(), Adam(), AdamW(), Adam(sam=0.05)], ids=lambda one: one.kind
)
@pytest.mark.parametrize("task", TASKS)
def test_every_optimizer_and_task_goes_on(task: str, optimizer: SGD, schedule: Constant, tmp_path: Path) -> None:
    of = population((1, 2), [Dropout(p=0.3)], optimizer, schedule, data=dataset(task), batch_size=6)
    assert_goes_on(of, tmp_path, every=7)


def test_networks_that_have_left_are_in_the_checkpoint(tmp_path: Path) -> None:
    """One diverges at once, one stops early, two go on; with snapshots and a random block that is in the middle."""
    of = population(
        (1, 2, 3, 4), [Dropout(p=0.1), [EarlyStopping(patience=p) for p in (50, 1, 50, 50)]],
        [SGD(lr=lr) for lr in (1e30, 2.0, 0.1, 0.2)], epochs=12, batch_size=7, snapshots=5, eval_every=2,
    )  # fmt: skip
    of = replace(of, pictured=(False, True, True, False))
    trained = train(of)
    assert [one.status for one in trained] == ["diverged", "completed", "completed", "completed"]
    assert len({int(one.metrics["epoch"][-1]) for one in trained}) == 3
    made = assert_goes_on(of, tmp_path, every=3)
    assert {len(checkpoint["networks"]) for checkpoint in made} >= {2, 3}
    for network, columns in rows_so_far(made[-1]).items():
        whole = trained[network].metrics
        length = len(columns["epoch"])
        assert length
        assert all(np.array_equal(whole[key][:length], column, equal_nan=True) for key, column in columns.items())


def test_seconds_of_before_count(tmp_path: Path) -> None:
    of = population(epochs=3)
    checkpoint = {**checkpoints(of, tmp_path, 1)[-1], "seconds": np.array([100.0])}
    assert 100 < resumed(of, checkpoint)[0].seconds < 101
