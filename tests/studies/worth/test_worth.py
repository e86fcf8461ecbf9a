"""What a regularizer is worth in rows: right where the truth is known, and honest where it lies outside."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx

import regx as package
from regx.core.errors import InputError
from regx.studies.worth.display import answers
from regx.studies.worth.judgement import _falling, worth_of
from regx.studies.worth.result import read_worth

SIZES = (30, 60, 120, 240)


def simulated(rng: np.random.Generator, seeds: int, truth: float, power: float = 0.8, spread: float = 0.4):
    """Losses of a plain network, size^-power, and of one that does as well as the plain one with `truth` rows.

    Each seed has a factor of its own, in part shared by all cells, so that the losses are paired.
    """
    shared = 0.5 * spread * rng.normal(size=seeds)

    def losses(rows: float) -> np.ndarray:
        noise = np.exp(shared + spread * rng.normal(size=seeds))
        return rows**-power * noise / np.exp(0.5 * (1.25 * spread**2))

    return np.array([losses(size) for size in SIZES]), losses(truth)


def test_without_noise_the_rows_are_those_of_the_curve() -> None:
    plain = np.repeat(np.array(SIZES, float)[:, None] ** -0.8, 5, axis=1)
    for truth in (30, 45, 74, 240):
        found = worth_of(SIZES, plain, np.full(5, truth**-0.8))
        assert found.rows == pytest.approx(truth)
        assert found.low == pytest.approx(truth)
        assert found.bound == ""
    beyond = worth_of(SIZES, plain, np.full(5, 400**-0.8))
    assert (beyond.rows, beyond.bound, beyond.edge) == (None, "more than", 240)
    short = worth_of(SIZES, plain, np.full(5, 10**-0.8))
    assert (short.rows, short.bound, short.edge) == (None, "fewer than", 30)


@pytest.mark.parametrize("seeds", [5, 10, 20])
def test_the_interval_holds_the_truth(seeds: int) -> None:
    rng = np.random.default_rng(seeds)
    held = 0
    for _ in range(300):
        found = worth_of(SIZES, *simulated(rng, seeds, 80))
        low, high = found.low or 0, found.high or math.inf
        held += low <= 80 <= high
    assert held >= 0.91 * 300  # 0.95 is meant


def test_splits_of_one_table_widen_the_interval() -> None:
    plain, regularized = simulated(np.random.default_rng(0), 10, 80)
    free, table = worth_of(SIZES, plain, regularized), worth_of(SIZES, plain, regularized, [0.4])
    assert table.rows == free.rows
    assert free.low is not None
    assert table.low is None or table.low < free.low


def test_the_curve_is_the_nearest_that_never_rises() -> None:
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(3)
    for n in (2, 3, 7, 12):
        losses = rng.normal(size=n)
        expected = IsotonicRegression(increasing=False).fit_transform(np.arange(n), losses)
        assert _falling(losses) == pytest.approx(expected)


RACE = """
name: small
dataset: {name: sine, n_train: 10, n_val: 8, n_test: 10}
architecture: {hidden: [6]}
lanes: {l2: [l2: 0.01], none: []}
optimizer: {name: adam, lr: 0.01}
training: {epochs: 5}
seeds: 5
"""


def test_the_command_the_call_and_the_folder_say_the_same(regx: Regx, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RACE)
    found = json.loads(regx("worth", "small.yaml", "--rows", "10,20,40", "--json").stdout)
    assert found["plain"] == "none"
    assert [(one["lane"], one["rows"]) for one in found["points"]] == [
        (lane, rows) for lane in ("l2", "none") for rows in (10, 20, 40)
    ]
    called = package.worth(tmp_path / "small.yaml", rows=(10, 20, 40), out=tmp_path / "runs")
    read = read_worth(called.folder)
    assert answers(called) == answers(read) == found["answers"]
    assert str(called.folder.name) == Path(found["worth"]).name
    assert "l2(0.01) with 10 rows does as well as the plain network with" in found["answers"][0]
    table = regx("worth", "small.yaml", "--rows", "10,20,40")
    assert table.stdout.startswith("lane\trows\ttest_loss")
    assert "does as well as" in table.stderr


def test_a_stack_is_held_against_none_and_seven_sizes_are_taken(regx: Regx, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(RACE.replace("lanes: {l2: [l2: 0.01], none: []}", "regularizers: [l2: 0.01]"))
    listed = json.loads(regx("worth", "one.yaml", "--dry-run", "--json").stdout)
    rows = listed["cells"] if isinstance(listed, dict) else listed
    assert len(rows) == 14


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (RACE, ["--rows", "10"], "two sizes or more"),
        (RACE, ["--rows", "ten,20"], "whole numbers"),
        (RACE, ["--metric", "train_accuracy"], "test_loss, val_loss or train_loss"),
        (RACE.replace("lanes: {l2: [l2: 0.01], none: []}", ""), [], "expected regularizers"),
    ],
)
def test_what_cannot_be_asked_is_refused(regx: Regx, tmp_path: Path, text: str, options: list[str], said: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    assert said in regx("worth", "c.yaml", *options, code=2).stderr


def test_another_folder_is_no_study_of_worth(regx: Regx, tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(RACE)
    folder = json.loads(regx("race", "small.yaml", "--json", "--seeds", "1").stdout)["sweep"]
    with pytest.raises(InputError, match="expected the folder of a study of worth"):
        read_worth(tmp_path / folder)
