"""How an epoch is cut into batches."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from regx.core.streams import Streams
from regx.engine.batches import Batches
from regx.engine.state import State
from regx.regularizers import BatchNorm, Dropout
from tests.engine.populations import dataset, population


@given(st.integers(2, 40), st.integers(1, 45), st.integers(1, 3))
def test_every_row_is_in_one_batch_and_no_batch_is_smaller_than_the_least(n, size, least):
    rows = np.arange(n, dtype=float)[None, :, None]
    batches = Batches(rows, rows, np.array([0, 0]), size, Streams((0, 1), "batches"), rows[:, :, 0], least)
    seen = [(batch.y.copy(), batch.weight.copy(), batch.x.copy()) for batch in batches.epoch()]
    for y, weight, x in seen:
        assert np.array_equal(y[:, 0], weight)
        assert np.array_equal(y, x)
    for row in range(2):
        assert np.array_equal(np.sort(np.concatenate([y[row, 0] for y, _, _ in seen])), np.arange(n))
    found = [y.shape[2] for y, _, _ in seen]
    whole, rest = divmod(n, min(size, n))
    plain = [min(size, n)] * whole + [rest] * (rest > 0)
    if rest < least <= min(size, n):
        plain = [*plain[: whole - 1], min(size, n) + rest]
    assert found == plain
    assert set(batches.sizes()) == set(found)


def test_batch_norm_joins_a_last_batch_of_one_and_changes_no_other_batch():
    data = dataset("binary", n=(15, 8, 9))
    states = [State(population(stack=stack, data=data, batch_size=7)) for stack in ([Dropout()], [BatchNorm()])]
    plain, joined = ([batch.x.copy() for batch in state._batches.epoch()] for state in states)
    assert [x.shape[2] for x in plain] == [7, 7, 1]
    assert [x.shape[2] for x in joined] == [7, 8]
    assert np.array_equal(np.concatenate(plain, axis=2), np.concatenate(joined, axis=2))
