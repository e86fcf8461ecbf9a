"""What a table is said to be before anything is trained on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import pytest

from regx.data.csv import CSV
from regx.studies.recommendation.inspection import inspect
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
    assert "1 row is an exact copy of another (2%)." in notes(path, pandas.concat([frame, frame[3:4]]))
    assert "20 rows are exact copies of others (25%)." in notes(path, pandas.concat([frame, frame[:20]]))
    words = frame[["c"]].assign(y=np.where(frame["y"] > 1, "far", "near"))
    assert "cop" not in notes(path, words)


@pytest.mark.parametrize("kind", ["word", "code", "number", "huge", "regression", "whole"])
def test_a_column_that_nearly_tells_the_target_is_named_with_its_share(
    kind: str, frame: pandas.DataFrame, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    n = 300
    latent = rng.normal(size=n)
    wrong = np.arange(n) % 100 == 7  # 1 %
    y = latent if kind == "regression" else (latent * 12).round() if kind == "whole" else (latent > 0).astype(int)
    leak: dict[str, object] = {
        "word": np.where((latent > 0) != wrong, "yes", "no"), "code": np.where((latent > 0) != wrong, 5, 3),
        "number": np.where(wrong, -latent, latent).round(6), "regression": np.where(wrong, 9.0 + latent, 2 * latent),
        "huge": np.where(wrong, -latent, latent) * 1e60, "whole": np.where(wrong, 99 - y, 3 * y),
    }  # fmt: skip
    table = pandas.DataFrame({"a": rng.normal(size=n), "leak": leak[kind], "y": y})
    said = notes(tmp_path / "table.csv", table)
    assert said.count("alone tells") == 1
    assert "Column 'leak' alone tells 'y' in 99% of the rows." in said
    # The commonest class of rare ones is no telling.
    rare = table.assign(leak=rng.integers(0, 2, n), y=(np.arange(n) % 60 == 0).astype(int))
    assert "alone tells" not in notes(tmp_path / "table.csv", rare)


def test_of_a_table_of_copies_only_the_copies_are_named(frame: pandas.DataFrame, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = pandas.DataFrame({"x": rng.normal(size=60), "z": rng.normal(size=60), "y": rng.integers(0, 2, 60)})
    said = notes(tmp_path / "table.csv", pandas.concat([table] * 3).sample(frac=1, random_state=0))
    assert "120 rows are exact copies of others (67%)." in said
    assert "alone tells" not in said
    assert "small groups" not in said


def test_rows_that_repeat_a_person_are_told_and_others_are_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    path = tmp_path / "table.csv"
    person = rng.normal(size=(15, 4))
    rows = np.repeat(np.arange(15), 16)
    table = pandas.DataFrame(person[rows] + 0.05 * rng.normal(size=(240, 4)), columns=list("abcd"))
    table = table.assign(y=rows % 2, who=[f"p{k}" for k in rows])
    said = notes(path, table.drop(columns="who"))
    assert "of the rows lie in small groups" in said
    assert "dataset.group" in said
    source = CSV(path=str(path), target="y", group="who")
    table.to_csv(path, index=False)
    assert "small groups" not in " ".join(inspect(source, source.load(0), 1).notes)
    plain = pandas.DataFrame(rng.normal(size=(240, 4)), columns=list("abcd")).assign(y=rng.integers(0, 2, 240))
    assert "small groups" not in notes(path, plain)
