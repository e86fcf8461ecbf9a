"""Races: lanes in place of a stack. Literal messages, overrides, names, and what the other commands make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from regx.cli.app import app
from regx.config.config import settings_of
from regx.config.load import load_any, load_config, load_grid, load_lanes, load_source
from regx.config.overrides import short_axes
from regx.core.errors import InputError
from regx.reference.interactions import lane_warnings
from regx.reference.json_schema import json_schema
from regx.regularizers import L2, Dropout

RACE = """\
dataset: {name: sine, n_train: 12}
lanes:
  none:
  l2: [l2: 0.01]
  both:
    - l2: {lam: 0.01}
    - dropout
optimizer: {name: sgd, lr: 0.1}
seeds: 3
"""


@pytest.fixture
def race(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`r.yaml` in the current directory, with three lanes."""
    monkeypatch.chdir(tmp_path)
    path = Path("r.yaml")
    path.write_text(RACE)
    return path


def message(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(InputError) as failure:
        call(*arguments, **named)
    return str(failure.value)


def stacks(path: Path, *overrides: str) -> dict[str, list[Any]]:
    return {cell.config.name: cell.config.resolved["regularizers"] for cell in load_lanes(path, overrides).cells}


def test_a_lane_is_the_config_with_its_stack_under_its_name(race: Path) -> None:
    grid = load_lanes(race)
    assert (grid.name, grid.axes, grid.lanes) == ("r", (), True)
    assert [cell.point for cell in grid.cells] == [{"lane": "none"}, {"lane": "l2"}, {"lane": "both"}]
    content = yaml.safe_load(RACE)
    lanes = content.pop("lanes")
    for cell in grid.cells:
        alone = Path("alone.yaml")
        alone.write_text(yaml.safe_dump({**content, "name": cell.config.name, "regularizers": lanes[cell.config.name]}))
        assert cell.config == load_config(alone)


MISTAKES = {
    "lanes:\n  a b: []": """\
m.yaml:2:3 lanes.a b: expected a name of at most 100 letters, digits, `.`, `_`, `-`, that does not start with `.` or \
`-`, found 'a b'
      a b: []
      ^""",
    "lanes:\n  l2: [l2: -1]": """\
m.yaml:2:12 lanes.l2.l2.lam: expected a number with lam >= 0, found -1
      l2: [l2: -1]
               ^""",
    "lanes:\n  d: [dropou: 0.1]": """\
m.yaml:2:7 lanes.d[0]: expected one of KINDS, found 'dropou'. Did you mean 'dropout'?
      d: [dropou: 0.1]
          ^""",
    "lanes:\n  d: {dropout: 0.1}": """\
m.yaml:2:6 lanes.d: expected a list such as [l2: 0.003], found a mapping
      d: {dropout: 0.1}
         ^""",
    "lanes:\n  l2: [l2: [0.1, -1]]": """\
m.yaml:2:18 lanes.l2.l2.lam: expected a number with lam >= 0, found -1
      l2: [l2: [0.1, -1]]
                     ^""",
    "lanes: {none: [], l2: [l2]}\ndataset: {n_train: [8, 9]}": """\
m.yaml:2:20 dataset.n_train: expected one value, found 2: the lanes of a race share their data. Write a sweep for \
several
    dataset: {n_train: [8, 9]}
                       ^""",
    "lanes: {none: [], l2: [l2]}\nregularizers: [dropout]": """\
m.yaml:2:1 regularizers: a race has no stack but those of its lanes: put these into every lane that is to have them
    regularizers: [dropout]
    ^""",
    "lanes: [l2]": """\
m.yaml:1:8 lanes: expected a mapping from a lane's name to its stack, such as `l2: [l2: 0.003]`, found a list
    lanes: [l2]
           ^""",
    "lanes: {}": """\
m.yaml:1:8 lanes: expected a mapping from a lane's name to its stack, such as `l2: [l2: 0.003]`, found an empty mapping
    lanes: {}
           ^""",
    "lanes:\n  l2: [l2]\n  l2: [l2]": """\
m.yaml:3:3 lanes.l2: this key was given before, at line 2, column 3
      l2: [l2]
      ^""",
    "lanes: {none: []}\ntraining: {epoch: 3}": """\
m.yaml:2:12 training.epoch: expected one of KEYS, found the key 'epoch'. Did you mean 'epochs'?
    training: {epoch: 3}
               ^""",
}


@pytest.mark.parametrize("content", MISTAKES)
def test_mistakes_are_shown_where_they_are(race: Path, content: str) -> None:
    from regx.config.schema import TRAINING_KEYS
    from regx.regularizers import REGISTRY

    Path("m.yaml").write_text(content)
    expected = MISTAKES[content].replace("KINDS", ", ".join(REGISTRY)).replace("KEYS", ", ".join(TRAINING_KEYS))
    assert message(load_lanes, "m.yaml") == expected


def test_every_mistake_of_every_lane_is_named_at_once(race: Path) -> None:
    Path("m.yaml").write_text("lanes:\n  a: [l2: -1]\n  b: [dropout: 2]\noptimizer: {lr: -1}\nseed: 3\n")
    said = message(load_lanes, "m.yaml")
    assert [line.split(":", 3)[2:3] for line in said.splitlines() if line.startswith("m.yaml")] == [
        ["11 lanes.a.l2.lam"], ["16 lanes.b.dropout.p"], ["17 optimizer.lr"], ["1 seed"],
    ]  # fmt: skip


def test_without_lanes_it_is_no_race(race: Path) -> None:
    Path("c.yaml").write_text("regularizers: [l2]\n")
    said = message(load_lanes, "c.yaml")
    assert said.startswith("c.yaml: expected a race, whose `lanes:` is a mapping from a lane's name to its stack")
    assert said.endswith("type: regx run c.yaml")


OVERRIDES = {
    "lanes.both.dropout.p=0.4": {"both": [L2(lam=0.01), Dropout(p=0.4)]},
    "lanes.both.l2=off": {"both": [Dropout()]},
    "lanes.none.l2.lam=2": {"none": [L2(lam=2.0)]},
    "lanes.l2=[l2: 3]": {"l2": [L2(lam=3.0)]},
    "lanes.more=[l2: 5]": {"more": [L2(lam=5.0)]},
}


@pytest.mark.parametrize("override", OVERRIDES)
def test_an_override_changes_its_lane_alone(race: Path, override: str) -> None:
    (lane, members), *_ = OVERRIDES[override].items()
    assert stacks(race, override) == {**stacks(race), lane: [{one.kind: settings_of(one)} for one in members]}


def test_a_name_with_dots_is_told_from_the_key_that_follows(race: Path) -> None:
    race.write_text("lanes: {l2: [l2: 0.1], l2.5: [l2: 5]}\n")
    found = stacks(race, "lanes.l2.5.l2.lam=7", "lanes.l2.l2.lam=6")
    assert found == {"l2": [{"l2": settings_of(L2(lam=6.0))}], "l2.5": [{"l2": settings_of(L2(lam=7.0))}]}


def test_a_lane_can_be_left_out_and_shared_settings_are_everybodys(race: Path) -> None:
    grid = load_lanes(race, ["lanes.both=off", "optimizer.lr=0.5"], seeds="4,2")
    assert [cell.config.name for cell in grid.cells] == ["none", "l2"]
    assert {cell.config.resolved["optimizer"]["lr"] for cell in grid.cells} == {0.5}
    assert {cell.config.seeds for cell in grid.cells} == {(4, 2)}


def test_along_an_axis_there_is_a_lane_for_every_value(race: Path) -> None:
    grid = load_lanes(race, ["optimizer.lr=0.1,1", "lanes.both.dropout=off,on", "lanes.l2.l2.lam=2,3"])
    assert {cell.config.name: cell.point for cell in grid.cells} == {
        "none-lr-0.1": {"lane": "none", "optimizer.lr": 0.1},
        "none-lr-1.0": {"lane": "none", "optimizer.lr": 1.0},
        "l2-lr-0.1-lam-2.0": {"lane": "l2", "optimizer.lr": 0.1, "regularizers.l2.lam": 2.0},
        "l2-lr-0.1-lam-3.0": {"lane": "l2", "optimizer.lr": 0.1, "regularizers.l2.lam": 3.0},
        "l2-lr-1.0-lam-2.0": {"lane": "l2", "optimizer.lr": 1.0, "regularizers.l2.lam": 2.0},
        "l2-lr-1.0-lam-3.0": {"lane": "l2", "optimizer.lr": 1.0, "regularizers.l2.lam": 3.0},
        "both-lr-0.1-dropout-off": {"lane": "both", "optimizer.lr": 0.1, "regularizers.dropout": "off"},
        "both-lr-0.1-dropout-on": {"lane": "both", "optimizer.lr": 0.1, "regularizers.dropout": "on"},
        "both-lr-1.0-dropout-off": {"lane": "both", "optimizer.lr": 1.0, "regularizers.dropout": "off"},
        "both-lr-1.0-dropout-on": {"lane": "both", "optimizer.lr": 1.0, "regularizers.dropout": "on"},
    }
    assert [len(cell.config.stack) for cell in grid.cells][-4:] == [1, 2, 1, 2]
    assert grid.folder_name != load_lanes(race, ["optimizer.lr=0.1,2"]).folder_name


WRONG_OVERRIDES = {
    "regularizers.l2.lam=3": "a race has no stack but those of its lanes. Name one: lanes.none.l2.lam; lanes: none,",
    "regularizers=[]": "a race has no stack but those of its lanes. Name one: lanes.none; lanes: none, l2, both",
    "lanes.bth.l2.lam=3": "unknown key 'lanes.bth.l2.lam'. Did you mean 'lanes.both.l2.lam'?",
    "lanes.bth=off": "unknown key 'lanes.bth'. Did you mean 'lanes.both'?",
    "lanes.both.l1=off": "expected a regularizer of the stack, which is l2 + dropout; found l1",
    "lanes.l2.l2.lam=-1": "--set:1:23 lanes.l2.l2.lam: expected a number with lam >= 0, found -1",
    "dataset.noise=1,2": "--set:1:21 dataset.noise: expected one value, found 2: the lanes of a race share their data",
    "optimizer.lr=1,-2": "--set:1:22 optimizer.lr: expected a number with lr > 0, found -2",
}


@pytest.mark.parametrize("override", WRONG_OVERRIDES)
def test_wrong_overrides(race: Path, override: str) -> None:
    said = message(load_lanes, race, [override])
    assert WRONG_OVERRIDES[override] in said
    assert f"--set {override}" in said


def test_other_commands_say_what_to_type(race: Path) -> None:
    expected = """\
r.yaml:2:1 lanes: expected one stack, found lanes: this config is a race. Type: regx race r.yaml
    lanes:
    ^"""
    assert message(load_config, race) == expected
    assert message(load_grid, race) == expected
    assert message(load_grid, race, axes=short_axes(lam="1,2")) == expected
    assert "optimizer.lr: expected a number" in message(load_config, race, ["optimizer.lr=-1"])


def test_lanes_with_nothing_behind_it_is_commented_out(race: Path) -> None:
    Path("c.yaml").write_text("lanes:\nregularizers: [l2: 3]\n")
    assert load_config("c.yaml").stack == (L2(lam=3.0),)


def test_the_folder_is_of_everything_but_the_seeds(race: Path) -> None:
    name = load_lanes(race).folder_name
    assert name.startswith("r-race-")
    assert load_lanes(race, seeds=9).folder_name == name
    assert load_lanes(race, ["lanes.both=off"]).folder_name != name
    assert load_lanes(race, ["lanes.l2.l2.lam=1"]).folder_name != name
    assert load_lanes(race, ["optimizer.lr=1"]).folder_name != name


def test_the_data_is_that_of_all_lanes(race: Path) -> None:
    assert load_source(race, ["dataset.n_val=7"]) == load_lanes(race, ["dataset.n_val=7"]).cells[1].config.dataset
    done = CliRunner().invoke(app, ["data", "r.yaml", "--out", "out"])
    assert done.exit_code == 0, done.output
    assert len(Path("out/train.csv").read_text().splitlines()) == 13


def test_validate_checks_every_lane_and_says_of_which_a_warning_is(race: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "r.yaml", "-s", "optimizer=adam", "-s", "lanes.none.layer_norm=on"])
    assert done.stdout == "r.yaml: ok, r, a race of 3: none, l2, both\n"
    assert done.stderr.startswith("note: l2, both: l2 with adam: ")
    configs = [cell.config for cell in load_lanes(race, ["lanes.both.batch_norm=on"]).cells]
    of_pair, of_batch = lane_warnings(configs)
    assert of_pair.startswith("both: dropout with batch_norm: ")
    assert of_pair.endswith("such as -s lanes.LANE.dropout=off.")
    assert of_batch.startswith("both: batch_norm on the full batch: ")


def test_load_any_is_a_race_or_a_grid(race: Path) -> None:
    Path("c.yaml").write_text("regularizers: [l2: [1, 2]]\n")
    assert load_any(race) == load_lanes(race)
    assert load_any("c.yaml") == load_grid("c.yaml")


def test_editors_know_lanes() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    validator.validate(yaml.safe_load(RACE))
    assert not validator.is_valid({"lanes": {"l2": {"l2": 1}}})
    assert not validator.is_valid({"lanes": {"l2": [{"l2": {"lamda": 1}}]}})
    assert not validator.is_valid({"lanes": ["l2"]})
    assert not validator.is_valid({"lanes": {}})
    assert not validator.is_valid({"lanes": {"two words": []}})
