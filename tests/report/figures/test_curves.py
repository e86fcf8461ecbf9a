from __future__ import annotations

import numpy as np

from regx.evidence.curves import learning_curve


def test_every_run_is_a_line_with_its_band_in_each_split(runs, drawn):
    names = ("sine", "sparse", "stopped")
    figure = drawn("curves", *(runs[name] for name in names))
    assert [panel.get_title() for panel in figure.axes] == ["train", "validation", "test"]
    for panel, column in zip(figure.axes, ("train_loss", "val_loss", "test_loss"), strict=True):
        for line, band, name in zip(panel.lines, panel.collections, names, strict=True):
            curve = learning_curve(runs[name], column)
            assert np.array_equal(line.get_ydata(), curve.mean)
            (path,) = band.get_paths()
            assert path.vertices[:, 1].max() == curve.high.max()
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["none", "l1(0.3)", "early_stopping(5)", "95 % interval of the mean"]


def test_runs_on_other_data_stand_in_a_row_of_their_own(runs, drawn):
    figure = drawn("curves", runs["sine"], runs["circle"], runs["unvalidated"])
    assert len(figure.axes) == 9
    assert [len(panel.lines) for panel in figure.axes] == [1, 1, 1, 1, 1, 1, 1, 0, 1] or sorted(
        len(panel.lines) for panel in figure.axes
    ) == [0, *[1] * 8]


def test_one_seed_has_a_line_and_no_band(runs, drawn):
    figure = drawn("curves", runs["one_seed"])
    assert all(len(panel.lines) == 1 and not panel.collections for panel in figure.axes)
