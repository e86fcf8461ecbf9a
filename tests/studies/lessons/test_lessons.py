"""The lessons' exercises: each can be run, asks for what is measured, and answers follow from where numbers lie."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx

import regx as regx_package
from regx.core.errors import InputError
from regx.evidence.run import read_runs
from regx.stats.bootstrap import bootstrap_interval
from regx.stats.significance import paired_t_p
from regx.studies.lessons import demonstrations
from regx.studies.lessons.answer import Answer, ClaimVerdict
from regx.studies.lessons.exercise import chosen, exercises
from regx.studies.lessons.question import cells_of, per_seed, run_exercise
from regx.studies.lessons.questions import question_of
from regx.studies.lessons.result import Finding

LESSONS = ("000", "001", "002", "003", "004")
# The numbers that other texts call an exercise by: those that a lesson numbers itself.
NUMBERED = ("001.1", "001.2", "001.3", "001.4", "001.5", "003.1", "003.2", "003.3")
CELLS = {"a": {}, "b": {}, "c": {}}


def judge(values):
    return bootstrap_interval(values), paired_t_p(values)


def measured(**means: float) -> dict[str, dict[int, float]]:
    rng = np.random.default_rng(0)
    shared = rng.normal(size=20)
    return {cell: dict(enumerate(mean + shared + 0.1 * rng.normal(size=20))) for cell, mean in means.items()}


def verdict(question: dict, **means: float) -> str:
    return (
        question_of({"says": "it is so", "metric": "m", **question}, CELLS).answer(measured(**means), judge, 1).verdict
    )


def test_every_lesson_has_exercises_and_those_it_numbers_keep_their_number() -> None:
    assert {one.lesson for one in exercises().values()} == set(LESSONS)
    assert set(NUMBERED) <= set(exercises())
    for lesson in LESSONS:
        numbers = [int(one.name.partition(".")[2]) for one in chosen([lesson])]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("name", exercises())
def test_an_exercise_trains_configs_and_asks_for_what_they_measure(name: str, tmp_path, request) -> None:
    exercise = exercises()[name]
    assert exercise.title
    assert exercise.claim.endswith(".")
    if exercise.demonstration:
        answers = getattr(demonstrations, exercise.demonstration)()
        # Times are no arithmetic: what they say depends on the machine.
        assert Finding(exercise, tuple(answers)).verdict in ("checked", "holds") or name == "001.5", answers
        if not exercise.cells:
            return
        exercise = dataclasses.replace(exercise, demonstration="")
    assert exercise.questions
    assert {cell for question in exercise.questions for cell in question.cells} <= set(exercise.cells)
    if "diabetes" in str(exercise.cells):
        request.getfixturevalue("diabetes_path")
    assert {cell.config.name for cell in cells_of(exercise)} == set(exercise.cells)
    # One short network of each cell has every metric that is asked for, unless it diverges.
    short = {"steps": None, "epochs": 2, "eval_every": 1}
    cells = {
        cell: {**given, "training": {**given.get("training", {}), **short}} for cell, given in exercise.cells.items()
    }
    exercise = dataclasses.replace(exercise, cells=cells)
    finding = run_exercise(exercise, tmp_path, seeds=1)
    assert {answer.verdict for answer in finding.answers} == {"cannot tell"}  # of one seed


def test_a_contrast_holds_where_its_interval_lies() -> None:
    below = {"of": {"a": 1, "b": -1}, "below": 0}
    assert verdict(below, a=1.0, b=2.0) == "holds"
    assert verdict(below, a=2.0, b=1.0) == "does not hold"
    assert verdict(below, a=1.0, b=1.0) == "cannot tell"
    assert verdict({"of": {"a": 1, "b": -1}, "above": 0}, a=2.0, b=1.0) == "holds"
    assert verdict({"of": {"a": 1, "b": -1}, "within": [-0.5, 0.5]}, a=1.0, b=1.1) == "holds"
    assert verdict({"of": {"a": 1, "b": -1}, "within": [-0.5, 0.5]}, a=1.0, b=2.0) == "does not hold"
    equal = measured(a=1.0)["a"]
    answer = question_of({"says": "x", "metric": "m", **below}, CELLS).answer({"a": equal, "b": equal}, judge, 1)
    assert answer.verdict == "does not hold"  # a difference is claimed, and no seed has one
    few = {"a": {0: 1.0, 1: 1.0}, "b": {0: 2.0, 1: 2.0}}
    assert question_of({"says": "x", "metric": "m", **below}, CELLS).answer(few, judge, 1).verdict == "cannot tell"


def test_along_cells_a_metric_falls_rises_or_has_a_valley() -> None:
    along = {"along": ["a", "b", "c"]}
    assert verdict({**along, "claim": "falls"}, a=3.0, b=2.0, c=1.0) == "holds"
    assert verdict({**along, "claim": "falls"}, a=3.0, b=4.0, c=1.0) == "does not hold"
    assert verdict({**along, "claim": "falls"}, a=3.0, b=3.0, c=3.0) == "cannot tell"
    assert verdict({**along, "claim": "rises"}, a=1.0, b=2.0, c=3.0) == "holds"
    assert verdict({**along, "claim": "valley"}, a=3.0, b=1.0, c=2.0) == "holds"
    assert verdict({**along, "claim": "valley"}, a=3.0, b=2.0, c=1.0) == "does not hold"
    assert verdict({**along, "claim": "valley"}, a=3.0, b=1.0, c=1.0) == "cannot tell"


@pytest.mark.parametrize(
    "claim", [{"of": {"a": 1, "b": -1}, "below": 0}, {"along": ["a", "b", "c"], "claim": "valley"}]
)
def test_where_nothing_differs_a_verdict_is_seldom_sure(claim: dict) -> None:
    rng = np.random.default_rng(1)
    question = question_of({"says": "x", "metric": "m", **claim}, CELLS)
    sure = 0
    for _ in range(200):
        found = {cell: dict(enumerate(rng.normal(size=20))) for cell in CELLS}
        sure += question.answer(found, judge, 1).verdict != "cannot tell"
    assert sure <= 20  # 5 % are to be expected of two sides


def test_of_several_answers_one_that_does_not_hold_decides() -> None:
    def verdict_of(*words: ClaimVerdict) -> ClaimVerdict | None:
        return Finding(exercises()["001.3"], tuple(Answer(word, "") for word in words)).verdict

    assert verdict_of("holds", "cannot tell", "does not hold") == "does not hold"
    assert verdict_of("holds", "cannot tell") == "cannot tell"
    assert verdict_of("checked", "holds") == "holds"
    assert verdict_of("checked") == "checked"
    assert verdict_of() is None


def test_the_command_lists_runs_and_names_the_nearest(regx: Regx) -> None:
    listed = json.loads(regx("lesson", "--list", "--json").stdout)
    assert [one["name"] for one in listed] == list(exercises())
    assert all(one["verdict"] is None for one in listed)
    assert "001.3" in regx("lesson").stdout
    (found,) = json.loads(regx("lesson", "004.1", "--json").stdout)
    assert found["name"] == "004.1"
    assert found["lesson"] == "004"
    assert found["verdict"] == "checked"
    assert "1.99998" in found["measured"]
    assert "Did you mean '001.3'?" in regx("lesson", "01.3", code=2).stderr
    shown = regx("lesson", "000.2", "--seeds", "5").stdout
    assert "ClaimVerdict: does not hold here." in shown


def test_overrides_are_of_every_cell_and_a_dry_run_trains_nothing(regx: Regx, tmp_path: Path) -> None:
    (planned,) = json.loads(regx("lesson", "000.2", "--dry-run", "--json").stdout)
    assert planned["verdict"] is None
    assert not (tmp_path / "runs").exists()
    (found,) = regx_package.lesson("000.2", seeds=2, set={"training.epochs": 1}, out=tmp_path / "out")
    assert found.verdict == "cannot tell"
    runs, _ = read_runs([found.folder])
    assert {run.config["training"]["epochs"] for run in runs} == {1}
    assert {run.verdict for run in regx_package.lesson()} == {None}
    assert [one.name for one in regx_package.lesson("004.1")] == ["004.1"]


def test_an_unknown_lesson_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match="expected a lesson, such as 000"):
        chosen(["9"])


def test_a_diverged_network_counts_where_divergence_is_asked_for(tmp_path) -> None:
    exercise = exercises()["000.2"]
    finding = run_exercise(exercise, tmp_path, seeds=5)
    assert finding.verdict == "does not hold"
    from regx.evidence.run import read_run

    (run,) = [read_run(path) for path in finding.folder.iterdir() if path.is_dir()]
    assert per_seed(run, "diverged") == dict.fromkeys(range(5), 1.0)


def test_the_page_of_lessons_has_every_exercise_with_its_claim() -> None:
    page = (Path(regx_package.__file__).parent / "docs" / "lessons.md").read_text()
    for exercise in exercises().values():
        assert f"### {exercise.name} {exercise.title}\n\n{exercise.claim}\n" in page
