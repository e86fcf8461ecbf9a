"""From columns as they are to numbers as the network sees them, fitted on the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.memory import shortage


def encode(columns: Mapping[str, Array], train: Array) -> tuple[Array, tuple[str, ...], tuple[str, ...]]:
    """The features of all rows, (n, D) float64, their D names, and notes on what was done.

    columns: (n,) each; float64 with NaN where a value is missing, or words (object) with None where one is.
    train: row numbers. Nothing but these rows decides on filling, scaling, categories and what is constant.
    Numbers come first: the median where missing, then mean 0 and standard deviation 1. Then words: the most frequent
    where missing, then one-hot, all zero for a word that training does not have.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    varying = {name: values for name, values in columns.items() if _varies(values[train])}
    numbers = {name: values for name, values in varying.items() if values.dtype != object}
    words = {name: values for name, values in varying.items() if values.dtype == object}
    levels_of = {name: len({word for word in values[train] if word is not None}) for name, values in words.items()}
    _check_size(len(next(iter(columns.values()))), len(numbers), levels_of)
    notes = []
    parts = [np.empty((len(next(iter(columns.values()))), 0))]
    features: list[str] = []
    if numbers:
        values = np.column_stack(list(numbers.values()))
        pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        parts.append(pipeline.fit(values[train]).transform(values))
        features += numbers
    if words:
        values = np.column_stack(list(words.values()))
        encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        pipeline = make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), encoder)
        parts.append(pipeline.fit(values[train]).transform(values))
        for (name, column), levels in zip(words.items(), encoder.categories_, strict=True):
            features += [f"{name}={level}" for level in levels]
            if unknown := {word for word in column if word is not None} - set(levels):
                notes.append(
                    f"Column '{name}': {_listed(sorted(unknown))} not in the training split; its one-hot is all zero."
                )
    if constant := [name for name in columns if name not in varying]:
        notes.append(f"Left out, constant in the training split: {_listed(constant)}.")
    if missing := [name for name, values in varying.items() if _missing(values).any()]:
        count = sum(int(_missing(varying[name]).sum()) for name in missing)
        notes.append(
            f"{count} missing values in {_listed(missing)}: filled with the training split's median for numbers, "
            "most frequent value for words."
        )
    return np.ascontiguousarray(np.hstack(parts)), tuple(features), tuple(notes)


def _check_size(n: int, numbers: int, levels_of: Mapping[str, int]) -> None:
    """Raise InputError, before anything is allocated, if n rows of so many numbers and words do not fit in memory."""
    # Three times: the parts, their copy, and the splits.
    if short := shortage(3 * 8 * n * (numbers + sum(levels_of.values()))):
        most = sorted(levels_of, key=lambda name: -levels_of[name])[:5]
        columns = ", ".join(f"'{name}' ({levels_of[name]} different words)" for name in most) or f"all {numbers}"
        raise InputError(
            f"the table: expected features that fit in memory, found {short}. Leave columns out with dataset.drop; the "
            f"largest: {columns}."
        )


def _missing(values: Array) -> Array:
    return np.array([value is None for value in values]) if values.dtype == object else np.isnan(values)


def _varies(values: Array) -> bool:
    present = values[~_missing(values)]
    return bool((present != present[:1]).any())


def _listed(names: list[str], limit: int = 5) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(f"'{name}'" for name in names[:limit]) + more
