"""The sentences of `regx recommend`, one conclusion of each kind, and its table on a narrow terminal."""

import dataclasses
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from regx.config.load import config_of
from regx.core.errors import InputError
from regx.notebook.cards import card
from regx.report.output import Output
from regx.studies.recommendation.display import print_recommendation
from regx.studies.recommendation.inspection import Inspection
from regx.studies.recommendation.judgement import LossDifference, Measured, Raced, conclude
from regx.studies.recommendation.references import TREES, references
from regx.studies.recommendation.result import Recommendation, read_recommendation
from regx.studies.recommendation.words import conclusion_lines, inspection_lines, plan_lines
from regx.studies.recommendation.write import write

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
    models = zip([one for one in references("regression") if one.role != TREES], plain_models, strict=True)
    return raced, [Measured(one, scores(loss, -factor), None) for one, loss in models]


def recommendation(raced: list[Raced], measured: list[Measured], **changed: object) -> Recommendation:
    """A recommendation whose conclusion may be changed by hand."""
    conclusion = conclude(raced, measured, INSPECTION.split, INSPECTION.rows)
    conclusion = dataclasses.replace(conclusion, **changed)  # type: ignore[arg-type]
    config = config_of({"dataset": {"name": "csv", "path": "gone.csv", "target": "outcome"}}, "outcome")
    return Recommendation(
        Path("runs/x"), config, INSPECTION, tuple(raced), tuple(measured), conclusion, 1.5, ("a note",), ("l2",)
    )


def test_it_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    raced, measured = found({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
    written = dataclasses.replace(recommendation(raced, measured), folder=tmp_path)
    write(written, None)
    again = read_recommendation(tmp_path)
    assert dataclasses.replace(again, config=written.config) == written
    assert again.config.resolved == written.config.resolved
    outcome = tmp_path / "recommendation.json"
    outcome.write_text(outcome.read_text().replace('"role": "linear"', '"role": "cubic"'))
    with pytest.raises(InputError, match=r"recommendation\.json: damaged"):
        read_recommendation(tmp_path)


def said(lanes: Mapping[str, float], plain_models: tuple[float, float, float], factor: float = 1.0) -> str:
    raced, measured = found(lanes, plain_models, factor)
    return " ".join(conclusion_lines(recommendation(raced, measured)))


def test_something_that_helps() -> None:
    text = said({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
    assert text.startswith("Use the network with l2(1), at learning rate 0.01. Regularization helps the network.")
    assert "a test loss of 0.500, against 0.800 for the network without one; it is lower on 10 of 10 splits" in text
    assert "The network also beats the plain models: against the best of them, ridge regression" in text


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


def concluded(**changed: object) -> str:
    """The sentences of a conclusion that is changed by hand."""
    raced, measured = found({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
    return " ".join(conclusion_lines(recommendation(raced, measured, **changed)))


def test_what_only_looks_learnable_is_not_called_nothing() -> None:
    looks = {
        "procedure": LossDifference(mean=0.1, low=-0.1, high=0.3, p=1.0, lower=3, splits=10),
        "linear": LossDifference(mean=-0.2, low=-0.4, high=0.01, p=0.12, lower=9, splits=10),
    }
    text = concluded(learnable=None, learners=(), to_trivial=looks)
    assert text.startswith(
        "Whether there is anything to learn, the data cannot tell. Ridge regression looks better than always answering "
        "the mean, its test loss 20% lower in the mean over splits and lower on 9 of 10, but so much can be luck "
        "(p = 0.12 when 2 models are tried). What follows is a first guess. Use the network"
    )
    assert "Nothing helps" not in text


def test_where_every_split_chooses_the_plain_network_that_is_said() -> None:
    text = said({"none": 0.5, "l2": 0.9}, (1.0, 0.7, 0.75), 0.1)
    assert "on every split the validation rows choose the one without, whose test loss is 0.500." in text
    assert ". ," not in text
    assert "The network beats the plain models" in text, "and not also"


def test_a_regularizer_that_makes_it_worse_has_no_gain_at_most() -> None:
    worse = LossDifference(mean=0.1, low=0.05, high=0.15, p=0.001, lower=0, splits=10)
    text = concluded(regularization="does not help", to_plain=worse)
    assert "choosing one makes it worse" in text
    assert "At most" not in text
    assert "So the network without one will do as well." in text, "since l2 is recommended"


def test_a_gain_on_test_rows_that_validation_rows_do_not_confirm() -> None:
    better = LossDifference(mean=-0.3, low=-0.4, high=-0.2, p=0.001, lower=10, splits=10)
    text = concluded(regularization="cannot tell", to_plain=better, recommended="none", rows_needed=200)
    assert "on test rows it does, and validation rows single none out" in text
    assert "no table of a size to be had" not in text


@pytest.mark.parametrize(("trees", "begins"), [(0.4, "Start with a tree model"), (0.6, "Use the network with l2(1)")])
def test_a_tree_model_that_looks_better_is_where_to_start(trees: float, begins: str) -> None:
    raced, measured = found({"none": 0.8, "l2": 0.5}, (1.0, 0.9, 0.95))
    (model,) = (one for one in references("regression") if one.role == TREES)
    measured.append(Measured(model, scores(trees, 30.0), None))
    text = " ".join(conclusion_lines(recommendation(raced, measured)))
    assert text.startswith(begins)
    assert ("its test loss is the lower here, though not shown to be" in text) == (trees < 0.5)
    assert ("A tree model (gradient boosting) may do as well" in text) == (trees > 0.5)
    assert "beats the linear model" in text


def test_a_network_that_beats_the_line_and_not_another_network() -> None:
    text = concluded(contest="unclear", rival="network")
    assert "it beats the linear model. Scikit-learn's network with early stopping may do as well." in text
    assert "simpler" not in text


@pytest.mark.parametrize(
    ("loss", "text"), [(0.5, "0.500"), (4.4e-10, "4.4e-10"), (-0.00012, "-0.00012"), (0.0, "0.000"), (1234.5, "1234")]
)
def test_small_losses_are_not_shown_as_none(loss: float, text: str) -> None:
    losses = {"none": 0.8, "l2": 0.5}
    raced, measured = found(losses, (1.0, 0.7, 0.75))
    found_so = recommendation(raced, measured, procedure=dict.fromkeys(range(10), loss))
    assert f"a test loss of {text}, against" in " ".join(conclusion_lines(found_so))


def test_one_of_something_is_not_many() -> None:
    alone = dataclasses.replace(INSPECTION, inputs=1, numeric=1, categorical=0)
    assert "1 column of numbers beside the target, 1 input of" in inspection_lines(alone)[0]
    assert plan_lines(["none"], 1, 1, 5, [])[1] == "1 split, up to 1 epoch a network, about 5 s."


def test_a_gain_below_what_anybody_could_use_is_called_that() -> None:
    text = said({"none": 0.00053, "l2": 0.00014}, (0.69, 0.5, 0.6), 1e-6)
    assert "Regularization helps" not in text
    assert "lowers the loss of the network by less than anybody could use: 0.00039, 0.06% of what the trivial" in text
    assert "So the network without one will do as well." in text
    text = said({"none": 0.8, "l2": 0.4999}, (1.0, 0.5, 0.75), 1e-6)
    assert "against the best of them, ridge regression" in text
    assert "That is 0.01% of what the trivial answer costs, less than anybody could use." in text


def test_a_stack_that_is_marked_better_is_spoken_of_where_choosing_does_not_help() -> None:
    """Else the table would mark it better and the sentences say that no regularizer helps."""
    raced, measured = found({"none": 0.5, "l2": 0.6, "dropout": 0.45}, (1.0, 0.7, 0.75), 0.1)
    raced[1] = dataclasses.replace(raced[1], val=scores(0.3, 0.05))  # what every split chooses
    text = " ".join(conclusion_lines(recommendation(raced, measured)))
    assert "Choosing a regularizer does not help the network; choosing one makes it worse." in text
    assert "No regularizer helps" not in text
    assert "Taken alone, better than no regularizer on test rows: dropout(1) (difference -0.050, 95 % interval" in text


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
    stream = io.StringIO()
    print_recommendation(recommendation(raced, measured), Output(stream=stream), Path("x.yaml"))
    text = stream.getvalue()
    assert "…" not in text
    assert "MLPRegressor" in text
    assert "early_stopping" in text
    if terminal:
        lines = [line.replace("\x1b[1m", "").replace("\x1b[0m", "").rstrip() for line in text.splitlines()]
        assert max(map(len, lines)) <= 80
    else:
        assert "\nl2+early_stopping+dropout\t" in text


def test_a_notebook_shows_it() -> None:
    shown = card(recommendation(*found({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))))
    assert "<td>MLPRegressor</td>" in shown
    assert "Regularization helps the network." in shown


def test_a_model_with_a_lower_loss_than_the_one_held_against_is_named() -> None:
    raced, measured = found({"none": 0.8, "l2": 0.5}, (1.0, 0.5, 0.9))
    trees = next(one for one in references("regression") if one.role == TREES)
    spread = {seed: 0.48 + 8 * one for seed, one in enumerate(WOBBLE)}
    text = " ".join(conclusion_lines(recommendation(raced, [*measured, Measured(trees, spread, None)])))
    assert "The network cannot be told from ridge regression" in text
    assert "The lowest test loss is that of a tree model (gradient boosting), 0.480, not shown to be better" in text
    better = {seed: 0.2 + one for seed, one in enumerate(WOBBLE)}
    text = " ".join(conclusion_lines(recommendation(raced, [*measured, Measured(trees, better, None)])))
    assert "use a tree model (gradient boosting), which is better" in text
    assert "The lowest test loss" not in text


def test_what_is_no_loss_is_not_called_one() -> None:
    raced, measured = found({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
    judged = dataclasses.replace(recommendation(raced, measured), cost="balanced error")
    text = " ".join(conclusion_lines(judged))
    assert "a test balanced error of 0.500, against 0.800 for the network without one" in text
    assert "loss" not in text
    stream = io.StringIO()
    print_recommendation(judged, Output(stream=stream))
    assert f"Config: {Path('runs/x/recommended.yaml')}" in stream.getvalue()  # as where nobody said where
    assert "val_loss and test_loss are here the balanced error" in stream.getvalue()


def test_the_gain_that_would_have_been_found_is_said_where_none_was() -> None:
    text = said({"none": 0.5, "l2": 0.46}, (1.0, 0.47, 0.9), 5.0)
    assert "On tables like this 10 splits find a regularizer's gain in 8 of 10 cases where it is" in text
    assert "8 of 10 cases" not in said({"none": 0.8, "l2": 0.5}, (1.0, 0.7, 0.75))
