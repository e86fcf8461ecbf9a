"""Run folders of earlier formats: every command reads them, and the same configs find them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import Regx

HERE = Path(__file__).parent
FORMATS = sorted(path.name for path in HERE.glob("format*"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy, in another place than where it was made."""
    shutil.copytree(HERE, tmp_path, dirs_exist_ok=True)
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


AGAIN = [
    ("run", "regression"), ("run", "stopped"), ("run", "table"), ("sweep", "strengths"),
    ("sweep", "widths", "--compact"), ("race", "lanes"),
    ("ablate", "regression", "-s", "training.epochs=20", "--seeds", "2"), ("bias-variance", "draws"),
]  # fmt: skip
LATER = [
    ("ablate", "regression", "-s", "training.epochs=20", "-s", "optimizer.lr=0.01,0.05", "--seeds", "2"),
    ("worth", "lanes", "--rows", "12,24"),
]


@pytest.mark.parametrize(
    ("name", "command"),
    [(name, command) for name in FORMATS for command in (*AGAIN, *LATER * (name != "format1"))],
    ids=lambda one: one if isinstance(one, str) else " ".join(one),
)
def test_the_same_command_finds_its_folder_and_trains_nothing(
    regx: Regx, project: Path, name: str, command: tuple[str, ...]
) -> None:
    before = content(project / name)
    verb, config, *options = command
    regx(verb, f"configs/{config}.yaml", *options, "--out", name)
    after = content(project / name)
    # Compact sweeps of that time had no network that nothing regularizes beside them.
    assert {path for path in after.keys() ^ before.keys() if "/widths-none-" not in path} == set()
    changed = {path for path in before if after[path] != before[path] and Path(path).name != "sweep.json"}
    assert not changed


@pytest.mark.parametrize("name", FORMATS)
def test_every_command_reads_them(regx: Regx, project: Path, name: str) -> None:
    rows = json.loads(regx("compare", name, "--json").stdout)
    # Since format 2 what nothing regularizes stands beside the cells of a sweep.
    assert len(rows) == {"format1": 3 + 3 + 2 + 2 + 4, "format2": 3 + 3 + 3 + 2 + 4 + 8 + 4}[name]
    assert all(row["test_loss"]["mean"] is not None for row in rows)
    assert "damaged" not in regx("diagnose", name).stdout
    regx("plot", name, "--out", "pictures")
    drawn = {path.stem.split("-")[0] for path in (project / "pictures").iterdir()}
    assert {"bias_variance", "validation_curve", "gaps"} <= drawn
    done = regx("report", name, "-o", "page.html")
    assert "damaged" not in done.stderr


def test_studies_since_format_2_are_read(project: Path) -> None:
    from regx.runner.cells import SWEEP
    from regx.studies.ablation.along import read_along
    from regx.studies.recommendation.result import read_recommendation
    from regx.studies.sweep.result import read_sweep
    from regx.studies.worth.result import read_worth

    (along,), (worth,), (recommended,) = (
        (project / "format2").glob(f"*-{what}-*") for what in ("ablate-sweep", "worth", "recommend")
    )
    assert (along / SWEEP).exists()
    assert read_along(read_sweep(along)).members == ("l2", "dropout")
    assert [one.rows for one in read_worth(worth).points] == [12, 24, 12, 24]
    found = read_recommendation(recommended)
    assert {"none", "l2", "l1"} <= {lane.name for lane in found.lanes}
    assert found.conclusion.regularization == "cannot tell"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("run", ["regression", "stopped", "table"])
def test_python_loads_them_and_predicts(project: Path, name: str, run: str) -> None:
    import regx
    from regx.config.load import load_config

    (folder,) = (path for path in (project / name).glob(f"{run}-*") if (path / "run.json").exists())
    loaded = regx.load(folder)
    data = load_config(folder / "config.yaml" if run != "table" else project / "configs/table.yaml").dataset.load(0)
    predicted = loaded.predict(data.test.x, seed=0)
    assert predicted.shape == data.test.y.shape
    if run != "stopped":  # the error of these very predictions
        expected = loaded.summary["seeds"]["0"]["metrics"]["test_loss"]
        assert ((predicted - data.test.y) ** 2).mean() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("config", ["regression", "stopped", "table"])
def test_more_seeds_go_on_from_them(regx: Regx, project: Path, name: str, config: str) -> None:
    import regx as package

    before = next(path for path in (project / name).glob(f"{config}-*") if (path / "run.json").exists())
    old = package.load(before).summary["seeds"]
    done = regx("run", f"configs/{config}.yaml", "--seeds", "4", "--out", name, "--json")
    folder = Path(json.loads(done.stdout)["run"])
    assert folder.name == before.name
    run, alone = package.load(project / folder), json.loads(
        regx("run", f"configs/{config}.yaml", "--seeds", "4", "--out", "anew", "--json").stdout
    )  # fmt: skip
    assert {seed: run.summary["seeds"][seed] for seed in old} == old
    for seed, entry in alone["summary"]["seeds"].items():
        assert run.summary["seeds"][seed]["metrics"] == entry["metrics"]


@pytest.mark.parametrize("name", FORMATS)
def test_what_another_version_left_out_or_added_is_read(regx: Regx, project: Path, name: str) -> None:
    from regx.store.files import read_config, read_json, sha256, write_config, write_json

    (folder,) = (path for path in (project / name).glob("stopped-*"))
    lines = [line.split(",") for line in (folder / "metrics.csv").read_text().splitlines()]
    lacking = lines[0].index("zero_fraction")
    kept = [[*line[:lacking], *line[lacking + 1 :], "0.5"] for line in lines]
    kept[0][-1] = "invented"
    text = [",".join(line) + "\n" for line in kept]
    (folder / "metrics.csv").write_text("".join(text))
    summary = read_json(folder / "summary.json")
    for seed, entry in summary["seeds"].items():
        own = "".join(line for line in text if line.startswith(f"{seed},"))
        entry |= {"bytes": len(own), "unheard_of": 1}
        entry["sha256"]["metrics"] = sha256(own.encode())
        del entry["metrics"]["zero_fraction"]
        entry["metrics"]["invented"] = 0.5
    del summary["over_seeds"]["zero_fraction"]
    write_json(folder / "summary.json", {**summary, "bytes": {}, "unheard_of": {"a": [1]}})
    config, original = (read_config(folder / "config.yaml") for _ in range(2))
    config["training"]["unheard_of"] = True
    config["regularizers"][0]["early_stopping"]["unheard_of"] = 3
    write_config(folder / "config.yaml", {**config, "unheard_of": [1, 2]})
    write_json(folder / "run.json", {**read_json(folder / "run.json"), "unheard_of": "word"})
    (folder / "unheard_of.bin").write_bytes(b"\0")

    (row,) = json.loads(regx("compare", folder, "--json").stdout)
    assert row["zero_fraction"]["mean"] == 0  # computed from the stored weights
    assert row["test_loss"]["mean"] > 0
    for command in (["diagnose", folder], ["plot", folder, "--out", "pictures"], ["report", folder, "-o", "page.html"]):
        assert "damaged" not in regx(*command).stderr
    import regx as package

    run = package.load(folder)
    assert run.metrics["zero_fraction"].isna().all()
    assert (run.metrics["invented"] == 0.5).all()
    assert run.predict([[0.0, 0.0]]).shape == (1, 1)
    refused = regx("run", "configs/stopped.yaml", "--seeds", "4", "--out", name, code=2)
    assert "another `regularizers`" in refused.stderr  # who knows what the key does to a number
    write_config(folder / "config.yaml", original)
    more = regx("run", "configs/stopped.yaml", "--seeds", "4", "--out", name, "--json")
    assert json.loads(more.stdout)["summary"]["seeds"]["3"]["metrics"]["zero_fraction"] is not None
    assert package.load(folder).metrics["zero_fraction"].isna().all()  # a folder keeps its columns


@pytest.mark.parametrize(("command", "file"), [("compare", "run.json"), ("plot", "sweep.json")])
def test_a_later_format_is_refused_by_name_with_what_to_install(
    regx: Regx, project: Path, command: str, file: str
) -> None:
    from regx.store.files import read_json

    kind = "regression-598*" if file == "run.json" else "strengths-*"
    (path,) = (project / "format1").glob(f"{kind}/{file}")
    later = {**read_json(path), "format": 3, "versions": {"regx": "7.1"}}
    path.write_text(json.dumps(later))  # whose seal, if it has one, is of another kind
    arguments = [path.parent] if command == "compare" else [path.parent, "--out", "pictures"]
    done = regx(command, *arguments, code=2 if command == "compare" else 0)
    assert f"{path.name}: expected format 2 or an earlier one, found 3" in done.stderr
    assert "pip install --upgrade 'regx>=7.1'" in done.stderr


def test_the_resolved_config_runs_from_its_folder_wherever_that_is_moved(regx: Regx, project: Path) -> None:
    first = json.loads(regx("run", "configs/table.yaml", "--out", "configs/runs", "--json").stdout)["run"]
    (project / "configs").rename(project / "elsewhere")
    moved = project / Path("elsewhere") / Path(first).relative_to("configs")
    before = content(moved)
    done = regx("run", "elsewhere/table.yaml", "--out", "elsewhere/runs", "--json")
    assert project / json.loads(done.stdout)["run"] == moved
    done = regx("run", moved / "config.yaml", "--out", "elsewhere/runs", "--json")
    assert project / json.loads(done.stdout)["run"] == moved
    assert content(moved) == before
    regx("run", moved / "config.yaml", "--out", "another", "--json")
    rows = json.loads(regx("compare", "elsewhere/runs", "another", "--json").stdout)
    assert len({row["group"] for row in rows}) == 1
    assert rows[0]["test_loss"] == rows[1]["test_loss"]


def test_a_table_that_has_been_renamed_is_the_same_and_another_in_its_place_is_not(regx: Regx, project: Path) -> None:
    folder = project / json.loads(regx("run", "configs/table.yaml", "--json").stdout)["run"]
    before = content(folder)
    table, config = project / "configs" / "table.csv", project / "configs" / "table.yaml"
    other = table.with_name("other.csv")
    other.write_text(table.read_text())
    config.write_text(config.read_text().replace("table.csv", "other.csv"))
    assert project / json.loads(regx("run", config, "--json").stdout)["run"] == folder
    assert content(folder) == before
    other.write_text("\n".join(table.read_text().splitlines()[:-1]))
    assert project / json.loads(regx("run", config, "--json").stdout)["run"] != folder
    assert content(folder) == before


def test_versions_that_are_mixed_are_said(regx: Regx, project: Path) -> None:
    from regx.store.files import read_json, write_json

    (path,) = (project / "format1").glob("regression-598*/run.json")
    about = read_json(path)
    write_json(path, {**about, "versions": {**about["versions"], "numpy": "1.0"}})
    assert "mixed" not in regx("compare", path.parent).stderr
    trained = regx("run", "configs/regression.yaml", "--seeds", "4", "--out", "format1")
    for said in (trained.stderr, regx("compare", path.parent).stderr):
        assert said.count("versions are mixed") == 1
        assert "regx 0.1.0 with NumPy 1.0" in said
    regx("report", path.parent, "-o", "page.html")
    assert "regx 0.1.0 with NumPy 1.0" in (project / "page.html").read_text()
    trainings = read_json(path)["trainings"]
    seeds = read_json(path.with_name("summary.json"))["seeds"]
    assert [trainings[entry.get("training", 0)]["versions"]["numpy"] == "1.0" for entry in seeds.values()] == [
        True, True, True, False
    ]  # fmt: skip
    assert trainings[1]["command"][1:3] == ["run", "configs/regression.yaml"]
