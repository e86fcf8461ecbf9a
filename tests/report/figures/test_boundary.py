from __future__ import annotations

import numpy as np
import pytest

from regx.data.circle import SQUARED_RADIUS, Circle
from regx.evidence.predict import predict
from regx.figures.boundary import read, unfit


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


def test_the_boundary_is_where_the_probability_is_half(runs, drawn):
    run = runs["circle"]
    panel, bar = drawn("boundary", run).axes
    (boundary,) = [one for one in panel.collections if one.get_label() == "decision boundary"]
    vertices = np.concatenate([path.vertices for path in boundary.get_paths()])
    assert len(vertices) > 20
    np.testing.assert_allclose(predict(run, vertices), 0.5, atol=0.03)  # linear between the places of a grid
    assert "probability of class inside" in bar.get_ylabel()
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("x1", "x2")


def test_the_shades_are_the_probability(runs, drawn):
    found = read(runs["circle"])
    place = np.array([[found.where.axes[0][30], found.where.axes[1][70]]])
    assert found.probability[70, 30, 0] == pytest.approx(float(predict(runs["circle"], place)[0, 0]), abs=1e-6)
    panel = drawn("boundary", runs["circle"]).axes[0]
    shades = next(one for one in panel.collections if len(one.get_paths()) == 10)
    np.testing.assert_allclose(shades.get_array(), np.arange(0.05, 1, 0.1))


def test_the_markers_are_the_training_data(runs, drawn):
    data = Circle(n_train=40, n_val=20, n_test=60).load(0)
    panel = drawn("boundary", runs["circle"]).axes[0]
    markers = []
    for label, name in enumerate(data.classes):
        dots = lines(panel)[f"{name} (training data, seed 0)"]
        np.testing.assert_array_equal(dots.get_xydata(), data.train.x[data.train.y[:, 0] == label])
        markers.append(dots.get_marker())
    assert len(set(markers)) == 2


def test_the_true_boundary_is_the_circle_that_labels_follow(runs, drawn):
    data = Circle(n_test=2000).load(0).test
    inside = (data.x**2).sum(axis=1) < SQUARED_RADIUS
    np.testing.assert_array_equal(inside, data.y[:, 0] == 1)
    truth = lines(drawn("boundary", runs["circle"]).axes[0])["true boundary"]
    np.testing.assert_allclose(np.hypot(truth.get_xdata(), truth.get_ydata()) ** 2, SQUARED_RADIUS)


def test_many_classes_have_a_colour_each_and_are_paler_where_less_sure(runs, drawn):
    run = runs["table"]
    found = read(run)
    assert found.probability.shape[2] == 3
    (panel,) = drawn("boundary", run).axes
    (image,) = panel.get_images()
    saturation = 1 - image.get_array().min(axis=2)
    winner = found.probability.argmax(axis=2)
    for k in range(3):
        own = winner == k
        assert own.any()
        order = np.argsort(found.probability.max(axis=2)[own])
        assert (np.diff(saturation[own][order]) >= -1e-9).all()
    assert len({line.get_marker() for line in panel.get_lines()}) == 3


def test_names_are_shown_as_they_are(runs, drawn):
    figure = drawn("boundary", runs["table"])
    (panel,) = figure.axes
    assert panel.get_xlabel() == "a\\$b\\$\n(standard deviations)"
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert r" _first\$ (training data, seed 0)" in legend  # an underscore alone would hide it
    assert "<b>second (training data, seed 0)" in legend


def test_what_it_is_not_for(runs):
    assert unfit(runs["sine"]) == "it is a regression; `fitted` is for one input"
