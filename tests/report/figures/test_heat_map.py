from __future__ import annotations

import numpy as np

from regx.figures import heat_map, validation_curve


def test_each_cell_is_a_shade_and_a_number_and_the_chosen_one_is_marked(swept, drawn):
    sweep = swept(regularizers__l2__lam="0,0.01,0.1", optimizer__lr="0.01,0.02")
    figure = drawn("heat_map", sweep)
    validation, test = [panel for panel in figure.axes if panel.images]
    for panel, metric in ((validation, "val_loss"), (test, "test_loss")):
        shades = np.asarray(panel.images[0].get_array())
        for row, lr in enumerate((0.01, 0.02)):
            for column, lam in enumerate((0, 0.01, 0.1)):
                cell = sweep.at({"regularizers.l2.lam": lam, "optimizer.lr": lr})
                assert shades[row, column] == cell.loss(metric)["mean"]
        written = {text.get_text() for text in panel.texts}
        assert written == {f"{loss:.3g}" for loss in shades.ravel()}
    (star,) = validation.lines
    row, column = np.unravel_index(np.asarray(validation.images[0].get_array()).argmin(), (2, 3))
    assert (round(star.get_xdata()[0]), round(star.get_ydata()[0])) == (column, row)
    assert not test.lines


def test_one_axis_has_none_and_more_lines_than_can_be_told_apart_only_this(swept):
    one, many = (
        swept(regularizers__l2__lam="0,0.01"),
        swept(
            regularizers__l2__lam="0,0.1,0.2,0.3,0.4,0.5,0.6,0.7",
            optimizer__lr="0.001,0.002,0.003,0.004,0.005,0.006,0.007",
        ),
    )
    assert heat_map.unfit(one) == "it has no two axes of several values"
    assert "`heat_map` shows both axes" in validation_curve.unfit(many)
    assert heat_map.unfit(many) is None
