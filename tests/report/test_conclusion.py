from __future__ import annotations

from dataclasses import replace

import pytest

from regx.data import REGISTRY
from regx.evidence.run import read_runs
from regx.report.conclusion import beside, conclusion, opening, why
from regx.report.names import seeds_text
from regx.report.table import compare_rows, sort_rows
from regx.stats.aggregate import UNKNOWN
from tests.store import fabricated


def row(name, verdict=None, **changes):
    """A row called by its name."""
    return fabricated.row(name, stack="", verdict=verdict, **changes)


def test_a_sentence_for_each_verdict():
    rows = [
        row("l2", "better"),
        row("none", "baseline"),
        row("mixup", "unclear", seeds_to_tell=57),
        row("dropout", "better"),
        row("tied", "unclear", seeds_to_tell=None),
        row("sam", "unclear", seeds_to_tell=413),
        row("max_norm", "worse"),
        row("few", "cannot tell", shared=3),
        row("lucky", "better", peek=True),
    ]
    assert conclusion(rows) == [
        "Better than none in test loss: l2, dropout and lucky (by peeking).",
        "Worse than none in test loss: max_norm.",
        "Not told apart from none: mixup (about 57 seeds would tell), tied (more than 1000) and sam (about 420).",
        "Fewer than five seeds shared with none, so nothing can be told: few.",
        "The test split was used for choosing (--peek), so its loss is no honest estimate: lucky.",
    ]
    assert conclusion([replace(one, metric="val_accuracy") for one in rows])[1] == (
        "Worse than none in val accuracy: max_norm."
    )


def test_a_run_that_is_the_baseline_in_all_but_name_needs_no_more_seeds():
    rows = [row("none", "baseline"), row("l2_0", "unclear", seeds_to_tell=None, tied=20, shared=20)]
    assert conclusion(rows) == ["At every shared seed exactly as none in test loss: l2_0."]


@pytest.mark.parametrize("kind", REGISTRY)
def test_seeds_that_are_splits_of_one_table_are_no_new_rows(kind):
    """Student's test of ten splits of a table calls 32 % of equal learners different: `tests/stats/test_resampled`."""
    said = conclusion([row("none", "baseline", dataset=kind), row("l2", "better", dataset=kind)])
    assert [text.startswith("The seeds are splits of one table") for text in said] == (
        [False] if kind in ("sine", "circle") else [False, True]
    )
    few = [row("none", "baseline", dataset=kind), row("l2", "cannot tell", dataset=kind)]
    assert len(conclusion(few)) == 1


def test_many_names_are_counted():
    rows = [row("none", "baseline"), *(row(f"l2_{number}", "better") for number in range(9))]
    assert conclusion(rows) == ["Better than none in test loss: l2_0, l2_1, l2_2, l2_3, l2_4 and 4 more."]


def test_a_baseline_that_top_cuts_off_is_named(tmp_path, fabricated):
    fabricated.store(tmp_path / "none", [0.3, 0.31, 0.32, 0.33, 0.3, 0.3])
    fabricated.store(tmp_path / "l2", [0.1, 0.11, 0.11, 0.12, 0.1, 0.11], stack=[{"l2": {"lam": 0.1}}])
    (row,) = sort_rows(compare_rows(read_runs([tmp_path])[0], baseline=tmp_path / "none"), "test_loss", top=1)
    assert conclusion([row]) == ["Better than none in test loss: l2(0.1)."]


def test_one_run_or_none_without_a_baseline_concludes_nothing():
    assert conclusion([row("none", "baseline")]) == []
    assert conclusion([row("l2"), row("dropout")]) == []
    assert conclusion([]) == []


def test_runs_that_peeked_diverged_or_lack_seeds_are_named(tmp_path, fabricated):
    from tests.store.fabricated import write_run

    fabricated.store(tmp_path / "a", [0.1] * 6)
    fabricated.store(tmp_path / "b", [0.1] * 3, about={"peek": True})
    networks = [fabricated.trained(seed, diverged=seed in (1, 4)) for seed in range(5)]
    # Asked for seed 8, and killed before it was trained.
    write_run(tmp_path / "c", fabricated.config("c", seeds=[*range(5), 8]), networks, fabricated.ABOUT)
    rows = compare_rows(read_runs([tmp_path])[0])
    assert [(one.peek, one.diverged, one.missing_seeds) for one in rows] == [
        (False, 0, []),
        (True, 0, [3, 4, 5]),
        (False, 2, [5, 8]),
    ]
    assert conclusion(rows)[-4:] == [
        "The test split was used for choosing (--peek), so its loss is no honest estimate: b.",
        "Diverged, and in no mean: c (seeds: 2 of 5).",
        "Without seeds 3-5: b.",
        "Without seeds 5, 8: c.",
    ]
    lacking = [row("a"), row("b", missing_seeds=[7]), row("c", missing_seeds=[7])]
    assert conclusion(lacking) == ["Without seed 7: b and c."]
    assert conclusion([row("a", peek=True), row("b", peek=True)]) == [
        "The test split was used for choosing (--peek), so its loss is no honest estimate: all runs here."
    ]


@pytest.mark.parametrize(
    ("seeds", "text"), [([], ""), ([4], "4"), ([0, 1], "0-1"), ([0, 2, 3, 4, 9, 11, 12], "0, 2-4, 9, 11-12")]
)
def test_seeds_in_short(seeds, text):
    assert seeds_text(seeds) == text


BASE = [0.10, 0.12, 0.09, 0.14, 0.115, 0.1, 0.13]


@pytest.fixture
def rows(tmp_path, fabricated):
    """A run for each verdict, by what is taken from the baseline's losses at each of seven seeds."""
    fabricated.store(tmp_path / "none", BASE)
    for name, lam, change in (
        ("l2", 0.1, lambda seed: -0.05 - 0.001 * seed),
        ("worse", 9.0, lambda seed: 0.05 + 0.001 * seed),
        ("same", 0.0, lambda seed: 0.0),
    ):
        losses = [loss + change(seed) for seed, loss in enumerate(BASE)]
        fabricated.store(tmp_path / name, losses, stack=[{"l2": {"lam": lam}}])
    vague = [loss + (-1) ** seed * 0.02 for seed, loss in enumerate(BASE)]
    fabricated.store(tmp_path / "vague", vague, stack=[{"dropout": {"p": 0.1}}])
    fabricated.store(tmp_path / "few", [0.01, 0.02], stack=[{"dropout": {"p": 0.3}}])
    return {row.name: row for row in sort_rows(compare_rows(read_runs([tmp_path])[0]))}


def beside_none(rows, *names):
    return opening([rows["none"], *(rows[name] for name in names)])


def test_the_opening_says_what_helped_with_its_numbers(rows):
    helped = "l2(0.1) helped: test loss 0.061 instead of 0.114 with no regularizer, better at 7 of 7 seeds."
    assert beside_none(rows, "l2", "worse", "vague") == [helped]
    assert beside_none(rows, "worse") == [
        "l2(9) hurt: test loss 0.167 instead of 0.114 with no regularizer, better at 0 of 7 seeds."
    ]
    assert beside_none(rows, "same") == [
        "l2(0) changed no test loss: 0.114 instead of 0.114 with no regularizer, better at 0 of 7 seeds."
    ]
    nothing, rest = beside_none(rows, "vague", "worse")
    assert nothing == "Nothing is shown to help against no regularizer."
    assert rest.startswith("That does not show that nothing helps. The first by validation loss: ")
    assert opening([rows["none"], replace(rows["l2"], peek=True)])[0].startswith("l2(0.1) (by peeking) helped: ")
    # Means of other seeds are no numbers to set side by side.
    assert beside_none(rows, "few") == [
        "dropout(0.3) cannot be judged by 2 seeds: test loss 0.095 lower than with no regularizer, better at 2 of 2 "
        "seeds."
    ]
    assert beside_none(rows) == ["There is nothing to compare yet: no finished seed stands beside no regularizer."]
    assert opening([replace(rows["l2"], verdict=None)])[0].startswith("No verdicts, since no run here is without")


def test_of_several_that_helped_the_validation_split_chooses_not_the_test_split(rows):
    lucky = replace(rows["l2"], run="lucky", stack="l1(9)", difference={**rows["l2"].difference, "mean": -1.0})
    several = [
        replace(row, metrics={**row.metrics, "val_loss": {"mean": loss, "low": None, "high": None}})
        for row, loss in ((lucky, 0.2), (rows["l2"], 0.1), (rows["none"], 0.3))
    ]
    first, rest = opening(several)
    assert first.startswith("l2(0.1) helped: ")
    assert rest == "2 of 2 helped. Each is compared with the baseline alone: which is best is not shown."
    without = [replace(row, metrics={**row.metrics, "val_loss": UNKNOWN}) for row in several]
    assert opening(without)[0].startswith("l1(9) helped: ")


def test_a_metric_without_a_better_direction_is_lower_or_higher(rows):
    l2, none = (replace(rows[name], metric="weight_norm", won=None) for name in ("l2", "none"))
    for verdict in ("lower", "higher"):
        (said,) = opening([replace(l2, verdict=verdict), none])
        assert said.startswith(f"l2(0.1) has a {verdict} weight norm: ")
        assert said.endswith(", over 7 seeds.")


def test_what_differs_beside_the_regularizers_is_said(rows):
    assert beside(rows["l2"], rows["none"], ["optimizer.lr", "training.epochs"]) == (
        "l2 differs from none in optimizer.lr and training.epochs too, so what helped need not be a regularizer."
    )
    assert beside(rows["l2"], rows["none"], []) == ""


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
def test_why(changes, words):
    before = {"train_loss": 0.1, "gap": 0.3, "weight_norm": 10.0, "zero_fraction": 0.0, **changes.get("before", {})}
    verdict = changes.get("verdict", "unclear")
    base, own = (
        row("", verdict, **{key: {"mean": given[key]} for key in before}) for given in (before, {**before, **changes})
    )
    found = why(own, base)
    assert words in found
    assert bool(found) == bool(words)
