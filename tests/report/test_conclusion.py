from __future__ import annotations

import pytest

from regx.data import REGISTRY
from regx.evidence.run import read_runs
from regx.report.conclusion import conclusion
from regx.report.table import compare_rows, seeds_text, sort_rows


def row(name, verdict=None, **changes):
    return {"run": f"runs/{name}-1a2b3c4d", "name": name, "seeds": 20, "verdict": verdict, **changes}


def test_a_sentence_for_each_verdict():
    rows = [
        row("l2", "better"),
        row("none", "baseline"),
        row("mixup", "unclear", seeds_to_tell=57),
        row("dropout", "better"),
        row("tied", "unclear", seeds_to_tell=None),
        row("sam", "unclear", seeds_to_tell=413),
        row("max_norm", "worse"),
        row("few", "cannot tell (3 seeds)"),
        row("lucky", "better", peek=True),
    ]
    assert conclusion(rows) == [
        "Better than none in test loss: l2, dropout and lucky (by peeking).",
        "Worse than none in test loss: max_norm.",
        "Not told apart from none: mixup (about 57 seeds would tell), tied (more than 1000) and sam (about 420).",
        "Fewer than five seeds shared with none, so nothing can be told: few.",
        "The test split was used for choosing (--peek), so its loss is no honest estimate: lucky.",
    ]
    assert conclusion([{**one, "metric": "val_accuracy"} for one in rows])[1] == (
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
    few = [row("none", "baseline", dataset=kind), row("l2", "cannot tell (3 seeds)", dataset=kind)]
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
    from regx.store.folder import write_run

    fabricated.store(tmp_path / "a", [0.1] * 6)
    fabricated.store(tmp_path / "b", [0.1] * 3, about={"peek": True})
    networks = [fabricated.trained(seed, diverged=seed in (1, 4)) for seed in range(5)]
    # Asked for seed 8, and killed before it was trained.
    write_run(tmp_path / "c", fabricated.config("c", seeds=[*range(5), 8]), networks, fabricated.ABOUT)
    rows = compare_rows(read_runs([tmp_path])[0])
    assert [(one["peek"], one["diverged"], one["missing_seeds"]) for one in rows] == [
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
