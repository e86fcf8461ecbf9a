from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regx.core.errors import InputError
from regx.figures.plot import Plots
from regx.figures.scale import scale_of, shown
from regx.figures.validation_curve import read, unfit
from regx.stats.aggregate import UNKNOWN
from regx.studies.sweep.result import Tried

COLUMNS = {"train": "train_loss", "validation": "val_loss", "test": "test_loss"}


def lines(panel):
    return {line.get_label(): line for line in panel.get_lines()}


@pytest.fixture(scope="module")
def strengths(swept):
    return swept(regularizers__l2__lam="0,0.001,0.01,0.1")


def mean(run, column):
    """The mean at the last epoch, which is the reported one."""
    rows = run.metrics[run.metrics["epoch"] == run.metrics["epoch"].max()]
    return rows[column].mean()


def test_lines_are_the_mean_losses_along_the_axis(strengths, drawn):
    (panel,) = drawn("validation_curve", strengths).axes
    for split, column in COLUMNS.items():
        line = lines(panel)[split]
        assert list(line.get_xdata()) == [0, 0.001, 0.01, 0.1]
        np.testing.assert_allclose(line.get_ydata(), [mean(run, column) for run in strengths.runs], rtol=1e-6)
        (bars,) = [one for one in panel.collections if one.get_label() == f"{split} interval"]
        for segment, run in zip(bars.get_segments(), strengths.runs, strict=True):
            interval = run.summary["over_seeds"][column]
            np.testing.assert_allclose(segment[:, 1], [interval["low"], interval["high"]])
    assert panel.get_xlabel() == "regularizers.l2.lam (logarithmic)"
    assert panel.get_xscale() == "symlog"
    assert [text.get_text() for text in panel.get_xticklabels()] == ["0", "0.001", "0.01", "0.1"]


def test_the_value_of_least_validation_loss_is_marked(strengths, drawn):
    best = min(strengths.cells, key=lambda cell: mean(cell.run, "val_loss"))
    point = best.point
    figure = drawn("validation_curve", strengths)
    chosen = f"chosen: {shown(point['regularizers.l2.lam'])} (by validation loss)"
    mark = lines(figure.axes[0])[chosen]
    assert list(mark.get_xdata()) == [point["regularizers.l2.lam"]]
    assert list(mark.get_ydata()) == [pytest.approx(mean(best.run, "val_loss"), rel=1e-6)]
    assert chosen in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_compact_sweep_whose_cells_have_no_folders_is_the_same_curve(swept):
    axes = {"regularizers__l2__lam": "0,0.01,0.1", "architecture__hidden": "[[4],[],[2,3],[5]]"}
    plain, compact = swept(**axes), swept(compact=True, **axes)
    assert len(list(compact.folder.glob("*/weights.npz"))) < len(compact.cells)
    one, other = read(plain), read(compact)
    for split in COLUMNS:
        np.testing.assert_array_equal(one.losses[split], other.losses[split])
    # Where rows are just fitted is known of runs alone.
    assert replace(one, losses={}, just_fitted=None) == replace(other, losses={})
    path = compact.folder / "networks.csv"
    path.write_text(path.read_text().replace("completed", "diverged", 1))
    with pytest.raises(InputError, match=r"networks\.csv: damaged: expected line 2 as it was written"):
        Plots([compact.folder], ["validation_curve"])


def with_losses(sweep, *losses, **changed):
    """The sweep with other losses in its cells."""
    cells = [replace(cell, losses=cell.losses | own) for cell, own in zip(sweep.cells, losses, strict=True)]
    return replace(sweep, cells=tuple(cells), **changed)


def test_with_peek_the_choice_is_by_test_loss_and_says_so(strengths, drawn):
    worst = max(range(4), key=lambda index: mean(strengths.runs[index], "val_loss"))

    losses = [{"test_loss": {"mean": 0.5 - (index == worst) * 0.4, "low": None, "high": None}} for index in range(4)]
    peeked = with_losses(strengths, *losses, peek=True)
    assert read(peeked).chosen == (0, worst)
    figure = drawn("validation_curve", peeked)
    assert figure.get_suptitle() == "sweep base (peek)"
    assert f"chosen: {(0, 0.001, 0.01, 0.1)[worst]} (by test loss, with --peek)" in lines(figure.axes[0])


def test_what_partly_diverged_is_not_chosen_while_something_is_whole(strengths):
    order = sorted(range(4), key=lambda index: mean(strengths.runs[index], "val_loss"))

    def partly(*cells):
        changed = [replace(cell, unfinished=int(index in cells)) for index, cell in enumerate(strengths.cells)]
        return read(replace(strengths, cells=tuple(changed))).chosen

    assert partly() == (0, order[0])
    assert partly(order[0]) == (0, order[1])
    assert partly(*order) == (0, order[0])


def test_what_diverged_or_cannot_be_read_is_a_hole(strengths, drawn):
    diverged = replace(strengths.cells[1], losses=dict.fromkeys(COLUMNS.values(), UNKNOWN))
    holed = replace(
        strengths, cells=(strengths.cells[0], diverged, Tried(strengths.cells[2].point), strengths.cells[3])
    )
    (panel,) = drawn("validation_curve", holed).axes
    assert np.isnan(lines(panel)["validation"].get_ydata()).tolist() == [False, True, True, False]


def test_a_second_axis_is_a_line_for_each_of_its_values(swept, drawn):
    sweep = swept(optimizer__lr="0.001,0.01,0.1", architecture__activation="relu,tanh")
    figure = drawn("validation_curve", sweep)
    assert [panel.get_title() for panel in figure.axes] == ["train", "validation", "test"]
    for panel, column in zip(figure.axes, COLUMNS.values(), strict=True):
        for word in ("relu", "tanh"):
            line = lines(panel)[f"architecture.activation = {word}"]
            expected = [
                mean(sweep.at({"optimizer.lr": lr, "architecture.activation": word}).run, column)
                for lr in (0.001, 0.01, 0.1)
            ]
            np.testing.assert_allclose(line.get_ydata(), expected, rtol=1e-6)
    marked = [panel.get_title() for panel in figure.axes if any("chosen" in label for label in lines(panel))]
    assert marked == ["validation"]


def test_more_lines_than_can_be_told_apart_are_a_heat_map(strengths, drawn):
    values = tuple(range(7))
    axes = (replace(strengths.axes[0], key="a", values=values),
            replace(strengths.axes[0], key="b", values=values))  # fmt: skip
    cells = []
    for a in values:
        for b in values:
            loss = {"mean": float(10 * a + b + 1), "low": None, "high": None}
            cells.append(Tried({"a": a, "b": b}, {"val_loss": loss}))
    sweep = replace(strengths, axes=axes, cells=tuple(cells))
    panel, _, bar = drawn("heat_map", sweep).axes[:3]
    (image,) = panel.get_images()
    np.testing.assert_array_equal(image.get_array(), [[10 * a + b + 1 for a in values] for b in values])
    assert (panel.get_xlabel(), panel.get_ylabel()) == ("a", "b")
    assert panel.get_title() == "validation"
    assert bar.get_ylabel() == "loss:\nmean squared error"
    assert lines(panel)["chosen: 0 and 0 (by validation loss)"].get_xydata()[0].round().tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "kind", "positions"),
    [
        ([0.1, 0.001, 0.01], "log", [0.001, 0.01, 0.1]),
        ([0, 0.001, 0.01, 0.1], "symlog", [0, 0.001, 0.01, 0.1]),
        ([0, 0.1, 0.2, 0.3], "linear", [0, 0.1, 0.2, 0.3]),
        ([-1, 0, 1], "linear", [-1, 0, 1]),
        ([5, 10, "full"], "words", [0, 1, 2]),
        ([[4], [64, 64]], "words", [0, 1]),
        ([False, True], "words", [0, 1]),
        ([0.5], "linear", [0.5]),
    ],
)
def test_the_scale_of_an_axis_is_its_natural_one(values, kind, positions):
    scale = scale_of(values)
    assert (scale.kind, list(scale.positions)) == (kind, positions)


def test_labels_that_would_run_into_each_other_are_left_out():
    labels = scale_of([index / 100 for index in range(41)])._labels(3.5)
    assert labels[0] == "0"
    assert 3 < len([label for label in labels if label]) < 20


def test_values_as_words():
    assert [shown(value) for value in (True, False, None, 0.0316228, 5, "full", [64, 64], [])] == [
        "on", "off", "none", "0.0316", "5", "full", "64, 64", "none",
    ]  # fmt: skip


def test_a_race_has_no_axis(strengths):
    assert unfit(replace(strengths, axes=())) == "it has no axis of several values"
