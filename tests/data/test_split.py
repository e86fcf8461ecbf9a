"""Splits: disjoint, complete, stratified; the same for every n_train; and clear words where rows are too few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from regx.core.errors import InputError
from regx.data.split import _part, split_rows

fractions = st.tuples(st.floats(0.05, 0.45), st.one_of(st.just(0.0), st.floats(0.05, 0.45)))


@given(n=st.integers(5, 300), seed=st.integers(0, 2**32), shares=fractions)
def test_rows_are_split_without_rest_or_overlap(n: int, seed: int, shares: tuple[float, float]) -> None:
    train, val, test = split_rows(n, seed, *shares)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, val, test])), np.arange(n))
    assert len(test) == max(1, round(n * shares[0]))
    assert len(val) == (max(1, round(n * shares[1])) if shares[1] else 0)


@given(counts=st.lists(st.integers(1, 60), min_size=2, max_size=5), seed=st.integers(0, 100), shares=fractions)
def test_a_stratified_split_works_for_every_seed_or_for_none(
    counts: list[int], seed: int, shares: tuple[float, float]
) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    classes = tuple(f"class {k}" for k in range(len(counts)))
    outcomes = []
    for this in range(seed, seed + 3):
        try:
            parts = split_rows(len(labels), this, *shares, labels=labels, classes=classes)
        except InputError:
            outcomes.append(False)
            continue
        outcomes.append(True)
        np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(len(labels)))
        assert set(labels[parts[0]]) == set(labels)
        for part in parts:
            expected = np.array(counts) * len(part) / len(labels)
            # Each cut rounds once, and the second one cuts what the first has left.
            assert (np.abs(np.bincount(labels[part], minlength=len(counts)) - expected) < 2).all()
    assert len(set(outcomes)) == 1


@given(
    n=st.integers(5, 200), seed=st.integers(0, 2**32), shares=fractions, kind=st.sampled_from(["", "classes", "groups"])
)
def test_folds_share_test_rows_and_no_validation_row(n: int, seed: int, shares: tuple[float, float], kind: str) -> None:
    labels = np.arange(3 * n) % 3 if kind == "classes" else None
    groups = np.arange(3 * n) // 3 if kind == "groups" else None
    arguments = {"labels": labels, "classes": ("a", "b", "c") if kind == "classes" else (), "groups": groups}
    try:
        first = split_rows(3 * n, seed, *shares, **arguments)  # type: ignore[arg-type]
    except InputError:
        return
    if not len(first[1]):
        return
    seen: set[int] = set()
    per_fold = len(first[1]) // (3 if kind == "groups" else 1)
    for fold in range(((len(first[0]) + len(first[1])) // (3 if kind == "groups" else 1)) // per_fold):
        train, val, test = split_rows(3 * n, seed, *shares, **arguments, fold=fold)  # type: ignore[arg-type]
        np.testing.assert_array_equal(np.sort(test), np.sort(first[2]))
        np.testing.assert_array_equal(np.sort(np.concatenate([train, val, test])), np.arange(3 * n))
        assert len(val) == len(first[1])
        assert not seen & set(val.tolist())
        seen |= set(val.tolist())
        if groups is not None:
            assert not set(groups[val]) & set(groups[train])
        if labels is not None:
            assert (np.abs(np.bincount(labels[val], minlength=3) - len(val) / 3) < 2).all()


@given(labels=st.lists(st.integers(0, 4), min_size=4, max_size=60), state=st.integers(0, 2**31 - 1), data=st.data())
@pytest.mark.parametrize("stratified", [True, False])
def test_rows_are_split_as_by_scikit_learn(stratified: bool, labels: list, state: int, data: st.DataObject) -> None:
    of_all = np.array([9, *labels, *labels])  # no class has one row only
    rows, classes = np.arange(1, len(of_all))[::-1], len(set(labels))
    size = data.draw(st.integers(classes, len(rows) - classes))
    stratify = of_all[rows] if stratified else None
    expected = train_test_split(rows, test_size=size, random_state=state, stratify=stratify)
    found = _part(rows, size, of_all if stratified else None, state)
    for mine, others in zip(found, expected, strict=True):
        np.testing.assert_array_equal(mine, others)


def test_n_train_takes_nested_stratified_rows_and_leaves_the_other_splits() -> None:
    labels = np.repeat([0, 1, 2], [150, 40, 10])
    classes = ("a", "b", "c")
    train, val, test = split_rows(200, 7, 0.25, 0.15, labels=labels, classes=classes)
    previous: set[int] = set()
    for n in (3, 10, 50, 119, 120):
        few, same_val, same_test = split_rows(200, 7, 0.25, 0.15, n, labels, classes)
        np.testing.assert_array_equal(same_val, val)
        np.testing.assert_array_equal(same_test, test)
        assert len(few) == n
        assert previous < set(few) <= set(train)
        assert set(labels[few]) == {0, 1, 2}
        previous = set(few)
    np.testing.assert_array_equal(
        np.bincount(labels[split_rows(200, 7, 0.25, 0.15, 60, labels, classes)[0]]), [45, 12, 3]
    )


def test_n_train_nests_without_labels() -> None:
    few, more = (split_rows(100, 0, 0.25, 0.15, n)[0] for n in (5, 20))
    assert set(few) < set(more)


@pytest.mark.parametrize(
    ("counts", "arguments", "message"),
    [
        ([5, 5], {"test_fraction": 0.6, "val_fraction": 0.5}, r"dataset\.val_fraction is 1\.1; expected less than 1"),
        ([50, 2], {}, r"too few rows .*: 'class 1' \(2\).*dataset\.task: regression"),
        ([50, 1], {"val_fraction": 0}, r"'class 1' \(1\)"),
        (
            [3] * 20,
            {"test_fraction": 0.4},
            r"a val split of 9 rows cannot hold 20 classes\. Raise dataset\.val_fraction or set it to 0",
        ),
        ([50, 50], {"n_train": 61}, r"dataset\.n_train is 61; expected 2 to 60"),
        ([50, 50], {"n_train": 1}, r"dataset\.n_train is 1; expected 2 to 60"),
        ([1, 1], {}, r"2 rows are too few"),
    ],
)
def test_too_few_rows_are_said(counts: list[int], arguments: dict[str, float], message: str) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    classes = tuple(f"class {k}" for k in range(len(counts)))
    settings = {"test_fraction": 0.25, "val_fraction": 0.15, **arguments}
    with pytest.raises(InputError, match=message):
        split_rows(len(labels), 0, labels=labels, classes=classes, **settings)


@pytest.mark.parametrize("keep", [{}, {"groups": np.arange(40) // 2}, {"times": np.arange(40.0)}])
@pytest.mark.parametrize("val_fraction", [0, 0.2])
def test_without_a_test_split_all_rows_are_the_others(keep: dict[str, np.ndarray], val_fraction: float) -> None:
    labels = np.arange(40) % 2
    train, val, test = split_rows(40, 3, 0, val_fraction, labels=labels, classes=("a", "b"), **keep)
    assert (len(test), len(val)) == (0, 40 * val_fraction)
    assert sorted([*train, *val]) == list(range(40))


def test_more_folds_than_groups_are_refused() -> None:
    groups = np.arange(60) // 10
    assert len(split_rows(60, 0, 0.25, 0.15, groups=groups, fold=3)[1])
    with pytest.raises(InputError, match="there are 4 folds of a split at most"):
        split_rows(60, 0, 0.25, 0.15, groups=groups, fold=4)
