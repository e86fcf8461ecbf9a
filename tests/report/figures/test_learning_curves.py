from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
from changed import with_networks, with_summary

from regx.figures.learning_curves import read

COLUMNS = {"train": "train_loss", "validation": "val_loss", "test": "test_loss"}


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def test_lines_and_bands_are_the_means_and_intervals_over_seeds(runs, drawn):
    run = runs["sine"]
    (panel,) = drawn("learning_curves", run).axes
    grouped = run.metrics.groupby("epoch")
    for split, column in COLUMNS.items():
        line = lines(panel)[split]
        means = grouped[column].mean()
        np.testing.assert_array_equal(line.get_xdata(), means.index)
        np.testing.assert_allclose(line.get_ydata(), means, rtol=1e-12)
        (band,) = [one for one in panel.collections if one.get_label() == f"{split} interval"]
        low, high = scipy.stats.t.interval(0.95, 2, means, grouped[column].sem())
        low = np.maximum(low, 0.0)  # no loss is less
        vertices = band.get_paths()[0].vertices
        for epoch, edges in zip(means.index, zip(low, high, strict=True), strict=True):
            found = vertices[vertices[:, 0] == epoch, 1]
            np.testing.assert_allclose([found.min(), found.max()], edges, rtol=1e-9)


def test_the_best_epoch_is_that_of_the_least_mean_validation_loss(runs, drawn):
    (panel,) = drawn("learning_curves", runs["sine"]).axes
    means = runs["sine"].metrics.groupby("epoch")["val_loss"].mean()
    mark = lines(panel)["best epoch"]
    assert mark.get_xdata() == [means.idxmin()]
    assert mark.get_ydata() == [pytest.approx(means.min())]
    assert panel.get_title() == f"sine\nbest epoch: {means.idxmin()}"


def test_epochs_are_whole_numbers(runs, drawn):
    (panel,) = drawn("learning_curves", runs["sine"]).axes
    for last in (2, 20):
        panel.set_xlim(0, last)
        assert all(tick == int(tick) for tick in panel.get_xticks()), last


def test_with_early_stopping_it_is_the_mean_of_what_the_seeds_reported(runs, drawn):
    run = runs["stopped"]
    (panel,) = drawn("learning_curves", run).axes
    reported = [run.summary["seeds"][str(seed)]["reported_epoch"] for seed in run.seeds]
    assert lines(panel)["best epoch"].get_xdata() == [pytest.approx(np.mean(reported))]
    assert list(lines(panel)["reported epoch of a seed"].get_xdata()) == reported


def test_one_seed_that_reported_an_earlier_epoch_is_enough(runs):
    run = runs["sine"]
    found = read(with_networks(run, 1, reported_epoch=30))
    assert (found.reported, found.best) == ((60, 30, 60), 50)


def test_where_some_seeds_have_stopped_the_line_is_thin(runs, drawn):
    run = runs["stopped"]
    lasts = run.metrics.groupby("seed")["epoch"].max()
    assert lasts.nunique() > 1, "the seeds are to stop at different epochs"
    (panel,) = drawn("learning_curves", run).axes
    thick, thin = lines(panel)["train"], lines(panel)["train, some seeds stopped"]
    assert max(thick.get_xdata()) == lasts.min() == min(thin.get_xdata())
    assert max(thin.get_xdata()) == lasts.max()
    assert thin.get_linewidth() < thick.get_linewidth()
    by_seed = run.metrics.pivot(index="epoch", columns="seed", values="train_loss")
    means = by_seed.ffill().mean(axis=1)  # a seed that has stopped keeps its last loss
    assert (means != by_seed.mean(axis=1)).any()
    np.testing.assert_allclose(thin.get_ydata(), means[thin.get_xdata()], rtol=1e-12)


def test_without_a_validation_split_there_is_no_mark_and_no_line(runs, drawn):
    (panel,) = drawn("learning_curves", runs["unvalidated"]).axes
    assert set(lines(panel)) == {"train", "test"}


def test_one_seed_has_no_band(runs, drawn):
    (panel,) = drawn("learning_curves", runs["one_seed"]).axes
    assert not [one for one in panel.collections if "interval" in str(one.get_label())]


def test_seeds_that_diverged_are_told_of_and_left_out(runs):
    run = runs["sine"]
    found = read(with_summary(with_networks(run, 1, status="diverged"), peek=True))
    assert found.title == "sine (1 of 3 diverged, peek)"
    kept = run.metrics[run.metrics["seed"] != 1].groupby("epoch")["train_loss"].mean()
    np.testing.assert_allclose(found.curves["train"].mean, kept, rtol=1e-12)


def test_runs_of_one_loss_share_its_scale(runs, drawn):
    sine, sparse, circle = drawn("learning_curves", runs["sine"], runs["sparse"], runs["circle"]).axes
    assert sine.get_ylim() == sparse.get_ylim() != circle.get_ylim()
    assert sine.get_ylabel() == "loss: mean squared error"
    assert circle.get_ylabel() == "loss: cross-entropy (nats)"
    assert sine.get_xlabel() == "epoch (passes over the data)"
