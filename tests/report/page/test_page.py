"""The page without a browser: what stands in it, what it refuses to overwrite, and how large it is."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regx.core.errors import InputError
from regx.core.text import clean
from regx.page.build import build
from regx.page.figures import plot_text
from regx.page.write import check_output, render, write_page
from regx.store.files import ABOUT, SUMMARY, SWEEP, read_json, write_json

HOSTILE = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """The elements of a page with the names of their attributes, its text, and its block of data."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.data = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, *(name for name, _ in attrs)))
        self._inside = "data" if ("id", "regx-data") in attrs else tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "data":
            self.data += data
        elif self._inside not in ("script", "style"):
            self.text.append(data)


@pytest.fixture(scope="module")
def content(sine: Path, table: Path) -> dict[str, Any]:
    return build([str(sine), str(table)], None, "test_loss")[0]


@pytest.fixture(scope="module")
def words(page: Path) -> str:
    return " ".join(" ".join(Reader(page.read_text()).text).split())


@pytest.fixture(scope="module")
def elements(page: Path) -> list[tuple[str, ...]]:
    return Reader(page.read_text()).elements


def test_everything_is_there(words: str, page: Path) -> None:
    for said in (
        "Which regularization helped: sine, table.csv",
        "kind of table.csv",
        "test loss",
        "Difference: to the baseline, seed by seed, with its 95 % interval",
        "What changed in the networks",
        "Diagnosis:",
        "regularizers.l2.lam = 0.02",
        "regularizers.dropout.p = 0.1",
        "How to reproduce",
        "hidden: [8, 6]",
        "numpy",
        HOSTILE,
    ):
        assert said in words, said
    assert "`" not in words
    text = page.read_text()
    assert "http://" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(?!#|data:,)', re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL))


def test_the_data_is_json_that_names_every_run(page: Path) -> None:
    data = json.loads(Reader(page.read_text()).data)
    assert [run["label"] for run in data["runs"]].count(HOSTILE) == 1
    assert len(data["runs"]) == 8
    assert len({(run["colour"], run["symbol"]) for run in data["runs"][:7]}) == 7
    race = data["races"]["race-0"]
    assert race["epochs"][0] == 0
    assert race["epochs"][-1] == 40
    assert all(len(lane["frame"]) == len(race["epochs"]) for lane in race["lanes"])


def test_plotly_knows_every_property_of_the_figures(content: dict[str, Any]) -> None:
    from plotly.graph_objects import Figure

    for figure in content["data"]["figures"].values():
        Figure(figure["data"], figure["layout"])


@settings(max_examples=15)
@given(
    st.text(min_size=1, max_size=30)
    | st.sampled_from([HOSTILE, '" onload="x', "'--></script><b>", "{{ 7*7 }}", "\u2028"])
)
def test_no_name_becomes_markup(content: dict[str, Any], elements: list[tuple[str, ...]], name: str) -> None:
    """Every word that comes from a run is replaced by any text: the elements and their attributes stay the same."""
    name = clean(name)

    def replaced(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: replaced(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [replaced(inner) for inner in item]
        return item.replace("l2", name) if isinstance(item, str) else item

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plotly.offline.get_plotlyjs", lambda: "")
        after = Reader(render(replaced(content)))
    assert after.elements == elements
    assert json.loads(after.data) == json.loads(json.dumps(replaced(content["data"])))
    assert name in "".join(after.text)


@given(st.text())
def test_plotly_gets_text_without_markup_or_placeholders(text: str) -> None:
    escaped = plot_text(text)
    assert not re.search(r"<|>|%\{|&(?!amp;|lt;|gt;|#123;)", escaped)
    decoded = escaped
    for code, sign in (("%&#123;", "%{"), ("&gt;", ">"), ("&lt;", "<"), ("&amp;", "&")):
        decoded = decoded.replace(code, sign)
    assert decoded == text
    assert html.unescape(plot_text(HOSTILE)) == HOSTILE


def test_no_script_runs_but_two(page: Path) -> None:
    import base64
    import hashlib

    text = page.read_text()
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == 2
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1])
    allowed = dict(rule.split(" ", 1) for rule in re.split(r"\s*;\s*", policy))
    assert allowed["default-src"] == "'none'"
    hashes = [f"'sha256-{base64.b64encode(hashlib.sha256(one.encode()).digest()).decode()}'" for one in scripts]
    assert allowed["script-src"].split() == hashes


def test_a_page_over_ten_runs_is_small(tmp_path: Path, train: Callable[..., Path]) -> None:
    text = """
dataset: {name: circle, n_train: 40, n_val: 20, n_test: 20}
architecture: {hidden: [48, 48, 48, 48, 48]}
training: {epochs: 60, snapshots: 60}
seeds: 1
"""
    one = train(tmp_path / "runs", "run0", text)
    for number in range(1, 10):
        other = shutil.copytree(one, tmp_path / "runs" / f"run{number}")
        write_json(other / SUMMARY, {**read_json(other / SUMMARY), "name": f"run{number}"})
    assert write_page([str(tmp_path / "runs")], tmp_path / "page.html") == []
    size = (tmp_path / "page.html").stat().st_size
    assert size < 8_000_000, size
    data = json.loads(Reader((tmp_path / "page.html").read_text()).data)
    assert len(data["races"]["race-0"]["lanes"]) == 10
    assert 24 <= len(data["races"]["race-0"]["epochs"]) <= 40  # a few dozen


def test_the_same_runs_give_the_same_bytes(page: Path, sine: Path, table: Path, tmp_path: Path) -> None:
    write_page([str(sine), str(table)], tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == page.read_bytes()


def test_a_damaged_run_is_named_and_hides_no_other(sine: Path, tmp_path: Path) -> None:
    shutil.copytree(sine, tmp_path / "runs")
    (l2,) = (tmp_path / "runs").glob("l2-*")
    (hostile,) = (tmp_path / "runs").glob("hostile-*")
    (l2 / "metrics.csv").write_text("seed\n")
    snapshots = hostile / "snapshots.npz"
    snapshots.write_bytes(snapshots.read_bytes()[:-100])
    problems = write_page([str(tmp_path / "runs")], tmp_path / "page.html")
    assert len(problems) == 2
    reader = Reader((tmp_path / "page.html").read_text())
    for file in (l2 / "metrics.csv", snapshots):
        assert any(f"{file}: damaged" in problem for problem in problems)
        assert any(f"{file}: damaged" in text for text in reader.text)
    assert len(json.loads(reader.data)["runs"]) == 5


def test_diverged_and_peeked_runs_are_marked(tmp_path: Path, fabricated: Any) -> None:
    from tests.store.fabricated import write_run

    dataset = {"name": "sine", "n_train": 30, "n_val": 30, "n_test": 200, "noise": 0.3, "label_noise": 0.0}
    networks = [fabricated.trained(seed, 0.2, diverged=seed == 1) for seed in range(6)]
    config = fabricated.config("broken", [{"l2": {"lam": 1.0}}], range(6), dataset=dataset)
    write_run(tmp_path / "broken", config, networks, fabricated.ABOUT)
    fabricated.store(tmp_path / "none", [0.1] * 6, dataset=dataset)
    losses = [0.05, 0.06, 0.04, 0.05, 0.03, 0.07]
    peeked = fabricated.store(tmp_path / "peeked", losses, stack=[{"l2": {"lam": 0.1}}], dataset=dataset)
    for file in (SUMMARY, ABOUT):
        write_json(peeked / file, {**read_json(peeked / file), "peek": True})
    content = build([str(tmp_path)], None, "test_loss")[0]
    (group,) = content["groups"]
    assert "Diverged, and in no mean: broken (seeds: 1 of 6)." in group["conclusion"]
    peeking = "The test split was used for choosing (--peek), so its loss is no honest estimate: peeked."
    assert peeking in group["conclusion"]
    text = " ".join(Reader(render(content)).text)
    assert "1 diverged" in text
    assert "chose by the test split" in text
    assert "Train with" in text  # no snapshots: how to get them


def test_what_differs_beside_the_regularizers_stands_in_the_conclusion(tmp_path: Path, fabricated: Any) -> None:
    fabricated.store(tmp_path / "none", [0.1, 0.12, 0.11, 0.13, 0.1])
    fabricated.store(
        tmp_path / "l2",
        [0.05, 0.06, 0.07, 0.06, 0.05],
        stack=[{"l2": {"lam": 0.1}}],
        optimizer={"name": "adam", "lr": 0.1},
        training={"epochs": 4, "batch_size": "full", "snapshots": 40},
    )
    (group,) = build([str(tmp_path)], None, "test_loss")[0]["groups"]
    assert "l2 differs from none in optimizer.lr too, so what helped need not be a regularizer." in group["conclusion"]


def test_of_a_compact_sweep_the_best_cells_are_drawn(tmp_path: Path, fabricated: Any) -> None:
    for lam, loss in ((0.1, 0.3), (0.01, 0.1), (0.001, 0.2)):
        fabricated.store(tmp_path / f"l2-{lam}", [loss] * 5, stack=[{"l2": {"lam": lam}}])
    axis = {"key": "regularizers.l2.lam", "values": [0.1, 0.01, 0.001, 0.0001]}
    sweep = {"name": "l2", "axes": [axis], "compact": True}
    write_json(tmp_path / SWEEP, sweep)
    content, problems = build([str(tmp_path)], None, "test_loss")
    assert problems == []
    (strength,) = content["groups"][0]["strengths"]
    assert strength["ticks"] == ["0.001", "0.01", "0.1"]
    assert "only the best cells have run folders" in strength["caption"]
    axis["values"] = [0.1, 0.01, 0.001]  # small enough that every cell is among the best
    write_json(tmp_path / SWEEP, sweep)
    (strength,) = build([str(tmp_path)], None, "test_loss")[0]["groups"][0]["strengths"]
    assert "run folders" not in strength["caption"]
    sweep["axes"] = [{"key": "regularizers.l1.lam", "values": [0.1]}]
    write_json(tmp_path / SWEEP, sweep)
    content, problems = build([str(tmp_path)], None, "test_loss")
    assert content["groups"][0]["strengths"] == []
    assert len(problems) == 1
    assert f"{tmp_path / SWEEP}: damaged: expected axes whose keys" in problems[0]


def test_along_an_axis_of_the_data_losses_are_drawn_and_no_fit(tmp_path: Path, fabricated: Any) -> None:
    cells = []
    for noise in (0.1, 0.5):
        dataset = {"name": "sine", "n_train": 30, "noise": noise}
        about = {"data_fingerprint": f"{noise}" * 8}
        fabricated.store(tmp_path / f"noise-{noise}", [noise] * 5, dataset=dataset, about=about)
        cells.append({"run": f"noise-{noise}", "point": {"dataset.noise": noise}})
    axes = [{"key": "dataset.noise", "values": [0.1, 0.5]}]
    write_json(tmp_path / SWEEP, {"name": "noise", "axes": axes, "cells": cells})
    content, problems = build([str(tmp_path)], None, "test_loss")
    assert problems == []
    (strength,) = [one for group in content["groups"] for one in group["strengths"]]
    assert strength["ticks"] == ["0.1", "0.5"]
    assert "The data differs along dataset.noise" in strength["note"]
    assert strength["kind"] is None


def test_runs_of_one_name_on_several_datasets_keep_it(tmp_path: Path, fabricated: Any) -> None:
    for table in ("first.csv", "second.csv"):
        dataset = {"name": "csv", "path": f"/data/{table}", "target": "price €"}
        about = {"data_fingerprint": table, "dataset": "csv"}
        fabricated.store(tmp_path / table, [0.1] * 5, name="none", dataset=dataset, about=about)
    content, _ = build([str(tmp_path)], None, "test_loss")
    assert content["title"] == "first.csv, second.csv"
    assert [group["name"] for group in content["groups"]] == ["price € of first.csv", "price € of second.csv"]
    assert [run["label"] for run in content["data"]["runs"]] == ["none", "none"]


def test_how_the_networks_of_a_race_end_is_said(tmp_path: Path, train: Callable[..., Path]) -> None:
    train(tmp_path, "stop", **{"regularizers.early_stopping.patience": 1, "optimizer.lr": 0.3})
    train(tmp_path, "boom", **{"optimizer.name": "sgd", "optimizer.lr": 1e30})
    content = build([str(tmp_path)], None, "test_loss")[0]
    boom, stop = content["data"]["races"]["race-0"]["lanes"]
    assert (stop["ended"], boom["ended"]) == ("stopped", "diverged")
    assert stop["reported"] < stop["last"] < 40
    assert f"early_stopping(1) ends at epoch {stop['last']} with" in content["groups"][0]["race"]["caption"]
    assert f"none diverges at epoch {boom['last']} with" in content["groups"][0]["race"]["caption"]


def test_where_no_picture_of_the_prediction_is_possible_the_page_says_why(
    table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("regx.page.group.surface_of", lambda _: None)
    content = build([str(table)], None, "test_loss")[0]
    assert content["groups"][0]["race"]["figures"] == ["loss", "weights"]
    assert "There is no fit or boundary to draw: the data has 2 features" in render(content)


def test_a_run_without_a_finished_seed_has_no_curves(tmp_path: Path, fabricated: Any) -> None:
    from tests.store.fabricated import write_run

    networks = [fabricated.trained(seed, 0.2, diverged=True) for seed in range(2)]
    write_run(tmp_path / "gone", fabricated.config("gone", seeds=range(2)), networks, fabricated.ABOUT)
    text = " ".join(Reader(render(build([str(tmp_path)], None, "test_loss")[0])).text)
    assert "No seed of these runs came to its end" in text
    assert "2 diverged" in text


@pytest.mark.parametrize("written", ["notes", '<meta name="generator" content="other">'])
def test_another_file_is_not_overwritten(sine: Path, page: Path, tmp_path: Path, written: str) -> None:
    path = tmp_path / "report.html"
    path.write_text(written)
    with pytest.raises(InputError, match=r"report\.html: expected no file, or a page that `regx report` wrote"):
        write_page([str(sine)], path)
    assert path.read_text() == written
    check_output(path, force=True)
    check_output(page, force=False)  # its own kind needs no force


def test_where_a_page_cannot_stand(sine: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a file to write the page to, found a folder"):
        write_page([str(sine)], tmp_path)
    with pytest.raises(InputError, match="expected a folder to write into, found none"):
        write_page([str(sine)], tmp_path / "nowhere" / "page.html")


def test_the_baseline_and_the_metric_are_chosen(sine: Path, table: Path) -> None:
    (group,) = build([str(sine)], "l2", "train_loss")[0]["groups"]
    verdict = [column["key"] for column in group["table"]["columns"]].index("verdict")
    assert [row["label"] for row in group["table"]["rows"] if row["cells"][verdict]["text"] == "baseline"] == [
        "l2(0.02)"
    ]
    assert "train_loss" in [column["key"] for column in group["table"]["columns"]]
    with pytest.raises(InputError, match=r"--baseline: .*Did you mean 'none'"):
        build([str(sine)], "nnoe", "test_loss")
    (alone,) = build([str(table)], None, "test_accuracy")[0]["groups"]
    assert alone["opening"].startswith("There is nothing to compare yet: no finished seed stands beside no regularizer")
    assert alone["comparison"]["parts"] == ["values"]


def test_numbers_that_are_not_finite_leave_the_data_json(content: dict[str, Any]) -> None:
    assert "NaN" not in json.dumps(content["data"])
    assert np.isfinite(content["data"]["races"]["race-0"]["surface"]["low"])
