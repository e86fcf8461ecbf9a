"""Where a sweep begins to fit its training rows, and the best strength along it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import regx
from regx.figures import validation_curve
from regx.figures.style import styled
from regx.report.output import Output
from regx.studies.sweep.display import print_sweep
from regx.studies.sweep.interpolation import interpolation
from regx.studies.sweep.result import Sweep, read_sweep

WIDTHS, STRENGTHS = [[2], [12], [48]], [0, 0.1]


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return regx.sweep(
        {
            "name": "wide", "dataset": {"name": "digits", "n_train": 30}, "architecture": {"hidden": WIDTHS},
            "seeds": 2, "regularizers": [{"l2": {"lam": STRENGTHS}}],
            "optimizer": {"name": "adam", "lr": 0.01},
            "training": {"epochs": 60, "eval_every": 60},
        },
        out=tmp_path_factory.mktemp("wide"),
    )  # fmt: skip


def test_the_threshold_is_where_accuracy_becomes_1_and_parameters_suffice(swept: Sweep) -> None:
    for found in (interpolation(swept), interpolation(read_sweep(swept.folder))):
        assert found is not None
        cells = [swept.at({"architecture.hidden": tuple(width), "regularizers.l2.lam": 0}) for width in WIDTHS]
        runs = [cell.run for cell in cells if cell is not None and cell.run is not None]
        assert found.fitted == tuple(run.summary.over_seeds("train_accuracy")["mean"] == 1 for run in runs)
        assert found.fitted == (False, True, True)
        # 64·width + width + 10·width + 10 parameters against 30 rows times 10 outputs
        assert found.enough == tuple(75 * width + 10 >= 300 for (width,) in WIDTHS) == (False, True, True)
        assert list(map(list, found.turn(found.fitted) or ())) == WIDTHS[:2]
        for width, best in zip(WIDTHS, found.best, strict=True):
            at = {lam: swept.at({"architecture.hidden": tuple(width), "regularizers.l2.lam": lam}) for lam in STRENGTHS}
            losses = {lam: cell.loss("val_loss")["mean"] for lam, cell in at.items() if cell is not None}
            assert best == min(losses, key=lambda lam: losses[lam])


def test_table_sentence_and_figure_say_it(swept: Sweep, capsys: pytest.CaptureFixture[str]) -> None:
    print_sweep(swept, Output(None))
    shown = capsys.readouterr()
    text = shown.out + shown.err
    assert "The training error becomes 0 between architecture.hidden=[2] and 12; the network has as many" in text
    assert "The best regularizers.l2.lam by mean loss: " in text
    header, *lines = [line.split("\t") for line in shown.out.splitlines() if "\t" in line]
    of = {row["name"]: row["interpolates"] for row in (dict(zip(header, line, strict=True)) for line in lines)}
    assert of["wide-hidden-2-lam-0.0"] == "no"
    assert of["wide-hidden-48-lam-0.0"] == "yes"
    with styled():
        figure = validation_curve.draw([validation_curve.read(swept)])
        figure.draw_without_rendering()
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"training error becomes 0", "parameters = rows × outputs"} <= set(labels)
    assert "best regularizers.l2.lam at each value" in labels


def test_a_regression_fits_at_a_hundredth_of_the_trivial_loss_and_fewer_rows_are_fitted_first(tmp_path: Path) -> None:
    swept = regx.sweep(
        {
            "dataset": {"name": "sine", "n_train": [3, 12, 60], "noise": 0.5}, "architecture": {"hidden": [6]},
            "regularizers": [], "optimizer": {"name": "adam", "lr": 0.03},
            "training": {"epochs": 400, "eval_every": 400},
            "seeds": 2,
        },
        out=tmp_path,
    )  # fmt: skip
    found = interpolation(swept)
    assert found is not None
    for fitted, cell in zip(found.fitted, swept.cells, strict=True):
        assert cell.run is not None
        trivial = np.mean([one.diagnostics["trivial_train_loss"] for one in cell.run.summary.networks.values()])
        assert fitted == (cell.loss("train_loss")["mean"] <= 0.01 * trivial)
    assert found.enough == (True, True, False)  # 6 + 6 + 6 + 1 = 19 parameters
    assert found.turn(found.enough) == (60, 12)
    assert found.strength is None
    assert "fitted_between" in found.as_json()
