"""Predictions for raw rows: every seed through its own preparation, columns by name, and what is said of wrong ones."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from command_line import Regx

import regx as api
from regx.config.load import load_config
from regx.evidence.data import dataset_of
from regx.evidence.rows import predict_rows

N = 80


@pytest.fixture
def frame() -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    size, weight = rng.exponential(size=N) ** 3, rng.normal(size=N)
    town = rng.choice(["Graz", "Linz", "Wien", ""], N)
    day = pandas.Timestamp("2024-01-05") + pandas.to_timedelta(rng.integers(0, 300, N), "D")
    return pandas.DataFrame({
        "size": [f"{value:.4f} m²" if k % 7 else "" for k, value in enumerate(size)], "weight": weight.round(3),
        "town": town, "day": day.strftime("%d.%m.%Y"), "zip": rng.choice(["0101", "0202"], N),
        "price": (weight + (town == "Wien") + 0.1 * rng.normal(size=N)).round(4),
        "kind": np.where(weight > 0.4, "dear", np.where(weight > -0.4, "fair", "cheap")),
        "sold": np.where(weight > 0, "yes", "no"),
    })  # fmt: skip


TARGETS = ("price", "kind", "sold")


@pytest.fixture
def run(request: pytest.FixtureRequest, frame: pandas.DataFrame, tmp_path: Path) -> api.Run:
    path = tmp_path / "table.csv"
    frame.to_csv(path, index=False)
    drop = [name for name in TARGETS if name != request.param]
    return api.run(
        {
            "dataset": {"name": "csv", "path": str(path), "target": request.param, "drop": drop},
            "architecture": {"hidden": [6]}, "training": {"epochs": 12}, "seeds": 3,
        },
        out=tmp_path / "runs",
    )  # fmt: skip


@pytest.mark.parametrize("run", TARGETS, indirect=True)
def test_every_seed_predicts_through_its_own_preparation(run: api.Run, frame: pandas.DataFrame) -> None:
    source = load_config(run.folder / "config.yaml").dataset
    table = source.table()
    for seed in range(3):
        data = source.load(seed)
        for name in ("train", "test"):
            split = getattr(data, name)
            own = run.predict(split.x, seed=seed)
            raw = run.predict(frame, seed=seed)
            if table.classes:
                of_rows = raw[[f"p_{one}" for one in table.classes]].to_numpy()
                own = np.hstack([1 - own, own]) if len(table.classes) == 2 else own
            else:
                of_rows = raw[["prediction"]].to_numpy()
                own = own * data.preparation.spread + data.preparation.center
            # The rows of a split are among all rows.
            for row in own[:10]:
                assert np.abs(of_rows - row).sum(axis=1).min() < 1e-6


@pytest.mark.parametrize("run", TARGETS, indirect=True)
def test_the_mean_is_of_numbers_or_probabilities_and_the_spread_over_seeds(
    run: api.Run, frame: pandas.DataFrame
) -> None:
    mean = run.predict(frame)
    each = [run.predict(frame, seed=seed) for seed in range(3)]
    if "p_yes" in mean or "p_fair" in mean:
        names = [name for name in mean if name.startswith("p_")]
        of = np.stack([one[names].to_numpy() for one in each])
        np.testing.assert_allclose(mean[names].to_numpy(), of.mean(axis=0))
        np.testing.assert_allclose(mean[names].sum(axis=1), 1)
        best = of.mean(axis=0).argmax(axis=1)
        assert mean["prediction"].tolist() == [names[k].removeprefix("p_") for k in best]
        of = of[:, np.arange(N), best]
    else:
        of = np.stack([one["prediction"].to_numpy() for one in each])
        np.testing.assert_allclose(mean["prediction"], of.mean(axis=0))
    np.testing.assert_allclose(mean["spread"], of.std(axis=0, ddof=1))


@pytest.mark.parametrize("run", ["kind"], indirect=True)
def test_the_command_needs_neither_the_table_nor_the_target_nor_an_order(
    run: api.Run, frame: pandas.DataFrame, tmp_path: Path, regx: Regx
) -> None:
    expected = run.predict(frame)
    (tmp_path / "table.csv").unlink()
    shuffled = frame[["town", "zip", "day", "weight", "size"]].assign(extra="?")
    shuffled.to_csv(tmp_path / "new.csv", index=False)
    printed = pandas.read_csv(io.StringIO(regx("predict", run.folder, "new.csv").stdout))
    pandas.testing.assert_frame_equal(printed, expected.reset_index(drop=True), check_dtype=False)
    assert not regx("predict", run.folder, "new.csv", "-o", "out.csv").stdout
    pandas.testing.assert_frame_equal(pandas.read_csv(tmp_path / "out.csv"), printed)
    assert len(json.loads(regx("predict", run.folder, "new.csv", "--json").stdout)) == N
    shuffled[:1].to_csv(tmp_path / "one.csv", index=False)
    assert len(regx("predict", run.folder, "one.csv").stdout.splitlines()) == 2


@pytest.mark.parametrize("run", ["sold"], indirect=True)
def test_an_unseen_level_is_no_level_and_wrong_columns_are_named(
    run: api.Run, frame: pandas.DataFrame, tmp_path: Path, regx: Regx
) -> None:
    rows = frame.assign(town="Bregenz")
    other = frame.assign(town="Dornbirn")
    pandas.testing.assert_frame_equal(run.predict(rows), run.predict(other))
    for changed, message in (
        (frame.rename(columns={"weight": "wait"}), "new.csv:1: expected the columns that"),
        (
            frame.assign(weight=["1"] * 4 + ["heavy"] * (N - 4)),
            "new.csv:6: column 'weight': expected a number, found 'heavy'",
        ),
        (frame.assign(size="12 km"), "new.csv:2: column 'size': expected a number of 'm²', found '12 km'"),
        (frame.assign(day="soon"), "new.csv:2: column 'day': expected a date such as"),
    ):
        changed.to_csv(tmp_path / "new.csv", index=False)
        assert message in regx("predict", run.folder, "new.csv", code=2).stderr
    assert "Did you mean 'wait'?" in regx("predict", run.folder, _renamed(frame, tmp_path), code=2).stderr


def _renamed(frame: pandas.DataFrame, folder: Path) -> str:
    frame.rename(columns={"weight": "wait"}).to_csv(folder / "renamed.csv", index=False)
    return "renamed.csv"


@pytest.mark.parametrize("run", ["price"], indirect=True)
def test_runs_that_are_older_than_the_file_recompute_it_and_a_damaged_one_is_named(
    run: api.Run, frame: pandas.DataFrame
) -> None:
    expected = run.predict(frame)
    path = run.folder / "preparation.json"
    text = path.read_text()
    path.unlink()
    pandas.testing.assert_frame_equal(run.predict(frame), expected)
    path.write_text(text.replace('"fill"', '"full"', 1))
    with pytest.raises(api.InputError, match=r"preparation\.json: damaged"):
        run.predict(frame)


def test_of_generated_data_there_are_no_rows(small: Path, tmp_path: Path) -> None:
    run = api.run(small, seeds=1, out=tmp_path)
    with pytest.raises(api.InputError, match="trained on generated data"):
        run.predict(pandas.DataFrame({"x": [1.0]}))


def test_images_are_predicted_from_a_folder_and_from_arrays_as_the_run_answers(tmp_path: Path) -> None:
    from PIL import Image

    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = np.clip(rng.integers(0, 90, (40, 6, 5)) + 120 * y[:, None, None], 0, 255).astype(np.uint8)
    for root in (tmp_path / "all", tmp_path / "new"):
        for k, image in enumerate(x[: 40 if root.name == "all" else 7]):
            folder = root / ("light" if y[k] else "dark") if root.name == "all" else root
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{k:02}.png")
    (tmp_path / "new" / ".DS_Store").write_bytes(b"what a file manager leaves")
    np.savez(tmp_path / "new.npz", x=x[:7] / 255)  # as a folder's pixels are
    config = {
        "dataset": {"name": "images", "path": str(tmp_path / "all")},
        "architecture": {"conv": [2], "hidden": [4]},
    }
    run = api.run({**config, "training": {"epochs": 3}, "seeds": 2}, out=tmp_path / "runs")
    frame = predict_rows(run, tmp_path / "new").frame()
    pandas.testing.assert_frame_equal(frame, predict_rows(run, tmp_path / "new.npz").frame())
    for seed in (0, 1):
        data = dataset_of(run, seed)
        assert data.images is not None
        mean, deviation = data.images.mean[0], data.images.deviation[0]
        expected = run.predict((x[:7].reshape(7, -1) / 255 - mean) / deviation, seed=seed)[:, 0]
        np.testing.assert_allclose(predict_rows(run, tmp_path / "new", seed).of_seeds[0, :, 1], expected, atol=1e-6)
    np.savez(tmp_path / "wide.npz", x=x[:, :, :4])
    for path, message in (
        ("wide.npz", "expected images of 30 pixels"),
        ("none", "no such file"),
        ("new/00.png", "another kind"),
    ):
        with pytest.raises(api.InputError, match=message):
            predict_rows(run, tmp_path / path)


def test_a_frames_own_types_are_read_as_the_table_was(tmp_path: Path) -> None:
    """As pandas reads the very table back: booleans, codes without their zeros, whole numbers beside missing ones."""
    rng = np.random.default_rng(1)
    code, on = rng.choice(["07030", "60601", "02139"], N), rng.choice(["TRUE", "FALSE"], N)
    kind = rng.choice(["1", "2"], N)
    y = (on == "TRUE") + 2.0 * (kind == "2") + (code == "07030")
    table = pandas.DataFrame({"code": code, "on": on, "kind": kind, "y": y})
    table.to_csv(tmp_path / "t.csv", index=False)
    config = {
        "dataset": {"name": "csv", "path": str(tmp_path / "t.csv"), "target": "y", "categorical": ["kind"],
                    "task": "regression"},
        "architecture": {"hidden": [6]}, "training": {"epochs": 12}, "seeds": 2,
    }  # fmt: skip
    run = api.run(config, out=tmp_path / "runs")
    expected = run.predict(table)
    back = pandas.read_csv(tmp_path / "t.csv")
    assert [back[name].dtype.kind for name in ("code", "on", "kind")] == ["i", "b", "i"]
    pandas.testing.assert_frame_equal(run.predict(back), expected)
    pandas.testing.assert_frame_equal(run.predict(back.astype({"kind": float})), expected)


@pytest.mark.parametrize("run", ["price", "kind"], indirect=True)
def test_a_number_far_beyond_training_is_named(run: api.Run, frame: pandas.DataFrame) -> None:
    rows = frame.astype({"weight": float})
    rows.loc[4, "weight"] = 1e60
    with pytest.raises(api.InputError, match=r"^row 4: what is predicted is no finite number"):
        run.predict(rows)
