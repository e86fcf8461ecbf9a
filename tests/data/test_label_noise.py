"""Label noise: the share, what takes a label's place, and that a larger share only adds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.data.dataset import Split, with_label_noise


@given(n=st.integers(1, 60), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)), seed=st.integers(0, 1000))
def test_regression_takes_another_row_s_target(n: int, shares: tuple[float, float], seed: int) -> None:
    clean = Split(np.zeros((n, 1)), np.arange(n, dtype=np.float64)[:, None])
    little, much = (with_label_noise(clean, "regression", share, seed).y for share in sorted(shares))
    changed = little != clean.y
    assert changed.sum() == (0 if n == 1 else round(min(shares) * n))  # every target is unique, so none stays by chance
    np.testing.assert_array_equal(much[changed], little[changed])
    assert set(much[:, 0]) <= set(clean.y[:, 0])


@pytest.mark.parametrize(("task", "classes"), [("binary", 2), ("multiclass", 10)])
def test_classes_are_drawn_uniformly(task: str, classes: int) -> None:
    n = 20_000
    start = np.zeros((n, 1)) if task == "binary" else np.eye(classes)[np.zeros(n, dtype=int)]
    y = with_label_noise(Split(np.zeros((n, 1)), start), task, 0.5, seed=0).y  # type: ignore[arg-type]
    labels = y[:, 0].astype(int) if task == "binary" else y.argmax(axis=1)
    # Half of the rows are redrawn, and of those one in `classes` keeps its label by chance.
    expected = np.full(classes, n / 2 / classes) + n / 2 * (np.arange(classes) == 0)
    np.testing.assert_allclose(np.bincount(labels, minlength=classes), expected, rtol=0.12)
    if task == "multiclass":
        np.testing.assert_array_equal(y.sum(axis=1), 1)


def test_what_comes_in_is_not_written_into() -> None:
    clean = Split(np.zeros((9, 1)), np.arange(9.0)[:, None])
    with_label_noise(clean, "regression", 1.0, seed=0)
    np.testing.assert_array_equal(clean.y[:, 0], np.arange(9.0))
