"""The sentences of `regx recommend`, one conclusion of each kind, and its table on a narrow terminal."""

import io
from collections.abc import Mapping

import pytest

from regx.evidence.inspection import Inspection
from regx.evidence.recommendation import Measured, Raced, conclude
from regx.evidence.references import references
from regx.report.recommend import conclusion_lines, document, inspection_lines, print_recommendation

INSPECTION = Inspection(
    path="table.csv", target="outcome", task="regression", rows=200, numeric=3, categorical=1, missing={}, inputs=6,
    classes={}, split=(120, 30, 50), parameters=240, notes=("Target 'outcome': so the task is regression.",),
)  # fmt: skip
WOBBLE = (0.01, -0.01, 0.02, -0.02, 0.0, 0.01, 0.0, -0.01, 0.02, -0.02)


def scores(mean: float, factor: float) -> dict[int, float]:
    return {seed: mean + factor * one for seed, one in enumerate(WOBBLE)}


def found(
    lanes: Mapping[str, float], plain_models: tuple[float, float, float], factor: float = 1.0
) -> tuple[list[Raced], list[Measured]]:
    raced = [
        Raced(name, f"{name}(1)", 0.01, scores(loss, 0.5 * factor), scores(loss, factor * (1 + number)), None)
        for number, (name, loss) in enumerate(lanes.items())
    ]
    models = zip(references("regression"), plain_models, strict=True)
    return raced, [Measured(one, scores(loss, -factor), None) for one, loss in models]


def said(lanes: Mapping[str, float], plain_models: tuple[float, float, float], factor: float = 1.0) -> str:
    raced, measured = found(lanes, plain_models, factor)
    conclusion = conclude(raced, measured, INSPECTION.split, INSPECTION.rows)
    return " ".join(conclusion_lines(INSPECTION, raced, measured, conclusion))


def test_something_that_helps() -> None:
    text = said({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
    assert text.startswith("Use the network with l2(1), at learning rate 0.01. Regularization helps the network.")
    assert "a test loss of 0.500, against 0.800 for the network without one; it is lower on 10 of 10 splits" in text
    assert "The network also beats the plain models: against the better of them, ridge regression" in text


def test_something_that_does_not() -> None:
    text = said({"none": 0.5, "l2": 0.52}, (1.0, 0.3, 0.75), 0.1)
    assert text.startswith("No network beats the plain reference: use ridge regression, which is better.")
    assert "No regularizer helps the network" in text
    assert "Ridge regression has the lower test loss" in text


def test_something_that_the_data_cannot_tell() -> None:
    text = said({"none": 0.5, "l2": 0.46}, (1.0, 0.47, 0.9), 5.0)
    assert text.startswith("Nothing is shown to beat the plain reference: start with ridge regression")
    assert "Whether a regularizer helps, the data cannot tell." in text
    assert "a table of about" in text or "splits would tell" in text


def test_pure_noise() -> None:
    text = said({"none": 1.5, "l2": 1.0}, (1.0, 1.01, 1.1))
    assert text.startswith("Nothing helps. No network is shown to predict better than always answering the mean")
    assert "nothing to learn here that 200 rows show" in text


def test_the_plain_network_alone_says_nothing_about_regularizers() -> None:
    assert "Time sufficed for the plain network alone" in said({"none": 0.5}, (1.0, 0.7, 0.8))


def test_the_table_is_described() -> None:
    text = "\n".join(inspection_lines(INSPECTION))
    assert "200 rows, 3 columns of numbers and 1 column of words beside the target, 6 inputs" in text
    assert "240 parameters, 2.0 for each row it is trained on" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_no_name_is_cut_and_eighty_columns_suffice(terminal: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1" if terminal else "0")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    raced, measured = found({"none": 0.8, "l2+early_stopping+dropout": 0.5}, (1.0, 0.7, 0.75))
    raced = [Raced(one.name, one.stack, one.lr, one.val, one.test, one.test) for one in raced]
    conclusion = conclude(raced, measured, INSPECTION.split, INSPECTION.rows)
    stream = io.StringIO()
    whole = document("runs/x", INSPECTION, raced, measured, conclusion, ["a note"]) | {"config": "x.yaml"}
    print_recommendation(whole, stream)
    text = stream.getvalue()
    assert "…" not in text
    assert "MLPRegressor" in text
    assert "early_stopping" in text
    if terminal:
        lines = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").rstrip() for line in text.splitlines()]
        assert max(map(len, lines)) <= 80
    else:
        assert "\nl2+early_stopping+dropout\t" in text
