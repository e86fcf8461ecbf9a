from __future__ import annotations

import numpy as np
import pytest
from benchmarks.confusion_diagnosis import SETTINGS, Setting, sine, train
from changed import with_summary

from regx.evidence.run import Run, read_run
from regx.store.metrics import Rows
from regx.studies.diagnosis.advice import advice
from regx.studies.diagnosis.question import diagnose

SEEDS = (20, 21, 22)
CHEAP = {name: setting for name, setting in SETTINGS.items() if setting.cheap}
# Sines in a hurry: what matters is what the folder lacks.
QUICK = {
    "some-diverged": Setting("", "", sine(20, 0.1), (16,), 40, 0.01),
    "no-validation": Setting("", "", {**sine(40, 0.1), "n_val": 0}, (16,), 1000, 0.02),
    "no-validation-linear": Setting("", "", {**sine(40, 0.1), "n_val": 0}, (), 300, 0.03),
    "noisy-labels": Setting("", "", sine(20, 0.1, label_noise=0.5), (16,), 40, 0.01),
    "few-rows": Setting("", "", {**sine(20, 0.1), "n_val": 5}, (16,), 40, 0.01),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return train({**CHEAP, **QUICK}, SEEDS, tmp_path_factory.mktemp("runs"), jobs=1)


@pytest.fixture
def run(folders):
    return lambda name: read_run(folders[name])


@pytest.mark.parametrize("name", CHEAP)
def test_runs_whose_state_is_known(run, name):
    assert diagnose(run(name)).verdict == CHEAP[name].label


def scaled(run: Run, factor: float) -> Run:
    """The same run with its target in other units: every loss times the factor, also that of the trivial predictor."""

    def times(numbers):
        return {key: value * factor if "loss" in key else value for key, value in numbers.items()}

    seeds = {
        seed: {**entry, "metrics": times(entry["metrics"]), "diagnostics": times(entry["diagnostics"])}
        for seed, entry in run.summary["seeds"].items()
    }
    other = with_summary(run, seeds=seeds)
    lines = run.rows.lines.items()
    other.__dict__["rows"] = Rows(
        run.rows.names, {seed: "".join(_times(line, factor) for line in text.splitlines()) for seed, text in lines}
    )
    return other


def _times(line: str, factor: float) -> str:
    seed, epoch, *losses = line.split(",")
    return ",".join([seed, epoch, *(repr(float(loss) * factor) for loss in losses[:3]), *losses[3:]]) + "\n"


@pytest.mark.parametrize("name", ["sine-15-noise0.5", "sine-linear-100", "sine-2000-noise0.3"])
def test_the_unit_of_the_loss_does_not_matter(run, name):
    one, other = diagnose(run(name)), diagnose(scaled(run(name), 1000.0))
    assert other.verdict == one.verdict
    assert [item.name for item in other.evidence] == [item.name for item in one.evidence]
    for before, after in zip(one.evidence, other.evidence, strict=True):
        if before.name != "gradient":  # which is not scaled here
            assert after.value == pytest.approx(before.value, rel=1e-6, abs=1e-9)


def test_the_test_split_is_not_looked_at(run):
    before = run("sine-15-noise0.5")
    seeds = {
        seed: {**entry, "metrics": {**entry["metrics"], "test_loss": 1e9, "test_accuracy": 0.0}}
        for seed, entry in before.summary["seeds"].items()
    }
    after = with_summary(before, seeds=seeds)
    blind = {seed: _blind(text) for seed, text in before.rows.lines.items()}
    after.__dict__["rows"] = Rows(before.rows.names, blind)
    assert diagnose(after) == diagnose(before)


def _blind(text: str) -> str:
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(",".join([*row[:4], "1e9", *row[5:]]) + "\n" for row in rows)


@pytest.mark.parametrize(("name", "rows"), [("sine-15-noise0.5", 15), ("some-diverged", 20)])
def test_numbers_are_those_of_the_files(run, name, rows):
    stored = run(name)
    diagnosis = diagnose(stored)
    frame = stored.metrics
    for seed in diagnosis.seeds:
        entry = stored.summary["seeds"][str(seed.seed)]
        own = frame[frame["seed"] == seed.seed]
        scale = entry["diagnostics"]["trivial_val_loss"]
        assert seed.val == pytest.approx(entry["metrics"]["val_loss"] / scale)
        assert seed.rise == pytest.approx((entry["metrics"]["val_loss"] - own["val_loss"].min()) / scale)
        first_half = own[own["epoch"] <= own["epoch"].max() / 2]["val_loss"].min()
        assert seed.gain == pytest.approx((first_half - own["val_loss"].min()) / scale)
    assert diagnosis.curves.val[-1] == pytest.approx(
        np.mean([e["metrics"]["val_loss"] for e in stored.summary["seeds"].values()])
    )
    assert diagnosis.rows == rows


def test_a_run_of_before_trivial_losses_were_kept_is_judged_alike(run):
    new = run("sine-15-noise0.5")
    seeds = {
        seed: {**entry, "diagnostics": {k: v for k, v in entry["diagnostics"].items() if not k.startswith("trivial")}}
        for seed, entry in new.summary["seeds"].items()
    }
    old = with_summary(new, seeds=seeds)
    assert [seed.val for seed in diagnose(old).seeds] == pytest.approx([seed.val for seed in diagnose(new).seeds])


def test_of_some_diverged_seeds_is_told_and_the_rest_is_judged(run):
    before = run("some-diverged")
    entries = dict(before.summary["seeds"])
    lost = {**entries["21"], "status": "diverged", "divergence": {"epoch": 7, "tensor": "0/weight"}}
    lost["metrics"] = dict.fromkeys(lost["metrics"])
    after = with_summary(before, seeds={**entries, "21": lost})
    diagnosis = diagnose(after)
    assert diagnosis.verdict != "diverged"
    assert any("1 of 3 seeds stopped being finite (seed 21) at epoch 7" in i.text for i in diagnosis.evidence)
    assert advice(after, diagnosis)[0].name == "lower_lr"


def test_without_a_validation_split_only_the_fit_is_judged(run):
    diagnosis = diagnose(run("no-validation"))
    assert diagnosis.verdict == "cannot tell"
    assert any("no validation split" in note and "test split is left alone" in note for note in diagnosis.notes)
    assert not {"val", "gap", "rise"} & {item.name for item in diagnosis.evidence}
    assert [item.overrides for item in advice(run("no-validation"), diagnosis)] == [("dataset.n_val=100",)]
    assert diagnose(run("no-validation-linear")).verdict == "underfitting"


def test_what_limits_a_verdict_is_said(run):
    assert any("A share of 0.5 of the training labels" in note for note in diagnose(run("noisy-labels")).notes)
    assert any("The validation split has 5 rows" in note for note in diagnose(run("few-rows")).notes)
    whole = run("some-diverged")
    one = with_summary(whole, seeds={"20": whole.summary["seeds"]["20"]})
    one.__dict__["rows"] = Rows(whole.rows.names, {20: whole.rows.lines[20]})
    notes = diagnose(one).notes
    assert any(note.startswith("1 of 3 seeds is finished") for note in notes)
    assert any(note.startswith("There is one seed") for note in notes)


def test_data_that_has_changed_costs_the_pattern_alone(run):
    before = run("sine-15-noise0.5")
    after = with_summary(before, data_fingerprint="other")
    diagnosis = diagnose(after)
    assert diagnosis.verdict == "severe overfitting"
    assert diagnosis.rows is None
    assert any("could not be loaded" in note for note in diagnosis.notes)
    assert "pattern" not in {item.name for item in diagnosis.evidence}


def test_a_run_without_a_finished_seed(run):
    before = run("some-diverged")
    after = with_summary(before, seeds={})
    after.__dict__["rows"] = Rows(before.rows.names, {})
    diagnosis = diagnose(after)
    assert (diagnosis.verdict, diagnosis.evidence) == ("cannot tell", ())
    assert diagnosis.notes[0].startswith("0 of 3 seeds are finished")
    assert advice(after, diagnosis) == ()
