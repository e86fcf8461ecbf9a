"""The parts that the page is made of: words, curves, bytes, positions."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regx.data.circle import Circle
from regx.data.digits import Digits
from regx.data.sine import Sine
from regx.evidence.curves import Curve, learning_curve
from regx.evidence.run import read_run
from regx.figures.scale import scale_of
from regx.page.curves import caption, thin, thinned_curve
from regx.page.figures import class_marks
from regx.page.race import MOST_UNITS, _units
from regx.page.strength import _positions
from regx.page.surface import as_bytes, as_signed_bytes, picture, surface_of, undrawable
from tests.store.fabricated import write_run


@given(st.integers(1, 5000), st.integers(4, 400))
def test_thinning_keeps_the_ends_and_no_more_than_asked(epochs: int, points: int) -> None:
    chosen = thin(np.arange(epochs), points)
    assert chosen[0] == 0
    assert chosen[-1] == epochs - 1
    assert len(chosen) <= max(points, 4)
    assert (np.diff(chosen) > 0).all()
    assert len(chosen) == epochs or len(chosen) > points / 4


def test_a_curve_is_the_mean_with_students_interval_and_stopped_seeds_keep_their_last_value(
    tmp_path: Any, fabricated: Any
) -> None:
    networks = [fabricated.trained(seed, dtype="float64", epochs=epochs) for seed, epochs in ((0, 4), (1, 2), (2, 4))]
    networks.append(fabricated.trained(3, dtype="float64", diverged=True))
    write_run(tmp_path, fabricated.config(seeds=range(4)), networks, fabricated.ABOUT)
    curve = learning_curve(read_run(tmp_path), "test_loss")
    assert curve is not None
    assert curve.low is not None
    assert curve.high is not None
    assert (curve.epoch.tolist(), curve.together) == ([0, 1, 2, 3, 4], 3)
    short = networks[1].metrics["test_loss"]
    at_4 = [networks[0].metrics["test_loss"][4], short[2], networks[2].metrics["test_loss"][4]]
    low, high = stats.t.interval(0.95, 2, np.mean(at_4), stats.sem(at_4))
    assert (curve.mean[4], curve.low[4], curve.high[4]) == pytest.approx((np.mean(at_4), max(low, 0.0), high))
    assert learning_curve(read_run(tmp_path), "test_accuracy") is None
    alone = learning_curve(read_run(tmp_path), "test_loss", seed=1)
    assert alone is not None
    assert alone.low is None
    assert alone.mean.tolist() == pytest.approx(short.tolist())
    thinned = thinned_curve(read_run(tmp_path), "test_loss", 2)
    assert thinned is not None
    assert thinned.low is not None
    assert (thinned.epoch.tolist(), thinned.together) == ([0, 4], 1)
    assert (thinned.mean[-1], thinned.low[-1]) == (curve.mean[4], curve.low[4])


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=30), st.floats(0.01, 5))
def test_bytes_come_back_within_half_a_step(numbers: list[float], scale: float) -> None:
    unsigned = np.frombuffer(base64.b64decode(as_bytes(np.array(numbers), -scale, scale)), np.uint8)
    assert unsigned / 255 * 2 * scale - scale == pytest.approx(np.clip(numbers, -scale, scale), abs=scale / 254)
    signed = np.frombuffer(base64.b64decode(as_signed_bytes(np.array(numbers), scale)), np.int8)
    assert signed * scale / 127 == pytest.approx(np.clip(numbers, -scale, scale), abs=scale / 126)
    assert ((signed == 0) == (np.array(numbers) == 0)).all()  # what is drawn as zero is exactly zero


def test_surfaces() -> None:
    line, plane = surface_of(Sine().load(0)), surface_of(Circle().load(0))
    assert line is not None
    assert plane is not None
    assert (line.kind, line.where.x.shape[1], plane.kind, plane.where.x.shape[1]) == ("line", 1, "map", 2)
    # A map is read row by row: the first feature runs fastest.
    assert plane.where.x[1, 0] > plane.where.x[0, 0]
    assert plane.where.x[1, 1] == plane.where.x[0, 1]
    assert surface_of(Digits().load(0)) is None
    assert "no fit or boundary to draw: the data has 64 features" in undrawable(Digits().load(0))


def test_what_a_picture_shows_is_said_for_each_task() -> None:
    line, plane = (surface_of(source().load(0)) for source in (Sine, Circle))
    assert line is not None
    assert plane is not None
    assert "the dotted line is the test split" in picture(line)["reads"]
    cloud = replace(line, dataset=replace(line.dataset, test=line.dataset.train))
    assert "dots are the test split" in picture(cloud)["reads"]
    assert "the line is the boundary" in picture(plane)["reads"]
    assert [mark["name"] for mark in class_marks(plane)] == ["outside", "inside"]
    numbers = replace(plane, dataset=replace(plane.dataset, task="regression", classes=()))
    assert "boundary" not in str(picture(numbers))
    assert class_marks(numbers) == []
    three = replace(plane, dataset=replace(plane.dataset, task="multiclass", classes=("a", "b\u202e", "c")))
    assert "line" not in picture(three)["reads"]
    assert class_marks(three)[1]["name"] == r"b\u202e"


@given(st.lists(st.tuples(st.integers(1, 300), st.integers(1, 300)), min_size=1, max_size=6), st.integers(1, 10_000))
def test_no_more_weights_are_drawn_than_allowed(shapes: list[tuple[int, int]], most: int) -> None:
    units = _units(shapes, most)

    def drawn(n: int) -> int:
        return sum(min(rows, n) * min(columns, n) for rows, columns in shapes)

    assert units == 8 or drawn(units) <= most
    assert units == MOST_UNITS or units == 8 or drawn(units + 1) > most


def test_positions_along_an_axis() -> None:
    assert _positions(scale_of([0.001, 0.01, 0.1])) == (pytest.approx([-3, -2, -1]), True)
    assert _positions(scale_of([0, 0.001, 0.01, 0.1])) == (pytest.approx([-4, -3, -2, -1]), True)
    assert _positions(scale_of([0.1, 0.2, 0.3])) == ([0.1, 0.2, 0.3], False)
    assert _positions(scale_of(["relu", "tanh"])) == ([0, 1], False)


def test_a_band_is_named_where_one_is_drawn() -> None:
    epoch = np.arange(3)
    one, several = (Curve(epoch, epoch + 1.0, low, low, 3) for low in (None, epoch + 0.5))
    assert "band" not in caption({"a": {"loss": {"train": one}}})
    assert "with the 95 % interval as a band" in caption(
        {"a": {"loss": {"train": one}}, "b": {"loss": {"test": several}}}
    )
