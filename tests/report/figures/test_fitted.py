from __future__ import annotations

import numpy as np
import scipy.stats

from regx.evidence.predict import predict
from regx.figures.fitted import unfit


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def test_it_shows_what_the_networks_predict(runs, drawn):
    run = runs["sine"]
    (panel,) = drawn("fitted", run).axes
    line = lines(panel)["mean fit over seeds"]
    x = np.asarray(line.get_xdata())[:, None]
    np.testing.assert_allclose(line.get_ydata(), predict(run, x)[:, 0], atol=1e-6)
    np.testing.assert_allclose(lines(panel)["fit of seed 0"].get_ydata(), predict(run, x, 0)[:, 0], atol=1e-6)
    each = np.stack([predict(run, x, seed)[:, 0] for seed in run.seeds]).astype(float)
    low, high = scipy.stats.t.interval(0.95, 2, each.mean(axis=0), scipy.stats.sem(each))
    (band,) = panel.collections
    vertices = band.get_paths()[0].vertices
    for index in (1, 100, -2):
        found = vertices[vertices[:, 0] == x[index, 0], 1]
        np.testing.assert_allclose([found.min(), found.max()], [low[index], high[index]], rtol=1e-6)


def test_data_are_the_training_rows_and_the_truth_is_the_sine(runs, drawn):
    from regx.data.sine import Sine

    data = Sine(n_train=12, n_val=8, n_test=9).load(0)
    (panel,) = drawn("fitted", runs["sine"]).axes
    dots = lines(panel)["training data, seed 0"]
    np.testing.assert_array_equal(dots.get_xydata(), np.hstack([data.train.x, data.train.y]))
    truth = lines(panel)["truth"]
    np.testing.assert_allclose(truth.get_ydata(), np.sin(truth.get_xdata()))
    np.testing.assert_allclose(Sine().truth(data.test.x), data.test.y)
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("x", "y")


def test_one_panel_for_each_run(runs, drawn):
    axes = drawn("fitted", runs["sine"], runs["sparse"], runs["one_seed"]).axes
    assert [panel.get_title() for panel in axes] == ["sine", "sparse", "one_seed"]
    assert len({panel.get_ylim() for panel in axes}) == 1
    assert lines(axes[2])["fit of seed 4"].get_linestyle() == ":"
    assert "mean fit over seeds" not in lines(axes[2])


def test_what_it_is_not_for(runs):
    assert unfit(runs["circle"]) == "it is a classification (binary); `boundary` is for two inputs"
