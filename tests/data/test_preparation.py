"""Preparation: by hand, the law that only training rows decide, and that what is stored does the same."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from regx.data.columns import Form, Reading
from regx.data.preparation import Preparation, fit, preparation_of

numbers = st.lists(st.one_of(st.just(np.nan), st.floats(-1e6, 1e6)), min_size=12, max_size=12)
words = st.lists(st.sampled_from([None, "red", "green", "blue"]), min_size=12, max_size=12)
TRAIN = np.arange(0, 12, 2)


def encode(columns: dict, train: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], tuple[str, ...]]:
    of_numbers, of_words, notes = fit(columns, train)
    preparation = Preparation(Reading(), of_numbers, of_words, "regression", "y")
    return preparation.encode(columns), preparation.features, notes


@given(first=numbers, others=numbers, colours=words, other_colours=words)
def test_only_training_rows_decide(first: list, others: list, colours: list, other_colours: list) -> None:
    columns = {"size": np.array(first), "colour": np.array(colours, dtype=object)}
    changed = {"size": np.array(others), "colour": np.array(other_colours, dtype=object)}
    for name in columns:
        changed[name][TRAIN] = columns[name][TRAIN]
    x, features, _ = encode(columns, TRAIN)
    other_x, other_features, _ = encode(changed, TRAIN)
    assert features == other_features
    np.testing.assert_array_equal(x[TRAIN], other_x[TRAIN])
    assert np.isfinite(other_x).all()


@given(values=numbers)
def test_training_numbers_have_mean_0_and_deviation_1(values: list) -> None:
    column = np.array(values)
    present = column[TRAIN][~np.isnan(column[TRAIN])]
    assume(len(present) and np.ptp(present) > 1e-3)
    x, features, _ = encode({"size": column}, TRAIN)
    assert features == ("size",)
    np.testing.assert_allclose(x[TRAIN].mean(), 0, atol=1e-6)
    np.testing.assert_allclose(x[TRAIN].std(), 1, atol=1e-6)


@given(one=numbers, other=numbers)
def test_numbers_are_scaled_as_by_scikit_learn_to_the_last_bit(one: list, other: list) -> None:
    columns = {"a": np.array(one), "b": np.array(other)}
    x, features, _ = encode(columns, TRAIN)
    assume(len(features) == 2)
    table = np.column_stack(list(columns.values()))
    pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(table[TRAIN])
    np.testing.assert_array_equal(x, pipeline.transform(table))


def test_worked_example() -> None:
    # Training rows 0..3. size: the median of 1, 3, 5 is 3, so 1, 3, 5, 3: mean 3, deviation √2.
    # colour: red, blue and missing are levels; green is not in training.
    columns = {
        "colour": np.array(["red", "red", None, "blue", "green"], dtype=object),
        "size": np.array([1.0, 3.0, 5.0, np.nan, 3.0]),
        "same": np.array([2.0, 2.0, 2.0, np.nan, 9.0]),
        "unknown": np.full(5, np.nan),
        "word": np.array(["a", "a", "a", "a", "b"], dtype=object),
        "ticked": np.array(["x", None, None, None, "x"], dtype=object),
    }
    x, features, notes = encode(columns, np.arange(4))
    assert features == ("size", "colour=blue", "colour=red", "colour=(missing)", "ticked=x", "ticked=(missing)")
    expected = [
        [-np.sqrt(2), 0, 1, 0, 1, 0],
        [0, 0, 1, 0, 0, 1],
        [np.sqrt(2), 0, 0, 1, 0, 1],
        [0, 1, 0, 0, 0, 1],
        [0, 0, 0, 0, 1, 0],
    ]
    np.testing.assert_allclose(x, expected, atol=1e-12)
    assert notes == (
        "Column 'colour': 'green' not in the training split; its one-hot is all zero.",
        "Left out, constant in the training split: 'same', 'unknown', 'word'.",
        "Missing in 'size' (20%): filled with the training split's median.",
        "Missing in 'colour' (20%), 'ticked' (60%): a level of its own.",
        "Mostly missing: 'ticked'. If nothing is to be learned from so few values, set dataset.drop: [ticked].",
    )


def test_nothing_varies() -> None:
    x, features, _ = encode({"same": np.ones(5)}, np.arange(3))
    assert (x.shape, features) == ((5, 0), ())


@given(size=numbers, colours=words)
def test_what_is_stored_does_the_same_to_the_last_bit(size: list, colours: list) -> None:
    columns = {"size": np.array(size), "colour": np.array(colours, dtype=object)}
    reading = Reading(
        {"size": Form(unit="kg"), "colour": Form("words"), "day": Form("date", "", "%d.%m.%Y", ("year",))}
    )
    of_numbers, of_words, _ = fit(columns, TRAIN)
    one = Preparation(reading, of_numbers, of_words, "binary", "y", ("no", "yes"), 1 / 3, 1e-9)
    other = preparation_of(json.loads(json.dumps(one.as_json())))
    assert other == one
    np.testing.assert_array_equal(other.encode(columns), one.encode(columns))


def test_robust_scaling_is_that_of_quartiles_drawn_in() -> None:
    from sklearn.preprocessing import RobustScaler

    rng = np.random.default_rng(0)
    columns = {"size": rng.exponential(size=12) ** 3, "rare": np.array([0.0] * 11 + [4.0])}
    columns["size"][3] = np.nan
    train = np.array([0, 1, 2, 4, 5, 7, 8, 11])
    of_numbers, of_words, _ = fit(columns, train, robust=True)
    preparation = Preparation(Reading({"size": Form(), "rare": Form()}), of_numbers, of_words, "regression", "y")
    x = preparation.encode(columns)
    filled = np.where(np.isnan(columns["size"]), np.median(columns["size"][train]), columns["size"])[:, None]
    scaled = RobustScaler().fit(filled[train]).transform(filled)[:, 0]
    np.testing.assert_allclose(x[:, 0], scaled / np.sqrt(1 + (scaled / 3) ** 2))
    assert abs(x).max() < 3
    # Of equal quartiles the range counts: 4 is 2 of its halves from 0.
    np.testing.assert_allclose(x[:, 1], [0] * 11 + [2 / np.sqrt(1 + 4 / 9)])
    assert preparation_of(json.loads(json.dumps(preparation.as_json()))) == preparation
