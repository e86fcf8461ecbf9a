from __future__ import annotations

import json
from dataclasses import replace

import pytest

from regx.core.errors import InputError
from regx.core.glossary import COLUMNS as EXPLAINED
from regx.evidence.run import read_run, read_runs
from regx.metrics import REGISTRY as METRICS
from regx.report.columns import COLUMNS, known_columns
from regx.report.conclusion import conclusion
from regx.report.names import labels
from regx.report.render import shown_columns
from regx.report.table import compare_frame, compare_rows, flat, only_changed, present, sort_rows
from tests.store.fabricated import write_run

BASE = [0.10, 0.12, 0.09, 0.14, 0.115]
LOWER = [0.051, 0.082, 0.053, 0.094, 0.065]
L2 = [{"l2": {"lam": 0.003}}]


@pytest.fixture
def runs(tmp_path, fabricated):
    fabricated.store(tmp_path / "l2", LOWER, stack=L2)
    fabricated.store(tmp_path / "none", BASE)
    fabricated.store(tmp_path / "few", BASE[:3], stack=L2)
    fabricated.store(tmp_path / "circle", BASE, task="binary", dataset={"name": "circle"})
    return read_runs([tmp_path])[0]


def test_the_rows_of_the_contract(runs):
    rows = {row.name: row.as_json() for row in compare_rows(runs)}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "l2": "better",
        "none": "baseline",
        "few": "cannot tell (3 seeds)",
        "circle": "baseline",
    }
    l2 = rows["l2"]
    assert l2["stack"] == "l2(0.003)"
    assert (l2["seeds"], l2["status"], l2["dataset"], l2["task"], l2["peek"]) == (
        5,
        "completed",
        "sine",
        "regression",
        False,
    )
    for key in ("train_loss", "val_loss", "test_loss", "gap", "best_epoch", "weight_norm", "zero_fraction", "seconds"):
        assert l2[key].keys() == {"mean", "low", "high"}
    assert l2["test_loss"]["mean"] == pytest.approx(0.069)
    assert l2["difference"].keys() == {"mean", "low", "high", "p"}
    assert l2["difference"]["mean"] == pytest.approx(0.069 - 0.113)
    assert (l2["won"], l2["tied"], l2["shared"], l2["seeds_to_tell"], l2["metric"]) == (5, 0, 5, None, "test_loss")
    assert (l2["missing_seeds"], rows["few"]["missing_seeds"]) == ([], [3, 4])
    assert rows["few"]["shared"] == 3
    assert [rows["none"][key] for key in ("won", "tied", "shared", "seeds_to_tell")] == [None] * 4
    assert "test_accuracy" not in l2
    assert rows["circle"]["test_accuracy"]["mean"] is not None
    json.dumps(list(rows.values()), allow_nan=False)
    assert all(known_columns([key]) for key in l2)


def test_an_unclear_run_says_how_many_seeds_would_tell(tmp_path, fabricated):
    fabricated.store(tmp_path / "none", BASE)
    fabricated.store(tmp_path / "l2", [0.09, 0.13, 0.07, 0.12, 0.12], stack=L2)
    row = compare_rows(read_runs([tmp_path])[0])[0]
    # Differences -0.01, 0.01, -0.02, -0.02, 0.005: mean -0.007, deviation 0.01396.
    # (1.96 + 0.8416)² / 0.5016² + 1.96² / 2 = 33.1.
    assert (row.verdict, row.won, row.shared, row.seeds_to_tell) == ("unclear", 3, 5, 34)


def test_every_column_that_needs_words_has_them():
    assert set(COLUMNS) <= {*EXPLAINED, *METRICS}


def test_other_data_is_another_group(tmp_path, fabricated):
    fabricated.store(tmp_path / "a", BASE)
    fabricated.store(tmp_path / "b", LOWER, stack=L2, dataset={"name": "sine", "n_train": 99, "noise": 0.3})
    fabricated.store(tmp_path / "c", LOWER, stack=L2, about={"data_fingerprint": "cd" * 32})
    rows = compare_rows(read_runs([tmp_path])[0])
    assert [(row.name, row.group, row.verdict) for row in rows] == [
        ("a", "sine (n_train=30, data=abababababab)", "baseline"),
        ("b", "sine (n_train=99, data=abababababab)", None),
        ("c", "sine (n_train=30, data=cdcdcdcdcdcd)", None),
    ]


def test_of_several_plain_runs_the_one_most_like_the_others_is_the_baseline(fabricated, tmp_path):
    other = {"architecture": {"hidden": [64], "activation": "relu", "init": "he"}}
    fabricated.store(tmp_path / "a_small", stack=[], **other)
    fabricated.store(tmp_path / "b_plain", stack=[])
    fabricated.store(tmp_path / "c_l2", stack=L2)
    verdicts = {row.name: row.cell("verdict") for row in compare_rows(read_runs([tmp_path])[0])}
    assert [name for name, verdict in verdicts.items() if verdict == "baseline"] == ["b_plain"]


def test_of_equal_plain_runs_the_one_with_most_seeds_is_the_baseline(fabricated, tmp_path):
    fabricated.store(tmp_path / "a_few", BASE[:3], stack=[])
    fabricated.store(tmp_path / "b_many", BASE, stack=[])
    fabricated.store(tmp_path / "c_l2", LOWER, stack=L2)
    verdicts = {row.name: row.cell("verdict") for row in compare_rows(read_runs([tmp_path])[0])}
    assert verdicts == {"a_few": "cannot tell (3 seeds)", "b_many": "baseline", "c_l2": "better"}


def test_a_plain_run_without_a_finished_seed_is_no_baseline(fabricated, tmp_path):
    networks = [fabricated.trained(seed, diverged=True) for seed in range(7)]
    write_run(tmp_path / "a_gone", fabricated.config("a_gone", [], range(7)), networks, fabricated.ABOUT)
    fabricated.store(tmp_path / "b_plain", BASE, stack=[], training={"epochs": 7})
    fabricated.store(tmp_path / "c_l2", LOWER, stack=L2)
    verdicts = {row.name: row.cell("verdict") for row in compare_rows(read_runs([tmp_path])[0])}
    assert verdicts == {"a_gone": "cannot tell (0 seeds)", "b_plain": "baseline", "c_l2": "better"}


@pytest.mark.parametrize(
    ("stack", "plain"),
    [
        ([{"l2": {"lam": 0.0}}], True),
        ([{"l2": {"lam": 0.0}}, {"max_norm": {"c": float("inf")}}], True),
        ([{"dropout": {"p": 0.0, "input": 0.1}}], False),
        ([{"l2": {"lam": 0.0}}, {"l1": {"lam": 0.1}}], False),
        ([{"l2": {"lam": 0.0}}, {"batch_norm": {}}], False),
        ([{"early_stopping": {"patience": 5}}], False),
    ],
)
def test_regularizers_whose_strengths_do_nothing_are_none(fabricated, tmp_path, stack, plain):
    fabricated.store(tmp_path / "a_cell", BASE, stack=stack)
    fabricated.store(tmp_path / "b_l2", LOWER, stack=L2)
    verdicts = {row.name: row.cell("verdict") for row in compare_rows(read_runs([tmp_path])[0])}
    assert (verdicts["a_cell"] == "baseline") == plain
    # A run that has no regularizers at all comes before it.
    fabricated.store(tmp_path / "c_none", BASE, stack=[])
    verdicts = {row.name: row.cell("verdict") for row in compare_rows(read_runs([tmp_path])[0])}
    assert verdicts["c_none"] == "baseline"


def test_the_baseline_can_be_chosen(runs, tmp_path):
    for baseline in (tmp_path / "l2", str(tmp_path / "l2"), "l2", read_run(tmp_path / "l2")):
        verdicts = {row.name: row.cell("verdict") for row in compare_rows(runs, baseline)}
        assert verdicts == {"l2": "baseline", "none": "worse", "few": "cannot tell (3 seeds)", "circle": "baseline"}
    with pytest.raises(InputError, match=r"--baseline: .* found none of that name: 'nnoe'. Did you mean 'none'\?"):
        compare_rows(runs, "nnoe")


def test_a_greater_accuracy_is_better(tmp_path, fabricated):
    for name, stack, accuracy in (("none", [], 0.5), ("l2", L2, 0.7)):
        networks = [fabricated.trained(seed, task="binary") for seed in range(5)]
        for seed, network in enumerate(networks):
            network.reported["test_accuracy"] = accuracy + seed * 0.01 * (1 + (name == "l2"))
        about = {**fabricated.ABOUT, "task": "binary"}
        write_run(tmp_path / name, fabricated.config(name, stack, range(5)), networks, about)
    runs = read_runs([tmp_path])[0]
    assert [row.verdict for row in compare_rows(runs, metric="test_accuracy")] == ["better", "baseline"]
    assert [row.name for row in sort_rows(compare_rows(runs), "test_accuracy")] == ["l2", "none"]
    rows = [
        fabricated.row(str(change), metric="test_accuracy", difference={"mean": change}) for change in (-0.1, 0.2, 0.1)
    ]
    assert [row.name for row in sort_rows(rows, "difference")] == ["0.2", "0.1", "-0.1"]
    losses = [replace(row, metric="test_loss") for row in rows]
    assert [row.name for row in sort_rows(losses, "difference")] == ["-0.1", "0.1", "0.2"]
    with pytest.raises(InputError, match=r"--metric: .* found 'test_acuracy'. Did you mean 'test_accuracy'\?"):
        compare_rows(runs, metric="test_acuracy")


def test_diverged_seeds_are_counted_and_not_averaged(tmp_path, fabricated):
    networks = [fabricated.trained(seed, 0.2, diverged=seed == 1) for seed in range(3)]
    write_run(tmp_path, fabricated.config(seeds=range(3)), networks, fabricated.ABOUT)
    (row,) = compare_rows([read_run(tmp_path)])
    assert (row.status, row.seeds, row.diverged) == ("diverged", 3, 1)
    assert row.mean("test_loss") == pytest.approx(0.2)


def test_sorting_and_cutting(runs):
    rows = compare_rows(runs)
    assert [row.name for row in sort_rows(rows, "test_loss")] == ["circle", "l2", "few", "none"]
    assert [row.name for row in sort_rows(rows, "test_loss", 1)] == ["circle", "l2"]
    assert [row.name for row in sort_rows(rows, "name")] == ["circle", "few", "l2", "none"]
    assert sort_rows(rows, "p")[1].name == "l2"  # what has none comes last
    assert [row.name for row in sort_rows(rows, "won")[1:]] == ["l2", "few", "none"]
    with pytest.raises(InputError, match=r"unknown column 'tst_loss'. Did you mean 'test_loss'\?"):
        sort_rows(rows, "tst_loss")
    with pytest.raises(InputError, match=r"--top: expected a number of rows from 1, found 0"):
        sort_rows(rows, top=0)


def test_only_changed(runs):
    changed = only_changed(compare_rows(runs), runs)
    assert {"stack", "changed"} & {*shown_columns(changed)} == {"changed"}
    rows = {row.name: row.as_json() for row in changed}
    assert rows["l2"]["changed"] == rows["few"]["changed"] == {"regularizers.l2.lam": 0.003}
    assert rows["none"]["changed"] == rows["circle"]["changed"] == {}
    assert "stack" not in rows["l2"]


def test_as_a_frame(runs, tmp_path):
    frame = compare_frame([tmp_path / "none", tmp_path / "l2"])
    assert list(frame.name) == ["none", "l2"]
    row = frame.set_index("name").loc["l2"]
    assert row.test_loss_low < row.test_loss < row.test_loss_high
    assert row.difference_low < row.difference < row.difference_high < 0
    assert list(frame.columns) == list(flat(compare_rows(runs)[1], present(compare_rows(runs)[1:2])))
    assert (
        {"p", "verdict", "stack", "run"}
        <= set(frame.columns)
        <= {*COLUMNS, *(f"{c}_{e}" for c in COLUMNS for e in ("low", "high"))}
    )
    alone = compare_frame([tmp_path / "l2", str(tmp_path / "l2")])
    assert list(alone.name) == ["l2"]
    assert alone.p.dtype == alone.seeds_to_tell.dtype == float  # nothing stands there, and p < 0.05 can be asked
    beside = compare_frame([tmp_path / "l2"], baseline=tmp_path / "none")
    assert beside[["name", "verdict"]].to_numpy().tolist() == [["l2", "better"], ["none", "baseline"]]
    with pytest.raises(InputError, match="Expected one run folder or more"):
        compare_frame([])
    (tmp_path / "notes.txt").write_text("")
    with pytest.warns(UserWarning, match="notes.txt: left out, since it is a file"):
        compare_frame([tmp_path / "l2", tmp_path / "notes.txt"])


def test_runs_of_one_name_are_called_by_as_much_of_their_paths_as_tells_them_apart(fabricated):
    runs = {"runs/a-1": "a", "runs/b-2": "b", "runs/b-3": "b", "runs/race/b-2": "b", "runs/c/x/b-2": "b"}
    rows = [fabricated.row(name, run=run) for run, name in runs.items()]
    assert labels(rows) == ["a", "runs/b-2", "b-3", "race/b-2", "x/b-2"]
    assert labels([]) == []


def test_what_regularizes_outside_the_stack_is_named_and_is_no_baseline(fabricated, tmp_path):
    elsewhere = {
        "sam(0.05)": {"optimizer": {"name": "sgd", "lr": 0.003, "sam": 0.05}},
        "weight_decay(0.01)": {"optimizer": {"name": "adamw", "lr": 0.003, "weight_decay": 0.01}},
        "residual": {"architecture": {"hidden": [64, 64], "activation": "relu", "residual": True}},
        "tied": {"architecture": {"hidden": [64, 64], "activation": "relu", "tied": True}},
    }
    for stack, changes in elsewhere.items():
        fabricated.store(tmp_path / stack, [0.3] * 6, name="0", **changes)
    fabricated.store(tmp_path / "z", [0.3] * 6, name="z")
    runs, _ = read_runs([tmp_path])
    for ordered in (runs, runs[::-1]):
        rows = {row.stack: row for row in compare_rows(ordered)}
        assert rows.keys() == {*elsewhere, "none"}
        assert {row.verdict for stack, row in rows.items() if stack != "none"} == {"unclear"}
        assert rows["none"].verdict == "baseline"
        assert rows["none"].baseline_because is None
    # Label noise that all have is the data's, and no reason to have no baseline.
    noisy = {"dataset": {"name": "sine", "label_noise": 0.1}}
    fabricated.store(tmp_path / "more" / "a", [0.3] * 6, name="a", **noisy)
    fabricated.store(tmp_path / "more" / "b", [0.3] * 6, name="b", stack=[{"l2": {"lam": 0.1}}], **noisy)
    rows = {row.stack: row.verdict for row in compare_rows(read_runs([tmp_path / "more"])[0])}
    assert rows == {"label_noise(0.1)": "baseline", "l2(0.1) + label_noise(0.1)": "unclear"}


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"optimizer": {"name": "adam", "lr": 0.1}}, "whose other settings 2 of 3 runs share"),
        ({"stack": [{"l2": {"lam": 0.0}}]}, "whose stack is empty"),
        ({}, "the first by name"),
    ],
)
def test_where_two_runs_qualify_the_table_says_which_it_took_and_why(fabricated, tmp_path, changes, because):
    fabricated.store(tmp_path / "a", [0.3] * 6, name="a")
    fabricated.store(tmp_path / "b", [0.3] * 6, name="b", **changes)
    fabricated.store(tmp_path / "c", [0.1] * 6, name="c", stack=[{"l2": {"lam": 0.1}}])
    runs, _ = read_runs([tmp_path])
    for ordered in (runs, runs[::-1], [runs[1], runs[0], runs[2]]):
        rows = compare_rows(ordered)
        assert [row.name for row in rows if row.verdict == "baseline"] == ["a"]
        said = f"Of several runs that nothing regularizes the baseline is a, {because}."
        assert said in conclusion(rows)
        assert not any("Of several" in text for text in conclusion(compare_rows(ordered, baseline="b")))
