"""How a race stands and what it looks like: fed by hand, drawn at the widths that terminals have."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import regx
from regx.config.load import load_lanes
from regx.core.listener import Glimpse
from regx.core.trained import Trained
from regx.data.breast_cancer import BreastCancer
from regx.data.circle import Circle
from regx.data.csv import CSV
from regx.data.sine import Sine
from regx.evidence.run import read_run
from regx.report.sparkline import ASCII_LEVELS, LEVELS, bar, sparkline
from regx.runner.plan import Trainee
from regx.studies.race.canvas import Canvas
from regx.studies.race.display import View, race_footer, race_lines
from regx.studies.race.scene import PLANE_SIDE, Scene, scene
from regx.studies.race.state import RaceState, mean, race_state

RACE = """\
dataset: {name: sine, n_train: 12, n_val: 8}
lanes:
  none: []
  l2: [l2: 0.01]
  l2_dropout_and_early_stopping: [{l2: 0.01}, {dropout: 0.1}, {early_stopping: 300}]
training: {epochs: 100}
seeds: [3, 5]
"""
EVERYBODY = [Trainee(lane, seed) for lane in (0, 1, 2) for seed in (3, 5)]


@pytest.fixture
def state(tmp_path: Path) -> RaceState:
    """A race of three lanes and the seeds 3 and 5, before its start."""
    path = tmp_path / "r.yaml"
    path.write_text(RACE)
    return race_state([cell.config for cell in load_lanes(path).cells])


def look(
    members: list[Trainee], epoch: int, train: list[float], val: list[float], outputs: Any = None
) -> tuple[list[Trainee], Glimpse]:
    columns = {
        "train_loss": train,
        "val_loss": val,
        "test_loss": [9.0] * len(train),
        "weight_norm": [2.0 + epoch] * len(train),
    }
    return members, Glimpse(
        epoch, np.arange(len(members)), {name: np.array(one) for name, one in columns.items()}, outputs
    )


def ended(seed: int, epoch: int, status: str = "completed") -> Trained:
    reported = {"train_loss": 0.2, "val_loss": 0.1, "weight_norm": 4.0}
    metrics = {"epoch": np.array([0, epoch]), "weight_norm": np.array([2.0, 9.0])}
    return Trained(seed, status, metrics, epoch, "", reported, {}, {}, 1.0)  # type: ignore[arg-type]


def text(state: RaceState, view: View, picture: Scene | None = None) -> list[str]:
    return [line.plain for line in race_lines(state, view, picture)]


# State


def test_a_lane_stands_at_the_means_over_its_seeds(state: RaceState) -> None:
    assert state.leader() is None
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    state.on_glimpse(*look(EVERYBODY, 10, [0.1, 0.3, 0.4, 0.4, 0.5, 0.7], [0.5, 0.7, 0.3, 0.5, 0.8, 0.8]))
    none, l2, both = state.lanes
    assert [mean(lane.train) for lane in state.lanes] == pytest.approx([0.2, 0.4, 0.6])
    assert none.gap == pytest.approx(0.4)
    assert none.growth == pytest.approx(12 / 2)
    assert none.history == [(0.0, 1.0, 2.0), (10.0, pytest.approx(0.2), pytest.approx(0.6))]
    assert state.leader() is l2
    assert both.state() == ("training", "training")


def test_who_is_missing_has_stopped_or_diverged_and_keeps_the_last_loss(state: RaceState) -> None:
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    left = [EVERYBODY[0], EVERYBODY[2], EVERYBODY[3], EVERYBODY[4]]
    state.on_glimpse(*look(left, 10, [0.5] * 4, [1.0] * 4))
    assert [lane.state()[0] for lane in state.lanes] == ["1 diverged", "training", "1 stopped"]
    assert state.lanes[0].train.tolist() == [0.5, 1.0]
    assert state.leader() is state.lanes[1]  # of equal losses, none that has a diverged network


def test_a_lane_in_two_populations_is_one(state: RaceState) -> None:
    for seed in (3, 5):
        state.on_glimpse(*look([Trainee(0, seed)], 0, [1.0], [2.0], np.full((1, 1, 4), float(seed))))
    state.on_glimpse(*look([Trainee(0, 3)], 20, [0.4], [1.0]))
    none = state.lanes[0]
    assert none.status == ["training", "training"]
    assert mean(none.epoch) == 10
    assert mean(none.train) == pytest.approx(0.7)
    assert none.output is not None
    assert none.output.tolist() == [4.0] * 4


def test_what_is_finished_stands_at_what_is_reported(state: RaceState) -> None:
    state.on_trained([Trainee(0, 3), Trainee(0, 5)], [ended(3, 100), ended(5, 40)])
    state.on_trained([Trainee(1, 3), Trainee(1, 5)], [ended(3, 7, "diverged"), ended(5, 100)])
    none, l2, _ = state.lanes
    assert none.status == ["done", "stopped"]
    assert (mean(none.judged), none.growth, mean(none.epoch)) == (0.1, 2.0, 70)
    assert l2.state() == ("1 diverged", "diverged")
    assert math.isnan(l2.judged[0])
    assert state.leader() is none


def test_with_peek_the_test_loss_is_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RACE)
    state = RaceState([cell.config for cell in load_lanes(path).cells], peek=True)
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    assert mean(state.lanes[0].judged) == 9.0
    assert " test " in text(state, View(80, 24))[0]


def test_a_long_history_is_thinned_and_keeps_its_start(state: RaceState) -> None:
    for epoch in range(2000):
        state.on_glimpse(*look([Trainee(0, 3)], epoch, [1.0], [1.0]))
    history = state.lanes[0].history
    assert len(history) <= 128
    assert history[0][0] == 0
    assert history[-1][0] == 1999


# The view


@pytest.mark.parametrize("width", [40, 80, 100, 112, 160, 250])
@pytest.mark.parametrize("height", [6, 10, 24, 50])
@pytest.mark.parametrize("source", [Sine(), Circle(), None])
def test_no_line_is_wider_than_the_terminal_and_all_fit_its_height(
    state: RaceState, width: int, height: int, source: Sine | Circle | None
) -> None:
    picture = scene(source, [0]) if source is not None else None
    outputs = None if picture is None else np.linspace(-1, 1, 2 * len(picture.inputs)).reshape(2, 1, -1)
    none = EVERYBODY[:2]
    state.on_glimpse(*look(none, 0, [1.0, 1.2], [1e-9, 1e9], outputs))
    view = View(width, height)
    lines = race_lines(state, view, picture, race_footer(0.4, "2 of 6 networks, 40%, 3 s left", view))
    assert all(line.cell_len <= width for line in lines)
    assert len(lines) <= height
    assert [any(lane.name[:8] in line.plain for line in lines) for lane in state.lanes] == [True] * 3


def test_at_80_columns_nothing_is_cut(state: RaceState) -> None:
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    state.on_glimpse(*look(EVERYBODY, 100, [0.0421] * 2 + [0.03, 0.05, 1e-5, 1e-5], [0.1] * 6))
    state.on_trained([Trainee(2, 3)], [ended(3, 40)])
    lines = text(state, View(80, 24))
    assert lines[0].split() == ["lane", "epoch", "train", "val", "gap", "weights"]
    assert lines[1].split()[:3] == ["▶", "none", "100"] or lines[3].startswith("▶ l2")
    assert "0.0421" in lines[1]
    assert lines[1].endswith(" x51.00 training")
    assert lines[5].split()[0] == "l2_dropo…topping"
    assert lines[5].endswith(" 1 stopped")
    assert lines[6].strip() == "l2(0.01) + dropout(0.1) + early_stopping(300)"
    assert "█" in lines[1]
    assert len(lines) == 7


def test_weights_that_explode_leave_room_for_the_state(state: RaceState) -> None:
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    for factor, said in ((500, "x500"), (5e8, "x5.0e8"), (5e14, "x5.0e14")):
        state.lanes[0].norm = factor * state.lanes[0].start_norm
        assert text(state, View(80, 24))[1].split()[-2:] == [said, "training"]


def test_where_the_height_is_short_the_stacks_go_and_the_lanes_stay(state: RaceState) -> None:
    lines = text(state, View(80, 6))
    assert len(lines) == 4
    assert not any("dropout(0.1)" in line for line in lines)


def test_where_not_all_lanes_fit_the_best_and_the_footer_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(RACE.replace("  l2:", "".join(f"  lane{n}: []\n" for n in range(18)) + "  l2:"))
    state = race_state([cell.config for cell in load_lanes(path).cells])
    losses = [20.0 - n for n in range(20)] + [19.5]
    state.on_glimpse(*look([Trainee(lane, 3) for lane in range(21)], 0, [1.0] * 21, losses))
    view = View(80, 10)
    lines = [line.plain for line in race_lines(state, view, None, race_footer(0.4, "2 of 42 networks", view))]
    assert len(lines) == 10
    assert [line[2:].split()[0] for line in lines[1:-2]] == [*(f"lane{n}" for n in range(12, 18)), "l2"]
    assert lines[-3].startswith("▶ l2 ")
    assert lines[-2] == "  and 14 lanes more"
    assert lines[-1].endswith("2 of 42 networks")
    assert len(text(state, View(80, 24))) == 22


def test_on_a_narrow_terminal_the_pictures_go_and_the_words_stay(state: RaceState) -> None:
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    state.on_glimpse(*look(EVERYBODY, 200_000, [0.3] * 6, [1.0] * 6))
    for width in (60, 61, 70, 79):
        lines = text(state, View(width, 24))
        assert all(line.endswith(" training") for line in lines[1::2]), width
        assert lines[0].endswith("weights")
        assert len({line.index(" 0.300 ") for line in lines[1::2]}) == 1
        assert all(" 200k " in line for line in lines[1::2])
        footer = race_footer(0.4, "2 of 6 networks, 40%, 3 s left", View(width, 24))
        assert race_lines(state, View(width, 24), None, footer)[-1].plain.endswith("40%, 3 s left")


def test_networks_that_failed_are_said_to_have(state: RaceState, tmp_path: Path) -> None:
    """Their run has no entry for them, and run.json says why."""
    path = tmp_path / "l2.yaml"
    path.write_text("dataset: {name: sine, n_train: 12, n_val: 8}\ntraining: {epochs: 3}\nseeds: [3]\n")
    run = read_run(regx.run(path, out=tmp_path).folder)
    state.stored(state.lanes[1], replace(run, about={**run.about, "failed": {"5": "no memory"}}))
    assert state.lanes[1].state() == ("1 failed", "failed")
    state.on_trained([Trainee(0, 3), Trainee(0, 5)], [ended(3, 100), ended(5, 100)])
    state.lanes[1].judged[:] = 0.0
    assert state.leader() is state.lanes[0]
    assert "1 failed" in text(state, View(80, 24))[3]
    # The same while it is raced.
    state.on_failed([Trainee(0, 5)], "no memory")
    assert state.lanes[0].state() == ("1 failed", "failed")


def test_the_picture_stands_beside_the_lanes_or_below_them(state: RaceState) -> None:
    picture = scene(Sine(), [0])
    assert picture is not None
    members, glimpse = look(
        EVERYBODY, 0, [1.0] * 6, [2.0] * 4 + [1.0] * 2, np.tile(np.sin(picture.inputs[:, 0]), (6, 1, 1))
    )
    state.on_glimpse(members, glimpse)
    beside = text(state, View(160, 24), picture)
    assert beside[0].endswith("l2_dropout_and_early_stopping leads")
    assert any(0x2800 < ord(sign) < 0x2900 for line in beside[1:10] for sign in line)
    assert beside[-1].lstrip() == "⠒ fit  ⠂ truth  o data"
    assert len(beside) == 11  # of three lanes the picture is higher than they are
    assert text(state, View(160, 10), picture) == text(state, View(160, 10))
    below = text(state, View(80, 24), picture)
    assert below[:7] == text(state, View(80, 24))
    assert below[8] == "l2_dropout_and_early_stopping leads"
    assert below[-1] == "⠒ fit  ⠂ truth  o data"
    assert text(state, View(80, 15), picture) == text(state, View(80, 15))


def test_the_legend_is_whole_beside_a_small_plane(state: RaceState) -> None:
    picture = scene(Circle(), [0])
    assert picture is not None
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6))
    for view in (View(112, 24), View(112, 11), View(80, 21)):
        assert text(state, view, picture)[-1].lstrip() == "⠒ boundary  ⠂ truth  o x data"


def test_where_only_ascii_can_be_shown_nothing_else_is(state: RaceState) -> None:
    picture = scene(Circle(), [0])
    assert picture is not None
    inside = picture.source.truth(picture.inputs)[:, 0]  # type: ignore[attr-defined]
    state.on_glimpse(*look(EVERYBODY, 0, [1.0] * 6, [2.0] * 6, np.tile(inside, (6, 1, 1))))
    state.on_glimpse(*look(EVERYBODY, 5, [0.3] * 6, [1.0] * 6))
    assert any("l2_dropo~topping" in line for line in text(state, View(80, 40, ascii=True)))
    lines = text(state, View(160, 40, ascii=True), picture)
    assert all(line.isascii() for line in lines)
    assert "*" in "".join(lines)


def test_names_are_printed_as_they_are(tmp_path: Path) -> None:
    """A lane's name can hold nothing that is markup, but its stack can hold words of a config."""
    path = tmp_path / "r.yaml"
    path.write_text("lanes: {none: []}\n")
    state = race_state([cell.config for cell in load_lanes(path).cells])
    state.lanes[0].stack = "[red]l2[/red]"
    console = Console(file=io.StringIO(), width=80)
    for line in race_lines(state, View(80, 24)):
        console.print(line)
    assert "[red]l2[/red]" in console.file.getvalue()  # type: ignore[attr-defined]


# Sparklines, bars, pictures


def test_a_sparkline_rises_with_the_values() -> None:
    assert sparkline([1.0, 1.2, 1.5, 2.0, 2.9], 5)[0] == LEVELS[0]
    line = sparkline([1.1**n for n in range(8)], 8)
    assert line == LEVELS
    assert sparkline([1.1**n for n in range(8)], 8, ascii=True) == ASCII_LEVELS
    assert sparkline([1.0, math.nan, 2.0], 3) == "▁ █"
    assert sparkline([], 4) == "    "
    assert sparkline([2.0], 3) == "▁  "


def test_a_large_start_does_not_flatten_what_follows() -> None:
    line = sparkline([1000.0, 1.0, 1.5, 2.0], 4)
    assert line[0] == "█"
    assert len(set(line)) == 4


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "    "), (0.5, "██  "), (1, "████"), (2, "████"), (-1, "    "), (1 / 32, "▏   ")]
)
def test_a_bar(share: float, drawn: str) -> None:
    assert bar(share, 4) == drawn
    assert len(bar(share, 4, ascii=True)) == 4
    assert bar(math.nan, 3) == "   "


def test_a_canvas_draws_eight_dots_to_a_character() -> None:
    canvas = Canvas(2, 1)
    dots = np.zeros((4, 4), bool)
    dots[0, 0] = dots[3, 1] = dots[1, 3] = True
    canvas.draw(dots, "green", "*")
    assert [line.plain for line in canvas.lines()] == ["⢁⠐"]  # dots 1 and 8; dot 5
    canvas.mark(np.array([2, 99]), np.array([3, 0]), "red", "o")
    (line,) = canvas.lines()
    assert line.plain == "⢁o"
    assert [str(span.style) for span in line.spans] == ["green", "red"]


def test_the_boundary_is_drawn_where_it_is() -> None:
    """The circle's radius is √1.5 of a half side of 2: its edge crosses the axes at 0.61 of the way from the centre."""
    picture = scene(Circle(), [0])
    assert picture is not None
    p = 1 / (1 + np.exp(4 * (np.square(picture.inputs).sum(axis=1) - 1.5)))
    side = 20
    rows = picture.draw(p, 2 * side, side)
    at = [
        (row, column)
        for row, line in enumerate(rows)
        for span in line.spans
        for column in range(span.start, span.end)
        if "green" in str(span.style)
    ]
    radii = [math.hypot((row + 0.5) / side * 2 - 1, (column + 0.5) / side - 1) for row, column in at]
    assert len(at) > 30
    assert min(radii) > 0.5
    assert max(radii) < 0.72


def test_a_fitted_curve_lies_on_its_truth() -> None:
    picture = scene(Sine(), [0])
    assert picture is not None
    fitted = picture.draw(np.sin(picture.inputs[:, 0]), 60, 16)
    styles = {str(span.style) for line in fitted for span in line.spans if span.style}
    assert "cyan" not in styles  # the truth is hidden all along
    off = picture.draw(np.sin(picture.inputs[:, 0]) + 1, 60, 16)
    assert "cyan" in {str(span.style) for line in off for span in line.spans if span.style}


def test_a_picture_of_nothing_yet_or_of_what_broke_is_the_data_alone() -> None:
    for source in (Sine(), Circle()):
        picture = scene(source, [0])
        assert picture is not None
        broken = np.full(len(picture.inputs), math.nan)
        assert [line.plain for line in picture.draw(broken, 40, 12)] == [
            line.plain for line in picture.draw(None, 40, 12)
        ]


def test_more_features_have_no_picture() -> None:
    assert scene(BreastCancer(), [0]) is None
    picture = scene(Circle(), [0])
    assert picture is not None
    assert picture.inputs.shape == (PLANE_SIDE**2, 2)


def test_a_table_whose_splits_have_other_features_has_no_picture(tmp_path: Path) -> None:
    """A category that only some training splits have: its column is there for some seeds and not for others."""
    rows = "\n".join(f"{'ab'[k == 0]},{k * 1.5},{k % 7}.5" for k in range(30))
    (tmp_path / "t.csv").write_text(f"kind,x,y\n{rows}\n")
    source = CSV(path=str(tmp_path / "t.csv"), target="y")
    narrow = [seed for seed in range(12) if source.load(seed).features == ("x",)]
    assert 0 < len(narrow) < 12
    assert scene(source, narrow) is not None
    assert scene(source, [*narrow, *range(12)]) is None


def test_the_leader_is_taken_at_equal_epochs(state: RaceState) -> None:
    """Populations take turns: who is far ahead in epochs is not ahead for that."""
    none, l2, both = (EVERYBODY[start : start + 2] for start in (0, 2, 4))
    for lane in (none, l2, both):
        state.on_glimpse(*look(lane, 0, [1.0] * 2, [2.0] * 2))
    state.on_glimpse(*look(none, 10, [0.9] * 2, [1.5] * 2))
    state.on_glimpse(*look(none, 1000, [0.1] * 2, [0.3] * 2))
    state.on_glimpse(*look(l2, 10, [0.9] * 2, [1.0] * 2))
    state.on_glimpse(*look(both, 10, [0.9] * 2, [1.2] * 2))
    assert state.leader() is state.lanes[1]
    # What has stopped counts as it ended, from its end on.
    state.on_trained([Trainee(2, 3), Trainee(2, 5)], [ended(3, 10), ended(5, 10)])
    assert state.leader() is state.lanes[2]
    state.on_glimpse(*look(l2, 1000, [0.1] * 2, [0.05] * 2))
    assert state.leader() is state.lanes[1]
