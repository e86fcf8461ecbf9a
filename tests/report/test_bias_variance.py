"""What is said of a study of bias and variance."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from regx.report.output import Output
from regx.report.settings import short_key
from regx.studies.bias_variance.display import conclusion, print_study, remarks, shown
from regx.studies.bias_variance.judgement import intervals
from regx.studies.bias_variance.result import of_content


def point(value, bias2, variance, noise=0.09, seed=0):
    """Parts that scatter by 0.001 over eight training sets."""
    scatter = np.linspace(-0.001, 0.001, 8)
    parts = {"bias2": bias2 + np.roll(scatter, 3 + seed), "variance": variance + np.roll(scatter, seed)}
    if noise is not None:
        parts["noise"] = noise + scatter
    parts["error"] = np.sum(list(parts.values()), axis=0)
    drawn = {"seeds": list(range(8)), **{name: values.tolist() for name, values in parts.items()}}
    return {"value": value, "noise": None, **intervals(parts), "over_draws": drawn, "diverged": 0}


def study(*points, axis="architecture.hidden", separable=True, task="regression"):
    values = [one["value"] for one in points]
    content = {
        "name": "study", "axis": {"key": axis, "values": values} if len(points) > 1 else None, "draws": 8,
        "seeds": list(range(8)), "dataset": "sine", "task": task, "separable": separable, "points": list(points),
    }  # fmt: skip
    return of_content(Path("folder"), content)


CLASSIC = study(
    point([1], 0.3, 0.01), point([4], 0.02, 0.03, seed=1), point([8], 0.0, 0.05, seed=2), point([64], 0.0, 0.2)
)


def test_the_classic_picture_is_told():
    first, few, many = conclusion(CLASSIC)
    assert first.startswith("The test error is least at hidden = 4: 0.140 [")
    assert "These training sets do not tell 8 from it." in first
    assert "Noise, which no network can remove, is 0.0900 [" in first
    assert "so variance dominates" in first
    assert few.startswith("At hidden = 1 it is greater by 0.260 [")
    assert "bias² grows by 0.280 [" in few
    assert "variance changes by -0.0200 [" in few
    assert many.startswith("At hidden = 64 it is greater by 0.150 [")
    assert "variance grows by 0.170 [" in many


@pytest.mark.parametrize(("bias2", "variance"), [(0.21, 0.19), (0.19, 0.21)])
def test_no_part_is_said_to_grow_that_may_not_have_grown(bias2, variance):
    # Bias² and variance scatter in opposite directions, so their sum, the error, is better known than either.
    wide, least = point(1, bias2, variance), point(4, 0.1, 0.1, seed=1)
    scatter = np.linspace(-1, 1, 8)
    parts = wide["over_draws"]
    for name, sign in (("bias2", 1), ("variance", -1)):
        parts[name] = (np.array(parts[name]) + sign * scatter).tolist()
    _, end = conclusion(study(wide, least))
    assert end.startswith("At hidden = 1 it is greater by 0.200 [")
    assert "whether by bias² or by variance, these training sets cannot tell. Bias² changes by " in end
    assert "grows" not in end


def test_an_end_that_is_less_on_the_training_sets_of_both_is_not_greater():
    least, end = point(1, 0.1, 0.1), point(4, 0.12, 0.12)
    kept = [3, 4, 5, 6]  # at the others the networks of the end diverged
    for name, values in end["over_draws"].items():
        end["over_draws"][name] = [values[seed] for seed in kept]
        if name != "seeds":
            least["over_draws"][name] = [value + seed for seed, value in enumerate(least["over_draws"][name])]
    assert len(conclusion(study(least, end))) == 1


def test_without_noise_nothing_is_left_over():
    (said,) = conclusion(study(point(None, 0.2, 0.01, noise=None) | {"noise": {"mean": 0.0, "low": 0.0, "high": 0.0}}))
    assert "Noise" not in said
    assert " It is variance, 0.0100 [" in said


def test_which_part_dominates():
    assert "so bias dominates" in conclusion(study(point(None, 0.3, 0.1)))[0]
    assert "so variance dominates" in conclusion(study(point(None, 0.1, 0.3)))[0]
    assert "the two cannot be told apart" in conclusion(study(point(None, 0.1, 0.1)))[0]
    table = conclusion(study(point(None, 0.3, 0.1, noise=None), separable=False))[0]
    assert "0.100 [" in table
    assert "is variance and 0.300 [" in table
    assert "dominates" not in table  # what noise is in it nobody knows


def test_the_remarks_say_what_the_numbers_are():
    regression, table = remarks(CLASSIC), remarks(study(point(None, 0.1, 0.1, None), separable=False, task="binary"))
    assert "bias², variance and noise add up to the measured test error" in regression[0]
    assert any("clean curve" in line for line in regression)
    assert any("Brier score" in line for line in table)
    assert any("bias² and noise are one number" in line for line in table)
    assert any("below 0" in line for line in remarks(study(point(None, -0.001, 0.1))))
    assert not any("below 0" in line for line in regression)


def test_a_study_without_networks_says_so(capsys):
    nothing = {"mean": None, "low": None, "high": None}
    empty = {"value": None, "bias2": nothing, "variance": nothing, "noise": nothing, "error": nothing, "diverged": 8}
    assert conclusion(study(empty)) == [
        "Too few networks are left to split their error: most of them diverged or failed."
    ]
    text = io.StringIO()
    assert print_study(study(empty), Output(stream=text)) == 3
    assert "8 of 8 networks diverged" in capsys.readouterr().err


@pytest.mark.parametrize("whole", [CLASSIC, study(point(None, 0.1, 0.1, None), separable=False, task="multiclass")])
def test_on_a_terminal_no_line_is_wider_than_80(whole, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    text = io.StringIO()
    assert print_study(whole, Output(stream=text)) == 0
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert ("b bias²   v variance   n noise   e error" in text.getvalue()) == (whole is CLASSIC)
    assert ("┊ least error: 4" in text.getvalue()) == (whole is CLASSIC)


def test_axes_and_values_are_named_as_people_do():
    keys = ("architecture.hidden", "regularizers.l2.lam", "optimizer.name", "seeds")
    assert [short_key(key) for key in keys] == ["hidden", "l2.lam", "optimizer", "seeds"]
    assert [shown(value) for value in ([64, 64], [8], [], 0.001, "full", 30)] == [
        "64x64", "8", "none", "0.001", "full", "30",
    ]  # fmt: skip
