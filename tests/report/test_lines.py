from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regx.report.lines import looks_logarithmic, validation_curve

LOSSES = {"train_loss": [0.02, 0.03, 0.05, 0.3], "val_loss": [0.12, 0.07, 0.09, 0.31]}


def axis(text):
    """The labels line, and the column of each tick under which it stands."""
    lines = text.splitlines()
    index = next(index for index, line in enumerate(lines) if "└" in line)
    return lines[index], lines[index + 1]


def test_ticks_marks_and_labels_stand_where_they_belong():
    text = validation_curve([0, 0.001, 0.01, 0.1], LOSSES, {}, {}, chosen=1, width=60, height=11)
    ticks, labels = axis(text)
    columns = [index for index, sign in enumerate(ticks) if sign == "┬"]
    assert columns[2] - columns[1] == pytest.approx(columns[3] - columns[2], abs=1)  # ratios are distances
    assert "╱" in ticks[columns[0] : columns[1]]  # 0 stands apart
    assert labels.split() == ["0", "0.001", "0.01", "0.1"]
    lines = [line.ljust(60) for line in text.splitlines()[:11]]
    assert [line[columns[3]] for line in lines].index("x") <= 1  # the greatest loss is near the top
    assert sum(line[columns[1]] == "┊" for line in lines) >= 7
    assert lines[-1][columns[0]] == "o"  # the least at the bottom
    assert "chosen: 0.001" in text
    assert max(map(len, text.splitlines())) <= 60


def test_linear_axes_are_linear_and_words_are_spread_evenly():
    for values in ([0, 0.2, 0.4, 0.5], [[4], [16], [64], "full"]):
        ticks, labels = axis(validation_curve(values, LOSSES, {}, {}, width=70))
        columns = [index for index, sign in enumerate(ticks) if sign == "┬"]
        ratio = (columns[3] - columns[2]) / (columns[1] - columns[0])
        assert ratio == pytest.approx(0.5 if values[0] == 0 else 1, rel=0.1)
        assert len(labels.split()) == 4


def test_which_axes_look_logarithmic():
    assert looks_logarithmic([0, 0.001, 0.01, 0.1])
    assert looks_logarithmic([8, 32, 128])
    assert not looks_logarithmic([0, 0.1, 0.2, 0.3])
    assert not looks_logarithmic([1, 10])
    assert looks_logarithmic([0, 0.001, 0.1])
    assert not looks_logarithmic([0, 0.2, 0.5])
    assert not looks_logarithmic([-1, 1, 10, 100])
    assert not looks_logarithmic([[4], [64]])


def test_intervals_are_bars():
    lows = {name: [value * 0.5 for value in line] for name, line in LOSSES.items()}
    highs = {name: [value * 1.5 for value in line] for name, line in LOSSES.items()}
    text = validation_curve([1, 2, 3, 4], LOSSES, lows, highs)
    bare = validation_curve([1, 2, 3, 4], LOSSES, {}, {})
    count = sum(line[8:].count("│") for line in text.splitlines()[:16])
    assert count > sum(line[8:].count("│") for line in bare.splitlines()[:16])
    assert "│ 95 % interval" in text
    assert "95 %" not in bare
    nothing = {name: [None] * len(line) for name, line in LOSSES.items()}
    assert validation_curve([1, 2, 3, 4], LOSSES, nothing, nothing) == bare, "as of one seed"


numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True)


@given(data=st.data(), width=st.integers(20, 160), height=st.integers(3, 30))
def test_anything_is_drawn(data, width, height):
    values = data.draw(
        st.lists(st.floats(-1e6, 1e6) | st.integers(0, 99) | st.text("ab", max_size=4), min_size=1, max_size=9)
    )
    line = st.lists(numbers, min_size=len(values), max_size=len(values))
    means, lows, highs = ({"val_loss": data.draw(line), "test_loss": data.draw(line)} for _ in range(3))
    chosen = data.draw(st.none() | st.integers(0, len(values) - 1))
    text = validation_curve(values, means, lows, highs, chosen, width, height)
    assert text == "no losses to draw" or len(text.splitlines()) == height + 3 + (chosen is not None)


def test_more_values_than_columns_are_no_wider():
    values = [float(value) for value in range(200)]
    text = validation_curve(values, {"val_loss": values}, {"val_loss": values}, {"val_loss": values}, 7, width=60)
    assert max(map(len, text.splitlines())) <= 60


@pytest.mark.parametrize("loss", [5e-324, 1e-323, 1.7e308, -5e-324, 0.0])
def test_a_loss_alone_is_drawn_however_small(loss):
    assert "x" in validation_curve([0.1], {"val_loss": [loss]}, {}, {}).split("└")[0]


def test_losses_farther_apart_than_numbers_go_are_drawn():
    assert "x" in validation_curve([1, 2], {"val_loss": [1.7e308, -1.7e308]}, {}, {}).split("└")[0]
