"""The parts that the page is made of: words, curves, bytes, positions."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regx.data.circle import Circle
from regx.data.digits import Digits
from regx.data.sine import Sine
from regx.evidence.curves import learning_curve
from regx.evidence.run import read_run, read_runs
from regx.page.curves import thin, thinned_curve
from regx.page.figures import class_marks
from regx.page.race import MOST_UNITS, _units
from regx.page.strength import _positions
from regx.page.surface import as_bytes, as_signed_bytes, surface_of
from regx.page.words import _chance, conclusion, picture, sentence, undrawable, why
from regx.report.table import compare_rows, sort_rows
from regx.store.folder import write_run

BASE = [0.10, 0.12, 0.09, 0.14, 0.115, 0.1, 0.13]


@given(st.integers(1, 5000), st.integers(4, 400))
def test_thinning_keeps_the_ends_and_no_more_than_asked(epochs: int, points: int) -> None:
    chosen = thin(np.arange(epochs), points)
    assert chosen[0] == 0
    assert chosen[-1] == epochs - 1
    assert len(chosen) <= max(points, 4)
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) == epochs or len(chosen) > points / 4


def test_a_curve_is_the_mean_with_students_interval_and_stopped_seeds_keep_their_last_value(
    tmp_path: Any, fabricated: Any
) -> None:
    networks = [fabricated.trained(seed, dtype="float64", epochs=epochs) for seed, epochs in ((0, 4), (1, 2), (2, 4))]
    networks.append(fabricated.trained(3, dtype="float64", diverged=True))
    write_run(tmp_path, fabricated.config(seeds=range(4)), networks, fabricated.ABOUT)
    curve = learning_curve(read_run(tmp_path), "test_loss")
    assert curve is not None
    assert curve.low is not None
    assert curve.high is not None
    assert (curve.epoch.tolist(), curve.together) == ([0, 1, 2, 3, 4], 3)
    short = networks[1].metrics["test_loss"]
    at_4 = [networks[0].metrics["test_loss"][4], short[2], networks[2].metrics["test_loss"][4]]
    low, high = stats.t.interval(0.95, 2, np.mean(at_4), stats.sem(at_4))
    assert (curve.mean[4], curve.low[4], curve.high[4]) == pytest.approx((np.mean(at_4), max(low, 0.0), high))
    assert learning_curve(read_run(tmp_path), "test_accuracy") is None
    alone = learning_curve(read_run(tmp_path), "test_loss", seed=1)
    assert alone is not None
    assert alone.low is None
    assert alone.mean.tolist() == pytest.approx(short.tolist())
    thinned = thinned_curve(read_run(tmp_path), "test_loss", 2)
    assert thinned is not None
    assert thinned.low is not None
    assert (thinned.epoch.tolist(), thinned.together) == ([0, 4], 1)
    assert (thinned.mean[-1], thinned.low[-1]) == (curve.mean[4], curve.low[4])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(0.01, 5))
def test_bytes_come_back_within_half_a_step(numbers: list[float], scale: float) -> None:
    unsigned = np.frombuffer(base64.b64decode(as_bytes(np.array(numbers), -scale, scale)), np.uint8)
    assert unsigned / 255 * 2 * scale - scale == pytest.approx(np.clip(numbers, -scale, scale), abs=scale / 254)
    signed = np.frombuffer(base64.b64decode(as_signed_bytes(np.array(numbers), scale)), np.int8)
    assert signed * scale / 127 == pytest.approx(np.clip(numbers, -scale, scale), abs=scale / 126)
    assert ((signed == 0) == (np.array(numbers) == 0)).all()  # what is drawn as zero is exactly zero


def test_surfaces() -> None:
    line, plane = surface_of(Sine().load(0)), surface_of(Circle().load(0))
    assert line is not None
    assert plane is not None
    assert (line.kind, line.x.shape[1], plane.kind, plane.x.shape[1]) == ("line", 1, "map", 2)
    # A map is read row by row: the first feature runs fastest.
    assert plane.x[1, 0] > plane.x[0, 0]
    assert plane.x[1, 1] == plane.x[0, 1]
    assert surface_of(Digits().load(0)) is None
    assert "no fit or boundary to draw: the data has 64 features" in undrawable(Digits().load(0))


def test_what_a_picture_shows_is_said_for_each_task() -> None:
    line, plane = (surface_of(source().load(0)) for source in (Sine, Circle))
    assert line is not None
    assert plane is not None
    assert "the dotted line is the test split" in picture(line)["reads"]
    cloud = replace(line, dataset=replace(line.dataset, test=line.dataset.train))
    assert "dots are the test split" in picture(cloud)["reads"]
    assert "the line is the boundary" in picture(plane)["reads"]
    assert [mark["name"] for mark in class_marks(plane)] == ["outside", "inside"]
    numbers = replace(plane, dataset=replace(plane.dataset, task="regression", classes=()))
    assert "boundary" not in str(picture(numbers))
    assert class_marks(numbers) == []
    three = replace(plane, dataset=replace(plane.dataset, task="multiclass", classes=("a", "b\u202e", "c")))
    assert "line" not in picture(three)["reads"]
    assert class_marks(three)[1]["name"] == r"b\u202e"


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=6), st.integers(1, 10_000))
def test_no_more_weights_are_drawn_than_allowed(shapes: list[tuple[int, int]], most: int) -> None:
    units = _units(shapes, most)

    def drawn(n: int) -> int:
        return sum(min(rows, n) * min(columns, n) for rows, columns in shapes)

    assert units == 8 or drawn(units) <= most
    assert units == MOST_UNITS or units == 8 or drawn(units + 1) > most


def test_positions_along_an_axis() -> None:
    assert _positions([0.001, 0.01, 0.1], True) == (pytest.approx([-3, -2, -1]), True)
    assert _positions([0, 0.001, 0.01, 0.1], True) == (pytest.approx([-4, -3, -2, -1]), True)
    assert _positions([0.1, 0.2, 0.3], True) == ([0.1, 0.2, 0.3], False)
    assert _positions(["relu", "tanh"], False) == ([0, 1], False)


@pytest.mark.parametrize(
    ("p", "words"),
    [
        (0.00001, "fewer than 1 of 10,000"),
        (0.0004, "about 4 of 10,000"),
        (0.0034, "about 3 of 1,000"),
        (0.04, "about 4 of 100"),
        (1.0, "about 100 of 100"),
    ],
)
def test_a_probability_as_a_frequency(p: float, words: str) -> None:
    assert _chance(p) == words


@pytest.fixture
def rows(tmp_path: Any, fabricated: Any) -> list[dict[str, Any]]:
    fabricated.store(tmp_path / "none", BASE)
    fabricated.store(
        tmp_path / "l2", [loss - 0.05 - 0.001 * seed for seed, loss in enumerate(BASE)], stack=[{"l2": {"lam": 0.1}}]
    )
    fabricated.store(
        tmp_path / "worse", [loss + 0.05 + 0.001 * seed for seed, loss in enumerate(BASE)], stack=[{"l2": {"lam": 9.0}}]
    )
    fabricated.store(tmp_path / "same", BASE, stack=[{"l2": {"lam": 0.0}}])
    fabricated.store(
        tmp_path / "vague",
        [loss + (-1) ** seed * 0.02 for seed, loss in enumerate(BASE)],
        stack=[{"dropout": {"p": 0.1}}],
    )
    fabricated.store(tmp_path / "few", [0.01, 0.02], stack=[{"dropout": {"p": 0.3}}])
    return list(sort_rows(compare_rows(read_runs([tmp_path])[0])))


def test_verdicts_in_words_with_their_numbers(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    said = {row["name"]: sentence(row, rows, labels, "test_loss") for row in rows}
    by_name = {row["name"]: row for row in rows}
    difference = by_name["l2"]["difference"]
    low, high = sorted(abs(difference[end]) for end in ("low", "high"))
    assert said["l2"].startswith(
        "l2 helped: test loss 0.0606 against 0.114, 0.053 lower. Over 7 seeds the 95 % interval "
    )
    assert f"{low:.3g} to {high:.3g} lower, and it does better at all of them." in said["l2"]
    assert difference["p"] < 0.0001
    assert "(p < 0.0001, corrected for 4 comparisons)" in said["l2"]
    assert said["worse"].startswith("worse did harm: test loss 0.167 against 0.114, 0.053 higher.")
    assert said["same"] == "same gives the same test loss as none at every seed."
    assert "vague cannot be told from none" in said["vague"]
    assert "holds 0" in said["vague"]
    assert "seeds would tell" in said["vague"]
    assert "2 seeds shared with it are too few for a verdict" in said["few"]
    assert said["none"].startswith("none is the baseline: test loss 0.114 (95 % interval ")
    whole = " ".join(conclusion(rows, labels, "test_loss"))
    assert whole.startswith("l2 helped against none, the run without regularizers")
    assert "How sure: over 7 seeds" in whole
    assert "Did harm: worse." in whole
    assert "Cannot be told from none: vague. The same test loss as none at every seed: same." in whole
    assert "Fewer than five seeds shared with none, so nothing can be told yet: few." in whole


def test_without_a_baseline_nothing_is_claimed(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    others = [{**row, "verdict": None} for row in rows if row["name"] != "none"]
    (said,) = conclusion(others, labels, "test_loss")
    assert said.startswith("There is no run without regularizers")
    assert all("no baseline" in sentence(row, others, labels, "test_loss") for row in others)


def test_of_several_that_helped_the_validation_split_chooses_not_the_test_split(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    l2 = next(row for row in rows if row["name"] == "l2")
    best_on_test = {**l2, "run": "lucky", "difference": {**l2["difference"], "mean": -1.0}}
    several = [l2, best_on_test, next(row for row in rows if row["name"] == "none")]
    first = conclusion(several, {**labels, "lucky": "lucky"}, "test_loss")[0]
    assert "l2 and lucky helped against none, the run without regularizers: both runs." in first
    assert "the validation split chooses l2:" in first
    assert first.endswith("with the baseline alone: that l2 does better than the others that helped is not shown.")
    blind = [{**row, "val_loss": {"mean": None, "low": None, "high": None}} for row in several]
    first = conclusion(blind, {**labels, "lucky": "lucky"}, "test_loss")[0]
    assert "the test loss itself, which flatters it, chooses lucky:" in first


def test_that_none_is_shown_to_help_is_no_proof_that_none_helps(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    by_name = {row["name"]: row for row in rows}
    small = {**by_name["vague"]["difference"], "mean": -0.01, "low": -0.03, "high": 0.01}
    hopeful = {**by_name["vague"], "difference": small, "seeds_to_tell": 40}
    some = [by_name["none"], hopeful, by_name["worse"]]
    whole = conclusion(some, labels, "test_loss")
    assert whole[0] == "No run is shown to help against none, the run without regularizers."
    assert whole[1].startswith("That does not show that nothing helps. Nearest to it comes vague: test loss ")
    assert whole[1].endswith("about 40 seeds would tell, and there are 7.")
    assert whole[2:] == ["Did harm: worse.", "Cannot be told from none: vague."]
    alone = conclusion([by_name["none"], hopeful], labels, "test_loss")
    assert alone[0] == "It cannot be told whether vague helps against none, the run without regularizers."
    assert len(alone) == 2
    # The same difference in an accuracy is to the bad.
    assert len(conclusion(some, labels, "test_accuracy")) == 3
    harm = conclusion([by_name["none"], by_name["worse"]], labels, "test_loss")
    assert harm[0].startswith("worse did harm against none, the run without regularizers: test loss 0.167 against")
    assert harm[1].startswith("How sure: over 7 seeds")
    assert not any("harm: worse" in text for text in harm)


def test_what_else_may_have_helped_is_said(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    l2 = next(row for row in rows if row["name"] == "l2")
    also = {row["run"]: ["optimizer.lr", "training.epochs"] if row is l2 else [] for row in rows}
    whole = conclusion([{**row, "peek": True} for row in rows], labels, "test_loss", also)
    assert (
        "l2 differs from none in optimizer.lr and training.epochs too, so what helped need not be a regularizer."
        in whole
    )
    assert "Chose by the test split (--peek), so that the numbers flatter: l2." in whole
    assert sentence(l2, rows, labels, "test_loss", also).endswith(
        "It differs from none in optimizer.lr and training.epochs too."
    )
    assert not any("differs" in text or "--peek" in text for text in conclusion(rows, labels, "test_loss"))


def test_many_names_are_cut(rows: list[dict[str, Any]]) -> None:
    base, l2 = (next(row for row in rows if row["name"] == name) for name in ("none", "l2"))
    many = [base, *({**l2, "run": f"run{number}"} for number in range(30))]
    first = conclusion(many, {row["run"]: row["run"] for row in many}, "test_loss")[0]
    assert "run0, run1, run2, run3, run4, run5, run6 and 23 more helped against" in first
    assert "all 30 runs" in first


def test_a_run_that_diverged_is_not_one_that_cannot_be_told(rows: list[dict[str, Any]]) -> None:
    labels = {row["run"]: row["name"] for row in rows}
    nothing = {"mean": None, "low": None, "high": None, "p": None}
    gone = [
        {**row, "difference": nothing, "verdict": "cannot tell (0 seeds)", "diverged": 2}
        if row["name"] == "few"
        else row
        for row in rows
    ]
    whole = conclusion(gone, labels, "test_loss")
    assert whole[-1] == "Without a finished seed to compare with none: few (diverged)."
    assert "few" not in whole[-2]
    broken_off = [{**row, "diverged": 0, "status": "interrupted"} for row in gone]
    assert conclusion(broken_off, labels, "test_loss")[-1].endswith(": few (interrupted).")
    elsewhere = [{**row, "diverged": 0} for row in gone]  # finished, with other seeds
    assert conclusion(elsewhere, labels, "test_loss")[-1].endswith(": few.")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"train_loss": 0.2, "gap": 0.1}, "falls from 0.3 to 0.1."),
        ({"train_loss": 0.2, "gap": 0.1, "verdict": "better"}, "which is what learning less of the noise looks like"),
        ({"train_loss": 0.2, "gap": 0.1, "verdict": "worse"}, "but more is held back than noise"),
        ({"train_loss": 0.2, "gap": 0.3}, "holds the fit of the training data back"),
        ({"train_loss": 0.1, "gap": 0.1}, "as closely as before"),
        ({"before": {"gap": -0.0137}, "train_loss": 0.1, "gap": -0.0141}, ""),
        ({"before": {"gap": -0.0137}, "train_loss": 0.2, "gap": -0.0175}, "there was no gap to validation to close"),
        ({"weight_norm": 2.0}, "the weights are smaller (norm 10 before, 2 with it)"),
        ({"zero_fraction": 0.9}, "90 % of the weights are exactly zero"),
        ({}, ""),
    ],
)
def test_why(changes: dict[str, Any], words: str) -> None:
    before = {"train_loss": 0.1, "gap": 0.3, "weight_norm": 10.0, "zero_fraction": 0.0, **changes.get("before", {})}
    verdict = changes.get("verdict", "unclear")
    base, row = ({key: {"mean": given[key]} for key in before} for given in (before, {**before, **changes}))
    row["verdict"] = verdict
    found = why(row, base)
    assert words in found
    assert bool(found) == bool(words)
