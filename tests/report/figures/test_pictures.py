"""Pictures of runs over images: filters, mistakes, and the contact sheet of what steps see."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import regx
from regx.config.load import load_config
from regx.core.errors import InputError
from regx.evidence.data import dataset_of
from regx.evidence.run import Run, read_run
from regx.figures import filters, mistakes
from regx.figures.pictures import ACROSS, draw_sheet, sheet
from regx.figures.style import styled
from regx.page.images import pictures

CONFIG = {
    "name": "images", "dataset": {"name": "digits", "n_train": 60}, "regularizers": [{"crop": 1}], "seeds": 1,
    "architecture": {"conv": [3], "hidden": [8]}, "training": {"epochs": 3, "batch_size": 20},
    "optimizer": {"name": "adam", "lr": 0.003},
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return read_run(regx.run(CONFIG, out=tmp_path_factory.mktemp("images")).folder)


def test_filters_are_those_of_the_first_convolution(run: Run, drawn: Callable[..., Any]) -> None:
    figure = drawn("filters", run)
    shown = [axes.get_images()[0].get_array() for axes in figure.axes if axes.get_images()]
    weight = run.weights["seed0/reported/0/weight"]  # (1, 3, 3, 3)
    np.testing.assert_array_equal(shown, weight[0].transpose(2, 0, 1))


def test_mistakes_are_wrong_and_the_surest_come_first(run: Run, drawn: Callable[..., Any]) -> None:
    found, data = mistakes.read(run), dataset_of(run, 0)
    p = run.predict(data.test.x, seed=0)
    wrong = p.argmax(1) != data.test.y.argmax(1)
    assert (found.wrong, found.of) == (wrong.sum(), len(p))
    assert all(said != label for said, label in zip(found.said, found.labels, strict=True))
    np.testing.assert_allclose(found.sure, np.sort(p.max(1)[wrong])[::-1][: len(found.sure)])
    first = np.flatnonzero(wrong & (p.max(1) == found.sure[0]))[0]
    np.testing.assert_allclose(found.images[0].ravel() * 16, np.round(found.images[0].ravel() * 16), atol=1e-9)
    assert found.labels[0] == data.classes[data.test.y[first].argmax()]
    titles = [axes.get_title() for axes in drawn("mistakes", run).axes]
    assert titles[0] == f"is {found.labels[0]},\nsays {found.said[0]} ({found.sure[0]:.2f})"


def test_the_sheet_has_each_class_as_it_is_and_as_steps_see_it() -> None:
    config = load_config(CONFIG)
    found, data = sheet(config, 0), config.dataset.load(0)
    assert found.classes == data.classes
    assert found.images.shape == (10, ACROSS, 1, 8, 8)
    assert data.images is not None
    for number, images in enumerate(found.images):
        first = data.train.x[data.train.y.argmax(1) == number][:1]
        np.testing.assert_allclose(images[0], data.images.pixels(first)[0])
        changed = [not np.allclose(one, images[0], atol=1e-5) for one in images[1:]]
        assert sum(changed) > 2  # one of nine places is the old one
        assert len({one.round(4).tobytes() for one in images[1:]}) > 2  # drawn anew
    with styled():
        draw_sheet(found).draw_without_rendering()
    as_they_are = sheet(load_config({**CONFIG, "regularizers": []}), 0)
    assert (as_they_are.stack, as_they_are.images.shape) == ((), (10, ACROSS, 1, 8, 8))


def test_what_has_no_pictures_is_refused_and_left_out_of_the_page(run: Run, runs: dict[str, Run]) -> None:
    with pytest.raises(InputError, match="--pictures: expected images, found sine"):
        sheet(load_config({"dataset": {"name": "sine"}}), 0)
    assert filters.unfit(runs["sine"]) == "its network has no convolutions"
    assert mistakes.unfit(runs["sine"]) == "its data are no images"
    assert pictures(runs["sine"]) == []
    found = pictures(run)
    assert [caption.split()[1] for caption, _ in found] == ["the", "filters", "test"]
    assert all(base64.b64decode(data.partition(",")[2]).startswith(b"\x89PNG") for _, data in found)


def test_three_channels_are_shown_in_colour(run: Run) -> None:
    with styled():
        figure = filters.draw([(run, np.random.default_rng(0).normal(size=(3, 3, 3, 4)))])
    shown = np.array([axes.get_images()[0].get_array() for axes in figure.axes])
    assert shown.shape == (4, 3, 3, 3)
    assert 0 <= shown.min() <= shown.max() <= 1


def test_data_writes_the_sheet(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from regx.cli.app import app

    (tmp_path / "images.yaml").write_text("dataset: {name: digits, n_train: 60}\nregularizers: [flip: 0.5]\n")
    result = CliRunner().invoke(
        app, ["data", str(tmp_path / "images.yaml"), "--out", str(tmp_path / "d"), "--pictures"]
    )
    assert result.stdout.splitlines()[-1] == str(tmp_path / "d" / "pictures.png")
    assert (tmp_path / "d" / "pictures.png").read_bytes().startswith(b"\x89PNG")
