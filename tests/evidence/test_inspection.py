"""What a table is said to be before anything is trained on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest

from regx.studies.recommendation.question import TableQuestion, planned


def notes(path: Path, frame: pandas.DataFrame) -> str:
    frame.to_csv(path, index=False)
    return " ".join(planned(TableQuestion(path, "y")).inspection.notes)


@pytest.fixture
def frame() -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    return pandas.DataFrame({"a": rng.normal(size=60), "b": rng.integers(0, 3, 60), "c": rng.choice(["u", "v"], 60)})


@pytest.mark.parametrize("regression", [True, False])
def test_a_column_that_is_the_target_again_is_named(regression: bool, frame: pandas.DataFrame, tmp_path: Path) -> None:
    y = frame["a"] + np.random.default_rng(1).normal(size=60)
    frame["y"] = y if regression else np.where(y > 0, "yes", "no")
    path = tmp_path / "table.csv"
    assert "alone tells" not in notes(path, frame)
    leaks = {"the twin": np.exp(y)}
    if not regression:
        leaks |= {"word": frame["y"].str.upper(), "code": np.where(y > 0, 2, np.where(frame["b"] > 1, 1, 3))}
    for name, values in leaks.items():
        said = notes(path, frame.assign(**{name: values}))
        assert said.count("alone tells") == 1
        assert f"Column '{name}' alone tells 'y'. If it is known only once the target is, take it out: " in said
        assert f"""-s 'dataset.drop=["{name}"]'""" in said


def test_copies_of_rows_are_counted_where_rows_can_differ(frame: pandas.DataFrame, tmp_path: Path) -> None:
    frame["y"] = frame["a"] ** 2
    path = tmp_path / "table.csv"
    assert "cop" not in notes(path, frame)
    assert "1 row is an exact copy of another." in notes(path, pandas.concat([frame, frame[3:4]]))
    assert "20 rows are exact copies of others." in notes(path, pandas.concat([frame, frame[:20]]))
    words = frame[["c"]].assign(y=np.where(frame["y"] > 1, "far", "near"))
    assert "cop" not in notes(path, words)
