"""What is said of an ablation."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
from changed import with_networks, with_summary

from regx.evidence.run import read_run
from regx.report.output import Output
from regx.studies.ablation.display import answers, print_ablation
from regx.studies.ablation.judgement import contrasts
from regx.studies.ablation.result import Ablation, ablation_of


def effects(means, metric="test_loss", seeds=8):
    level = np.linspace(0, 0.5, seeds)
    jitter = np.linspace(-0.001, 0.001, seeds)
    values = np.stack([mean + level + np.roll(jitter, 3 * row) for row, mean in enumerate(means)])
    members = ("batch_norm", "dropout", "l2")[: len(means).bit_length() - 1]
    found = contrasts(values, metric != "test_accuracy")
    return Ablation(Path(), members, (), metric, tuple(range(seeds)), {}, found)


@pytest.mark.parametrize(
    ("means", "metric", "expected"),
    [
        (
            (1.0, 0.7, 0.6, 0.8),
            "test_loss",
            [
                "Is there a diminishing return? Yes. What the members gain alone adds up to 0.700",
                "batch_norm raises the test loss by 0.100 [0.099, 0.101], which is worse",
                "batch_norm and dropout interfere: with dropout on, adding batch_norm raises the test loss by 0.100",
            ],
        ),
        (
            (1.0, 0.7, 0.6, 0.55),
            "test_loss",
            [
                "diminishing return? Yes.",
                "Added to all the others, batch_norm lowers the test loss by 0.150",
                "batch_norm and dropout overlap: batch_norm lowers the test loss by 0.40 while dropout is off and by "
                "0.15 while it is on. Together they gain 0.250",
            ],
        ),
        (
            (0.5, 0.6, 0.6, 0.9),
            "test_accuracy",
            [
                "diminishing return? No, the return grows. What the members gain alone adds up to 0.200",
                "Added to all the others, batch_norm raises the test accuracy by 0.300",
                "help each other: batch_norm raises the test accuracy by 0.10 while dropout is off and by 0.30 while "
                "it is on. Together they gain 0.200",
            ],
        ),
        (
            (1.0, 0.7, 0.6, 0.3),
            "val_loss",
            [
                "diminishing return? These seeds cannot tell.",
                "lowers the validation loss by 0.300",
                "Whether batch_norm and dropout interfere cannot be told from 8 seeds",
            ],
        ),
        (
            (1.0, 1.2, 1.1, 1.3),
            "test_loss",
            [
                "There is no return that could diminish: in sum the changes that the members make alone raise the test "
                "loss by 0.300",
                "which is worse",
                "cannot be told",
            ],
        ),
        (
            (0.9, 0.8, 0.8, 0.6),
            "test_accuracy",
            ["make alone lower the test accuracy by 0.200 [0.1", "which is worse", "do more harm together than apart"],
        ),
        (
            (1.0, 1.2, 1.1, 1.25),
            "test_loss",
            [
                "There is no return",
                "which is worse",
                "do less harm together than apart: batch_norm raises the test loss by 0.10 while dropout is off and",
            ],
        ),
        (
            (1.0, 1.0, 1.0, 1.0),
            "test_loss",
            [
                "There is no sure return that could diminish: these seeds cannot tell whether the changes that the "
                "members make alone in sum lower the test loss (",
                "make no difference that 8 seeds can tell",
                "cannot be told",
            ],
        ),
        (  # each gains alone, and both together harm
            (1.0, 0.9, 0.8, 1.2),
            "test_loss",
            [
                "Yes. What the members gain alone adds up to 0.300 [0.298, 0.302] of the test loss; all together raise "
                "it by 0.200 [",
                "batch_norm raises the test loss by 0.300",
                "interfere: with dropout on, adding batch_norm raises the test loss by 0.300",
            ],
        ),
        (  # each harms alone, and both together more
            (0.9, 0.8, 0.7, 0.4),
            "test_accuracy",
            [
                "There is no return that could diminish",
                "batch_norm lowers the test accuracy by 0.400",
                "do more harm together than apart: batch_norm lowers the test accuracy by 0.20 while dropout is off "
                "and by 0.40 while it is on. Together they cost 0.200 [0.198, 0.202] more than the sum of what each "
                "costs alone.",
            ],
        ),
        ((1.0, 0.7), "test_loss", ["batch_norm lowers the test loss by 0.300 [0.299, 0.301], which is better."]),
        (
            (1.0, 1.0),
            "test_loss",
            ["Whether batch_norm changes the test loss cannot be told from 8 seeds: the change, 0.0"],
        ),
    ],
)  # fmt: skip
def test_the_answers_say_what_was_found(means, metric, expected):
    said = answers(effects(means, metric))
    assert len(said) == len(expected)
    for sentence, words in zip(said, expected, strict=True):
        assert words in sentence


def test_a_member_that_changes_nothing_at_any_seed_needs_no_more_seeds():
    values = np.repeat(np.linspace(0.1, 0.2, 8)[None], 4, axis=0) * np.array([[1.0], [0.5], [1.0], [0.5]])
    (sentence,) = answers(
        Ablation(Path(), ("clip_norm", "l2"), (), "test_loss", tuple(range(8)), {}, contrasts(values))
    )[2:]
    assert sentence.startswith("clip_norm and l2 do not touch each other")


def test_few_seeds_answer_nothing():
    assert answers(effects((1, 0.7, 0.6, 0.5), seeds=4)) == [
        "Nothing can be told from 4 seeds: expected at least 5."
    ]  # fmt: skip


@pytest.fixture
def runs(tmp_path, fabricated):
    stacks = {"none": [], "b": [{"dropout": {"p": 0.1}}], "a": [{"early_stopping": {"patience": 30}}]}
    stacks["ab"] = stacks["a"] + stacks["b"]
    rng = np.random.default_rng(0)
    return [
        read_run(fabricated.store(tmp_path / name, (0.1 + 0.02 * rng.random(6)).tolist(), stack=stack))
        for name, stack in stacks.items()
    ]


def test_only_seeds_of_all_combinations_count(runs):
    runs[2] = with_networks(runs[2], 4, status="diverged")
    found = ablation_of(Path("f"), ["early_stopping", "dropout"], runs, "test_loss")
    assert found.seeds == (0, 1, 2, 3, 5)
    assert found.diverged == {4: ["early_stopping(30)"]}
    losses = [[run.summary["seeds"][str(seed)]["metrics"]["test_loss"] for seed in found.seeds] for run in runs]
    assert found.contrasts.together["mean"] == pytest.approx(np.mean(losses[3]) - np.mean(losses[0]))
    assert "diverged at 1 seed, with early_stopping(30)" in answers(found)[0]


def test_of_accuracies_the_greater_is_the_better(runs):
    rng = np.random.default_rng(1)
    for run, accuracy in zip(runs, (0.6, 0.7, 0.75, 0.9), strict=True):
        for entry in run.summary["seeds"].values():
            entry["metrics"]["test_accuracy"] = accuracy + 0.001 * rng.random()
    found = ablation_of(Path("f"), ["early_stopping", "dropout"], runs, "test_accuracy").contrasts
    assert [effect.verdict for effect in found.effects] == ["better", "better"]
    assert found.pairs[0].verdict == "help each other"


def test_where_all_diverged_little_is_said(runs, tmp_path, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    over = {"over_seeds": {"test_loss": {"mean": None, "low": None, "high": None}}}
    runs = [with_summary(with_networks(run, status="diverged"), **over) for run in runs]
    found = ablation_of(Path("f"), ["early_stopping", "dropout"], runs, "test_loss")
    assert "with none, dropout(0.1), early_stopping(30) and early_stopping(30) + dropout(0.1);" in answers(found)[0]
    many = dataclasses.replace(found, members=("a", "b", "c"), diverged={0: list("vwxyz"), 1: ["v"]})
    assert "Networks diverged at 2 seeds, with 5 of the 8 combinations; these" in answers(many)[0]
    text = io.StringIO()
    print_ablation(found, Output(stream=text))
    assert "nothing can be said" in text.getvalue()
    assert "seed by seed" not in text.getvalue()


@pytest.mark.parametrize("columns", [60, 80])
def test_on_a_terminal_no_line_is_wider_and_no_number_is_cut(columns, runs, tmp_path, monkeypatch):
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    text = io.StringIO()
    members = ["early_stopping", "dropout"]
    print_ablation(ablation_of(tmp_path, members, runs, "test_loss"), Output(stream=text))
    lines = text.getvalue().partition(f"\n{tmp_path}")[0].splitlines()
    if columns == 80:
        assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert any(line.startswith("early_stopping + dropout") for line in lines)
    assert any("early_stopping x dropout" in line for line in lines)
