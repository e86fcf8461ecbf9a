"""Gap bars, bias and variance, reliability."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from changed import with_summary
from matplotlib.backends.backend_agg import FigureCanvasAgg

from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.figures import gaps, reliability
from regx.figures.subjects import read_subjects


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def test_gap_bars_are_validation_minus_train_loss(runs, drawn):
    figure = drawn("gaps", runs["sine"], runs["sparse"], runs["circle"])
    expected = {"gap on sine": ["sine", "sparse"], "gap on circle": ["circle"]}
    assert [panel.get_title() for panel in figure.axes] == list(expected)
    for panel in figure.axes:
        names = expected[panel.get_title()]
        assert [text.get_text() for text in panel.get_yticklabels()] == names
        (bars,) = panel.containers
        for name, bar in zip(names, bars, strict=True):
            last = runs[name].metrics.query("epoch == 60")
            assert bar.get_width() == pytest.approx((last["val_loss"] - last["train_loss"]).mean(), rel=1e-6)
        intervals = [line.get_xdata() for line in panel.get_lines() if line.get_label() == "interval"]
        for name, interval in zip(names, intervals, strict=True):
            gap = runs[name].summary["over_seeds"]["gap"]
            assert list(interval) == [gap["low"], gap["high"]]
        assert panel.get_xlabel().startswith("validation loss - train loss: ")


def test_the_numbers_of_small_gaps_do_not_run_into_each_other(runs, drawn):
    def run(name, title, mean):
        over_seeds = {**runs[name].summary["over_seeds"], "gap": {"mean": mean, "low": None, "high": None}}
        return with_summary(runs[name], name=title, over_seeds=over_seeds)

    figure = drawn("gaps", run("one_seed", "linear", -0.00415), run("circle", "a" * 16, -1.0))
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [label.get_window_extent(renderer) for label in figure.axes[0].get_xticklabels()]
    assert len(boxes) > 2
    assert min(other.x0 - one.x1 for one, other in itertools.pairwise(boxes)) > 10  # of 100 dots to the inch


def test_a_run_without_validation_has_no_gap(runs):
    assert gaps.unfit(runs["unvalidated"]) == "it has no gap: no validation split, or no seed that has completed"


def test_bias_and_variance_along_an_axis(decomposed, drawn):
    folder = decomposed([0.01, 1.0, 0.0, 0.1])
    (study,) = read_subjects([folder]).bias_variance
    figure = drawn("bias_variance", study)
    (panel,) = figure.axes
    points = sorted(study.points, key=lambda point: point.value)
    for part, label in (
        ("error", "expected test error"), ("bias2", "bias²"), ("variance", "variance"), ("noise", "noise"),
    ):  # fmt: skip
        line = lines(panel)[label]
        assert list(line.get_xdata()) == [0, 0.01, 0.1, 1]
        assert list(line.get_ydata()) == [point.part(part)["mean"] for point in points]
        (band,) = [one for one in panel.collections if one.get_label() == f"{label} interval"]
        heights = band.get_paths()[0].vertices[:, 1]
        for end in ("low", "high"):
            assert {point.part(part)[end] for point in points} <= set(heights)
    errors = [point.part("error")["mean"] for point in points]
    assert list(lines(panel)["least expected error"].get_ydata()) == [min(errors)]
    assert panel.get_title() == r"a\$b\$, 20 training sets"
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("regularizers.l2.lam (logarithmic)", "expected squared error")


def test_bias_and_variance_at_one_point_without_known_noise(decomposed, drawn):
    (study,) = read_subjects([decomposed([None], noise=None)]).bias_variance
    (panel,) = drawn("bias_variance", study).axes
    (point,) = study.points
    assert [text.get_text() for text in panel.get_xticklabels()] == ["expected test error", "bias² + noise", "variance"]
    heights = [bar.get_height() for bars in panel.containers for bar in bars]
    assert heights == [point.part(part)["mean"] for part in ("error", "bias2", "variance")]
    assert len({bar.get_hatch() for bars in panel.containers for bar in bars}) == 3


@pytest.mark.parametrize("name", ["circle", "table"])
def test_the_bins_of_the_reliability_diagram(runs, drawn, name):
    run = runs[name]
    above, below = [panel for panel in drawn("reliability", run).axes if panel.get_visible()]
    sure, right = [], []
    for seed in run.seeds:
        test = dataset_of(run, seed).test
        p = predict(run, test.x, seed).astype(float)
        p, y = (np.hstack([1 - p, p]), np.hstack([1 - test.y, test.y])) if p.shape[1] == 1 else (p, test.y)
        sure += p.max(axis=1).tolist()
        right += (p.argmax(axis=1) == y.argmax(axis=1)).tolist()
    expected = [[ok for one, ok in zip(sure, right, strict=True) if min(int(one * 15), 14) == k] for k in range(15)]
    assert [bar.get_height() for bar in below.patches] == [len(members) for members in expected]
    drawn_bars = {round(bar.get_x() * 15): bar.get_height() for bar in above.patches}
    assert drawn_bars == {k: pytest.approx(np.mean(one)) for k, one in enumerate(expected) if one}
    diagonal = lines(above)["perfectly calibrated"]
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 1]
    assert above.get_ylabel() == "accuracy (share that is right)"


def test_the_calibration_error_is_that_of_the_summary(runs):
    run = runs["circle"]
    found = reliability.read(run).error["mean"]
    entries = run.summary["seeds"].values()
    assert found == pytest.approx(np.mean([one["diagnostics"]["test_calibration_error"] for one in entries]), abs=1e-6)


def test_the_calibration_error_of_one_seed_is_the_mean_distance_of_its_bins(runs):
    run = runs["circle"]
    found = reliability.read(with_summary(run, seeds={"0": run.summary["seeds"]["0"]}))
    distance = np.abs(found.accuracy - found.confidence)
    assert found.error["mean"] == pytest.approx(np.nansum(found.counts * distance) / found.counts.sum())


def test_a_regression_has_no_probabilities(runs):
    assert reliability.unfit(runs["sine"]) == "it is a regression, which has no probabilities"
