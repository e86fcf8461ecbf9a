"""`regx recommend` as a user types it, on tables so small and trainings so short that only the way is tested."""

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx

from regx.config.load import load_config
from regx.core.streams import stream
from regx.evidence.run import read_runs
from regx.reference.checked import check

SHORT = ("-s", "training.epochs=18", "-s", "training.eval_every=2", "-s", "architecture.hidden=[4]", "--jobs", "1")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A number, a word with gaps, and an outcome that follows from the number."""
    rng = stream(0, "recommend test")
    lines = ["size,town,outcome"]
    for _ in range(60):
        size = rng.standard_normal()
        town = ("Graz", "Linz", "")[rng.integers(3)]
        lines.append(f"{size:.4f},{town},{'yes' if size + 0.3 * rng.standard_normal() > 0 else 'no'}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_it_inspects_races_concludes_and_writes_a_config_that_runs(table: Path, regx: Regx, tmp_path: Path) -> None:
    typed = ("recommend", table.name, "--target", "outcome", "--splits", 2, "-o", "mine.yaml", *SHORT)
    done = regx(*typed)
    assert "60 rows, 1 column of numbers and 1 column of words" in done.stdout
    assert "so the task is binary" in done.stdout
    assert "Config: mine.yaml" in done.stdout
    for name in ("LogisticRegressionCV", "MLPClassifier", "class shares", "chosen on each split", "full"):
        assert f"\n{name}\t" in done.stdout
    assert check(tmp_path / "mine.yaml").line().endswith("1 cell")
    written = (tmp_path / "mine.yaml").read_text()
    assert written.startswith("# ")
    assert "path: table.csv" in written, "both can be moved together"

    # The run of the recommended lane is the run of the written config.
    folder = next((tmp_path / "runs").glob("table-recommend-*"))
    runs, problems = read_runs([folder])
    assert problems == []
    outcome = json.loads((folder / "recommendation.json").read_text())
    assert sorted(run.name for run in runs) == sorted(
        row["lane"].replace("+", "_") for row in outcome["rows"] if row["kind"] == "network"
    )
    assert all(run.seeds == [0, 1] for run in runs)
    digest = load_config(tmp_path / "mine.yaml").digest()
    assert [run for run in runs if run.folder.name.endswith(digest)]
    assert outcome["config"] == "mine.yaml"

    # A second start trains nothing and says the same.
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("metrics.csv")}
    found = json.loads(regx(*typed, "--json").stdout)
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("metrics.csv")}
    assert (tmp_path / "mine.yaml").read_text() == written, "replaced unasked, since nobody had changed it"
    assert all(sentence in done.stdout for sentence in found["conclusion"])
    assert found["splits"] == 2
    assert found["regularization"] == "cannot tell", "two splits tell nothing"
    tuned = json.loads((folder / "tuning.json").read_text())
    assert found["rows"][0]["test_loss"] == pytest.approx(
        np.mean([_plain_chosen(tuned["networks"], found["notes"], seed)["test_loss"] for seed in "01"])
    )


def _plain_chosen(networks: dict[str, dict[str, dict[str, float]]], notes: list[str], seed: str) -> dict[str, float]:
    """Of the plain networks of the chosen kind, of any rate and length, the one with the least validation loss."""
    (told,) = (note for note in notes if note.startswith("The network of all lanes"))
    network = told.split(": ")[1].split(", up")[0]
    there = [of[seed] for key, of in networks.items() if key.startswith("none ") and network in key and seed in of]
    assert len(there) >= 3
    return min(there, key=lambda one: one["val_loss"])


def test_a_dry_run_says_what_would_be_done_and_does_nothing(table: Path, regx: Regx, tmp_path: Path) -> None:
    said = regx("recommend", table, "--target", "outcome", "-n", *SHORT).stdout
    assert "Lanes: none, input_noise" in said
    assert "20 splits" in said
    assert not (tmp_path / "runs").exists()


def test_what_is_there_is_not_overwritten_unasked(table: Path, regx: Regx, tmp_path: Path) -> None:
    mark = "# By regx recommend; unchanged while this fits: 00000000\n"
    (tmp_path / "mine.yaml").write_text(f"{mark}# mine\n")
    said = regx("recommend", table, "--target", "outcome", "-o", "mine.yaml", code=2).stderr
    assert "mine.yaml: there is a file already" in said
    assert (tmp_path / "mine.yaml").read_text() == f"{mark}# mine\n"
    said = regx("recommend", table, "--target", "outcome", "--splits", 3, "--seeds", 4, code=2).stderr
    assert "expected one of the two" in said


def test_the_recommended_network_is_trained_on_all_rows_and_predicts(table: Path, regx: Regx, tmp_path: Path) -> None:
    typed = ("recommend", table.name, "--target", "outcome", "--splits", 2, "--minutes", 0.05, "--fit", *SHORT)
    found = json.loads(regx(*typed, "--json").stdout)
    folder = tmp_path / found["fitted"]
    runs, problems = read_runs([folder])
    assert problems == []
    config = load_config(folder / "config.yaml")
    data = config.dataset.load(0)
    stopped = "early_stopping" in [member.kind for member in config.stack]
    assert (len(data.test.x), len(data.train.x) + len(data.val.x)) == (0, 60)
    assert bool(len(data.val.x)) is stopped
    assert runs[0].seeds == [0, 1, 2, 3, 4]
    stack = {**config.resolved, "seeds": 0, "name": "", "dataset": 0}
    recommended = load_config(tmp_path / found["recommend"] / "recommended.yaml").resolved
    assert stack == {**recommended, "seeds": 0, "name": "", "dataset": 0}, "nothing else is another"
    (tmp_path / "new.csv").write_text("town,size\nGraz,2.5\nLinz,-2.5\n")
    lines = regx("predict", found["fitted"], "new.csv").stdout.splitlines()
    assert lines[0].startswith("prediction,p_no,p_yes")
    assert len(lines) == 3
