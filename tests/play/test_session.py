"""The playground's session: edits are checked and undone, changes are live, and its config trains the same networks."""

import time
from pathlib import Path

import numpy as np
import pytest

import regx
from regx.config.load import load_any
from regx.core.errors import InputError
from regx.play.lane import Lane
from regx.play.session import Session, _cells

RACE = """
name: live
dataset: {name: sine, n_train: 12, n_val: 8, n_test: 10}
architecture: {hidden: [6, 6]}
lanes:
  none: []
  l2: [l2: 0.01]
  dropout: [{dropout: 0.2}, {weight_average: {decay: 0.9}}]
optimizer: {name: adam, lr: 0.01}
training: {epochs: 9}
seeds: 3
"""


class Page:
    """A session whose commands are obeyed at once, without its thread."""

    def __init__(self, text: str = RACE) -> None:
        self.messages: list[dict] = []
        self.session = Session(load_any(text), self.messages.append)

    def send(self, kind: str, **more) -> None:
        self.session._obey({"type": kind, **more})

    def last(self, kind: str) -> dict:
        return [message for message in self.messages if message["type"] == kind][-1]

    def values(self, lane: str) -> np.ndarray:
        return np.concatenate([state.values for state in self.session._lanes[lane].states])


@pytest.fixture
def page() -> Page:
    return Page()


def test_its_config_trains_the_same_networks_bit_for_bit(page: Page, tmp_path: Path) -> None:
    page.send("set", path="optimizer.lr", value=0.02)  # before training, so nothing was changed midway
    page.send("set", path="lanes.l2.l2.lam", value=0.05)
    for _ in range(7):
        page.send("step")
    config = tmp_path / "live.yaml"
    config.write_text(page.last("state")["yaml"])
    grid = load_any(config)
    for cell in grid.cells:
        lane = page.session._lanes[cell.config.name]
        assert lane.epoch == cell.config.training.epochs == 7
        alone = Lane(cell.config)
        alone.train(7)
        assert (np.concatenate([state.values for state in alone.states]) == page.values(cell.config.name)).all()


def test_a_run_on_a_lane_of_it_ends_at_the_same_weights(page: Page, tmp_path: Path) -> None:
    for _ in range(5):
        page.send("step")
    (cell,) = [cell for cell in load_any(page.last("state")["yaml"]).cells if cell.config.name == "l2"]
    from regx.store.files import write_config

    write_config(tmp_path / "l2.yaml", cell.config.resolved)
    weights = regx.run(tmp_path / "l2.yaml", out=tmp_path).weights
    state = page.session._lanes["l2"].states[0]
    for seed in range(3):
        for name, array in state.layout.named(state.values[seed]).items():
            assert (weights[f"seed{seed}/final/{name}"] == array).all()


def test_a_strength_changes_what_follows_and_not_what_was(page: Page) -> None:
    page.send("step")
    before = page.values("l2").copy()
    page.send("set", path="lanes.l2.l2.lam", value=0.5)
    assert (page.values("l2") == before).all()
    assert page.last("state")["changed_midway"]
    page.send("step")
    other = Page()
    other.send("step")
    other.send("step")
    assert not (page.values("l2") == other.values("l2")).all()
    assert (page.values("none") == other.values("none")).all()  # the other lanes go on as if nothing had been


def test_a_change_to_the_same_value_changes_no_bit(page: Page) -> None:
    page.send("step")
    page.send("set", path="optimizer.lr", value=0.01)
    page.send("step")
    other = Page()
    other.send("step")
    other.send("step")
    for lane in ("none", "l2", "dropout"):
        assert (page.values(lane) == other.values(lane)).all()


def test_members_come_and_go_while_it_trains(page: Page) -> None:
    page.send("step")
    page.send("set", path="lanes.none.early_stopping", value={"patience": 3})
    page.send("set", path="lanes.none.gradient_noise", value={"std": 0.1})
    page.send("set", path="lanes.dropout.dropout", value=None)
    page.send("step")
    assert page.last("frame")["epoch"] == 2
    assert "early_stopping" in page.last("state")["yaml"]
    # A layer has weights of its own, so the lane starts again.
    page.send("set", path="lanes.none.layer_norm", value={})
    assert page.last("frame")["epoch"] == 0


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("optimizer.lr", -1, "lr > 0"),
        ("lanes.l2.l2.lam", "much", "expected a number"),
        ("lanes.l2.nothing", {}, "expected one of"),
        ("architecture.hidden", [4000, 4000], "parameters together"),
        ("seeds", list(range(30)), "seeds"),
        ("dataset.n_train", 50_000, "training rows"),
        ("dataset.path", "/etc/passwd", "when it is started"),
        ("dataset.name", "csv", "when it is started"),
        ("nothing.here", 1, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(page: Page, path: str, value: object, said: str) -> None:
    page.send("step")
    before = page.session.document, page.last("frame")["epoch"]
    page.send("set", path=path, value=value)
    assert said in page.last("error")["message"]
    assert (page.session.document, page.last("frame")["epoch"]) == before


def test_undo_takes_back_each_edit(page: Page) -> None:
    start = page.session.document
    page.send("set", path="optimizer.lr", value=0.5)
    page.send("set", path="lanes.more", value=[])
    assert list(page.last("state")["document"]["lanes"]) == ["none", "l2", "dropout", "more"]
    page.send("undo")
    page.send("undo")
    assert page.session.document == start
    assert not page.last("state")["can_undo"]


def test_a_link_is_another_state_of_the_same_data(page: Page) -> None:
    page.send("set", path="optimizer.lr", value=0.5)
    document = page.last("state")["document"]
    other = Page()
    other.send("load", document=document)
    assert other.session.document == document
    table = {**document, "dataset": {"name": "csv", "path": "/etc/passwd", "target": "x"}}
    other.send("load", document=table)
    assert "of other data" in other.last("error")["message"]
    assert other.session.document == document


def test_looking_back_shows_the_function_of_that_epoch(page: Page) -> None:
    page.send("step")
    then = page.last("frame")["lanes"][0]["surface"]
    page.send("step")
    assert page.last("frame")["lanes"][0]["surface"] != then
    page.send("look", epoch=1)
    assert page.last("frame")["lanes"][0]["surface"] == then
    assert page.last("frame")["looking_at"] == 1


def test_the_slider_that_was_moved_leaves_its_losses(page: Page) -> None:
    page.send("step")
    page.send("set", path="lanes.l2.l2.lam", value=0.1)
    (point,) = page.last("frame")["slider"]["points"]
    assert point["value"] == 0.01
    assert set(point["val_loss"]) == {"none", "l2", "dropout"}


def test_its_thread_trains_until_it_is_stopped(page: Page) -> None:
    page.send("stop_at", epoch=40)
    page.session.thread.start()
    page.session.tell({"type": "run"})
    end = time.monotonic() + 20
    while page.last("frame")["epoch"] < 40 and time.monotonic() < end:
        time.sleep(0.05)
    time.sleep(0.2)
    assert page.last("frame")["epoch"] == 40
    page.session.close()
    page.session.thread.join(5)
    assert not page.session.thread.is_alive()


def test_two_features_of_a_table_are_chosen(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{c:.3f},{int(a + b > 0)}" for a, b, c in rng.normal(size=(80, 3))]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(["a,b,c,y", *rows]))
    config = f"dataset: {{name: csv, path: {table}, target: y}}\narchitecture: {{hidden: [4]}}"
    page = Page(config + "\nlanes: {none: []}\nseeds: 2\n")
    page.send("step")
    assert page.last("frame")["inputs"] is None  # three features have no plane
    assert page.last("state")["data"]["columns"] == ["a", "b", "c"]
    page.send("set", path="dataset.drop", value=["c"])
    assert len(page.last("frame")["extent"]) == 2
    assert page.last("frame")["lanes"][0]["surface"]["mean"]


def test_a_config_without_lanes_races_none_against_its_stack() -> None:
    page = Page("dataset: sine\nregularizers: [l2: 0.1]\nseeds: 2\n")
    lanes = page.session.document["lanes"]
    assert list(lanes) == ["none", "stack"]
    assert lanes["none"] == []
    assert lanes["stack"][0]["l2"]["lam"] == 0.1


def test_too_many_lanes_are_refused() -> None:
    with pytest.raises(InputError, match="at most 8 lanes"):
        _cells({"name": "x", "dataset": {"name": "sine"}, "lanes": {f"lane{n}": [] for n in range(9)}})
