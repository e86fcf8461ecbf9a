from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.studies.diagnosis.judgement import Seed, judge, mean_of, verdict_of
from regx.studies.diagnosis.words import evidence_for


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [
        ({"train": 0.14, "val": 0.16}, "healthy"),
        ({"train": 0.72, "val": 0.75, "rise": 0.01}, "healthy"),  # noisy labels: most of the loss is there to stay
        ({"train": 0.05, "val": 0.15}, "mild overfitting"),
        ({"train": 0.30, "val": 0.33, "rise": 0.06}, "mild overfitting"),
        ({"train": 0.00, "val": 0.45}, "severe overfitting"),
        ({"train": 0.20, "val": 0.40, "rise": 0.26}, "severe overfitting"),
        ({"train": 0.00, "val": 8.0, "rise": 7.0}, "severe overfitting"),  # random labels, by heart
        ({"train": 0.99, "val": 1.00}, "underfitting"),
        ({"train": 0.97, "val": 1.50}, "underfitting"),  # nothing was learned, so nothing by heart
        ({"train": 0.90, "val": 0.96}, "underfitting"),
        ({"train": 0.42, "val": 0.42, "pattern": 0.25}, "underfitting"),
        ({"train": 0.40, "val": 0.45, "gain": 0.10}, "underfitting"),
        ({"train": 0.40, "val": 0.55, "pattern": 0.06}, "mild overfitting"),  # the gap is the larger of the two
        ({"train": 3.0, "val": 3.0, "start": 12.0}, "underfitting"),  # on its way down
        ({"train": 60.0, "val": 60.0, "start": 1.5}, "diverged"),
        ({"train": 0.0, "val": 5e4, "start": 1.5}, "diverged"),
        ({"diverged": 3}, "diverged"),
        ({"train": 0.2, "start": 1.5}, "cannot tell"),  # no validation split
        ({"train": 0.5, "pattern": 0.3}, "underfitting"),
        ({}, "cannot tell"),
    ],
)
def test_verdicts(numbers, verdict):
    seed = Seed(0, **numbers)
    assert verdict_of(seed) == verdict
    assert judge([seed]) == verdict


shares = st.none() | st.floats(0, 1e6)
seeds = st.builds(
    Seed, st.integers(0, 9), train=shares, val=shares, start=shares, rise=shares, gain=shares | st.floats(-1, 1),
    pattern=shares, growth=shares, gradient=shares, dead=st.none() | st.floats(0, 1),
    accuracy_gap=st.none() | st.floats(-1, 1), diverged=st.none() | st.integers(0, 100),
)  # fmt: skip


@given(st.lists(seeds, min_size=1, max_size=4))
def test_every_verdict_has_evidence_that_points_to_it_and_comes_first(given_seeds):
    verdict = judge(given_seeds)
    evidence = evidence_for(verdict, given_seeds)
    if verdict not in ("healthy", "cannot tell"):
        assert evidence[0].points_to == verdict
    for item in evidence:
        assert item.text.endswith(".")
        assert not re.search(r"\b(nan|None|inf)\b", item.text)


@given(st.floats(0, 0.9), st.floats(0, 3), st.floats(0, 3))
def test_a_worse_validation_loss_never_makes_a_better_verdict(train, one, other):
    order = ("healthy", "mild overfitting", "severe overfitting")
    low, high = sorted((one, other))
    first, second = (verdict_of(Seed(0, train=train, val=val)) for val in (low, high))
    # Beside the trivial predictor and close above the training loss there is nothing learned rather than overfitting.
    if "underfitting" not in (first, second):
        assert order.index(first) <= order.index(second)


def test_a_run_has_diverged_from_half_of_its_seeds_on():
    fine = [Seed(seed, train=0.1, val=0.1) for seed in range(3)]
    lost = [Seed(seed, diverged=seed) for seed in range(3, 6)]
    verdict = judge(fine + lost[:2])
    evidence = evidence_for(verdict, fine + lost[:2])
    assert verdict == "healthy"
    assert evidence[0].name == "divergence"
    assert "2 of 5 seeds stopped being finite (seeds 3, 4), the first at epoch 3" in evidence[0].text
    assert "1 of 4 seeds stopped being finite (seed 3) at epoch 3; " in evidence_for("healthy", fine + lost[:1])[0].text
    assert evidence_for("diverged", lost[:1])[0].text == "The one seed, 3, stopped being finite at epoch 3."
    assert judge(fine + lost) == "diverged"
    assert (judge([]), evidence_for("cannot tell", [])) == ("cannot tell", ())


def test_the_mean_is_over_the_seeds_that_have_the_number():
    mean = mean_of([Seed(0, train=0.1, pattern=0.3), Seed(1, train=0.3)])
    assert (mean.train, mean.pattern, mean.val) == (pytest.approx(0.2), 0.3, None)


def test_numbers_are_read_as_points_of_the_trivial_loss():
    seeds = [Seed(seed, train=0.06, val=0.23 + seed / 100, rise=0.004) for seed in range(3)]
    evidence = evidence_for(judge(seeds), seeds)
    texts = {item.name: item.text for item in evidence}
    assert texts["gap"] == (
        "Gap: the validation loss lies 18 points above the training loss [16, 20]; from 7 on it is mild overfitting, "
        "from 30 on severe."
    )
    assert texts["train"] == "Training loss: 6.0 % of the trivial loss [6.0, 6.0]."
    seeds = [Seed(seed, train=0.4, val=0.2 - seed / 100, accuracy_gap=-0.04) for seed in range(3)]
    evidence = evidence_for(judge(seeds), seeds)
    texts = {item.name: item.text for item in evidence} | texts
    # 21 is more than 7, and none the less no overfitting.
    assert {i.name: i.text for i in evidence}["gap"] == (
        "Gap: the validation loss lies 21 points below the training loss [19, 23]; from 7 above on it is mild "
        "overfitting, from 30 on severe."
    )
    assert texts["accuracy_gap"] == "Accuracy: 4.0 points higher on validation than on training rows."
    assert {field.name for field in dataclasses.fields(Seed)} >= set(texts) - {"gap", "divergence"}


@pytest.mark.parametrize(
    ("growth", "words"),
    [
        (0.9, "shrank to 0.9 of what it was."),
        (0.996, "is what it was."),
        (1.004, "is what it was."),
        (1.05, "1.05-fold."),
    ],
)
def test_weights_that_stayed_as_they_were_have_not_shrunk_to_1_of_that(growth, words):
    seeds = [Seed(0, train=0.1, growth=growth)]
    (text,) = (item.text for item in evidence_for("cannot tell", seeds) if item.name == "growth")
    assert text.endswith(words)
