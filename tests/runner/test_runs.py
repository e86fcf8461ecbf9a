"""Run folders are brought up to date: only what is missing is trained, and the same bits come out of every way."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import regx
from regx.config.load import load_config
from regx.core.errors import RegxError
from regx.core.listener import Following, Progress, Watchers
from regx.evidence.run import read_run, read_runs
from regx.runner.networks import Options
from regx.runner.plan import Trainee, networks_per_population, plan
from regx.runner.runs import Target, bring_up_to_date

ARRAYS = ["seed0/reported/0/weight", "seed2/final/1/bias"]


def weights(run: regx.Run) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in run.weights.items()}


def test_settings_may_be_numpys_numbers_and_paths(small: Path, tmp_path: Path) -> None:
    plain = regx.run(
        small, set={"training.epochs": 3, "architecture.hidden": [4, 5], "optimizer.lr": 0.25}, out=tmp_path
    )
    numbers = {
        "training.epochs": np.int64(3),
        "architecture.hidden": np.array([4, 5]),
        "optimizer.lr": np.float32(0.25),
    }
    for seeds in (np.arange(3), np.int64(3)):
        assert regx.run(small, set=numbers, seeds=seeds, out=tmp_path).folder == plain.folder  # type: ignore[arg-type]
    with pytest.raises(regx.InputError, match=r"nothing\.csv"):
        regx.run(small, set={"dataset": {"name": "csv", "target": "y", "path": Path("nothing.csv")}}, out=tmp_path)
    with pytest.raises(regx.InputError, match=r"set: expected .* found <object"):
        regx.run(small, set={"optimizer.lr": object()}, out=tmp_path)


@pytest.mark.parametrize("jobs", [0, -1, 2.5])
def test_jobs_that_are_no_number_of_processes(small: Path, tmp_path: Path, jobs: int) -> None:
    with pytest.raises(regx.InputError, match="jobs: expected a whole number from 1"):
        regx.run(small, jobs=jobs, out=tmp_path)


def test_a_seed_has_the_same_bits_alone_together_and_in_workers(small: Path, tmp_path: Path) -> None:
    together = weights(regx.run(small, out=tmp_path / "together", jobs=1))
    in_workers = weights(regx.run(small, out=tmp_path / "workers", jobs=2))
    alone: dict[str, bytes] = {}
    for seed in range(3):
        alone |= weights(regx.run(small, seeds=[seed], out=tmp_path / f"alone{seed}", jobs=1))
    assert together == in_workers == alone


def test_only_missing_seeds_are_trained_and_finished_ones_are_kept(small: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    config = load_config(small, seeds=2)
    target = Target(config, tmp_path / "run")
    bring_up_to_date([target], Options(1, watchers=Watchers(Following(seen.append))))
    before = weights(regx.load(target.folder))
    assert seen[-1] == Progress(share=1.0, networks=2, all_networks=2)

    seen.clear()
    bring_up_to_date([target], Options(1, watchers=Watchers(Following(seen.append))))
    assert seen == []

    more = Target(load_config(small, seeds=4), target.folder)
    bring_up_to_date([more], Options(1, watchers=Watchers(Following(seen.append))))
    assert seen[-1].all_networks == 2
    run = regx.load(target.folder)
    assert sorted(run.summary["seeds"]) == ["0", "1", "2", "3"]
    assert before.items() <= weights(run).items()


@pytest.mark.parametrize("damage", [b"", None])
@pytest.mark.parametrize(
    "file", ["config.yaml", "metrics.csv", "summary.json", "weights.npz", "snapshots.npz", "run.json"]
)
def test_force_trains_a_damaged_run_anew(small: Path, tmp_path: Path, file: str, damage: bytes | None) -> None:
    target = Target(load_config(small, ["training.snapshots=2"], seeds=3), tmp_path / "run")
    bring_up_to_date([target], Options(1))
    before = weights(regx.load(target.folder))
    path = target.folder / file
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("regx.runner.plan.MOST_NETWORKS", 1)  # each seed is written by itself
        patch.setattr("regx.runner.runs.WAIT_PER_WRITING", 0.0)
        bring_up_to_date([target], Options(1, True))
    (run,), problems = read_runs([target.folder], ["rows", "weights", "snapshots"])
    assert not problems
    assert weights(regx.load(target.folder)) == before
    assert run.about["status"] == "completed"


@pytest.mark.parametrize("file", ["metrics.csv", "summary.json", "weights.npz"])
def test_force_trains_a_run_anew_that_cannot_be_read(
    small: Path, tmp_path: Path, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Target(load_config(small, seeds=2), tmp_path / "run")
    bring_up_to_date([target], Options(1))
    before, path = weights(regx.load(target.folder)), target.folder / file
    unreadable, archive, opening = path.stat().st_ino, zipfile.ZipFile, os.open

    def check(opened: Any) -> None:
        if isinstance(opened, Path) and opened == path and path.stat().st_ino == unreadable:
            raise OSError(errno.EIO, "Input/output error")

    def checked(read: Any) -> Any:
        return lambda opened, *rest, **options: check(opened) or read(opened, *rest, **options)

    monkeypatch.setattr(os, "open", checked(opening))
    monkeypatch.setattr(zipfile, "ZipFile", checked(archive))
    with pytest.raises(RegxError, match=r"cannot be read: Input/output error"):
        bring_up_to_date([Target(load_config(small, seeds=3), target.folder)], Options(1))
    bring_up_to_date([target], Options(1, True))
    assert weights(regx.load(target.folder)) == before


def test_force_trains_anew_across_populations(small: Path, tmp_path: Path) -> None:
    run = regx.run(small, out=tmp_path, jobs=1)
    stamp = (run.folder / "summary.json").stat().st_mtime_ns
    forced = regx.run(small, out=tmp_path, jobs=2, force=True)
    assert forced.folder == run.folder
    assert weights(forced) == weights(run)
    assert forced.summary["seeds"]["0"]["seconds"] != run.summary["seeds"]["0"]["seconds"]
    assert (run.folder / "summary.json").stat().st_mtime_ns > stamp


def test_the_table_from_python_is_best_first(small: Path, tmp_path: Path) -> None:
    for name, epochs in (("a", 1), ("b", 300)):
        regx.run(small, seeds=1, set={"name": name, "training.epochs": epochs}, out=tmp_path)
    assert list(regx.compare(tmp_path).name) == ["b", "a"]


def test_a_config_with_and_without_a_regularizer_share_every_other_draw(small: Path, tmp_path: Path) -> None:
    with_l2 = regx.run(small, out=tmp_path)
    without = regx.run(small, set={"regularizers.l2": "off"}, out=tmp_path)
    neutral = regx.run(small, set={"regularizers.l2.lam": 0}, out=tmp_path)
    init = [name for name in with_l2.weights if "/init/" in name]
    assert init
    assert all(np.array_equal(with_l2.weights[name], without.weights[name]) for name in init)
    assert all(np.array_equal(neutral.weights[name], without.weights[name]) for name in without.weights)
    assert not np.array_equal(with_l2.weights[ARRAYS[0]], without.weights[ARRAYS[0]])


def test_smote_trains_on_the_rows_it_adds(tmp_path: Path) -> None:
    path = tmp_path / "smote.yaml"
    path.write_text(
        "dataset: {name: circle, n_train: 40}\narchitecture: {hidden: [6]}\nregularizers: [smote]\n"
        "training: {epochs: 3, batch_size: 16}\nseeds: 2\n"
    )
    full = regx.run(path, out=tmp_path)
    none = regx.run(path, set={"regularizers.smote.share": 0}, out=tmp_path)
    without = regx.run(path, set={"regularizers.smote": "off"}, out=tmp_path)
    assert weights(none) == weights(without)
    assert none.metrics.equals(without.metrics)
    init = [name for name in full.weights if "/init/" in name]
    assert all(np.array_equal(full.weights[name], without.weights[name]) for name in init)
    for seed in range(2):
        ours, theirs = (run.metrics[run.metrics.seed == seed] for run in (full, without))
        # The losses in the tables are those of the split; what was minimised is that of the larger one.
        assert ours.train_loss.iloc[0] == theirs.train_loss.iloc[0]
        assert ours.objective.iloc[1] != theirs.objective.iloc[1]


def test_smote_adds_rows_to_the_minority_of_every_seed(tmp_path: Path) -> None:
    path = tmp_path / "smote.yaml"
    path.write_text("dataset: {name: circle, n_train: 40}\nregularizers: [smote]\ntraining: {epochs: 1}\nseeds: 3\n")
    config = load_config(path)
    seen = set()
    for work in plan([config], [Trainee(0, seed) for seed in range(3)], jobs=1):
        for member, which in zip(work.trainees, work.population.which, strict=True):
            data = work.population.datasets[which]
            assert data.fitted is not None
            assert data.fitted.y.mean() == 0.5
            assert len(data.fitted.x) > len(data.train.x) == 40
            np.testing.assert_array_equal(data.fitted.x[:40], config.dataset.load(member.seed).train.x)
            seen.add(member.seed)
    assert seen == {0, 1, 2}


def test_populations_are_cut_config_by_config_and_hold_only_one_graph(small: Path) -> None:
    configs = [load_config(small, [f"training.epochs={epochs}"], seeds=40) for epochs in (3, 5)]
    members = [Trainee(number, seed) for number in (0, 1) for seed in range(40)]
    works = list(plan(configs, members, jobs=1))
    assert [member for work in works for member in work.trainees] == members
    for work in works:
        assert {work.population.training.epochs} == {configs[member.config].training.epochs for member in work.trainees}
        assert work.population.seeds == tuple(member.seed for member in work.trainees)
        assert len(work.trainees) <= networks_per_population(configs[0], work.population.datasets[0])
    shared = plan(configs, members, jobs=8)
    assert max(len(work.trainees) for work in shared) == 5
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("regx.runner.plan.MOST_NETWORKS", 7)
        of_each = [len(work.trainees) for work in plan(configs[:1], members[:20], jobs=2)]
    assert of_each == [5, 5, 5, 5], "no job has two populations where the other has one"


def test_networks_of_different_strength_share_a_population(small: Path, tmp_path: Path) -> None:
    configs = [load_config(small, [f"regularizers.l2.lam={lam}"], seeds=2) for lam in (0.0, 0.01, 0.1)]
    members = [Trainee(number, seed) for number in range(3) for seed in range(2)]
    (work,) = plan(configs, members, jobs=1)
    l2 = work.population.stack[0]
    np.testing.assert_allclose(l2.lam, [0, 0, 0.01, 0.01, 0.1, 0.1], rtol=1e-6)  # type: ignore[attr-defined]
    targets = [Target(config, tmp_path / str(number)) for number, config in enumerate(configs)]
    bring_up_to_date(targets, Options(1))
    alone = regx.run(small, set={"regularizers.l2.lam": 0.1}, seeds=2, out=tmp_path / "alone")
    assert weights(regx.load(tmp_path / "2")) == weights(alone)


def test_a_table_that_changed_between_two_calls_is_read_anew(tmp_path: Path) -> None:
    table, config = tmp_path / "table.csv", tmp_path / "c.yaml"
    config.write_text("dataset: {name: csv, path: table.csv, target: y}\narchitecture: {hidden: []}\nseeds: 1\n")
    losses = []
    for flip, out in ((1, "before"), (-1, "after")):
        rows = [f"{x * 0.37 % 1},{x * 0.37 % 1 * flip + x % 7}" for x in range(60)]
        table.write_text("\n".join(["x,y", *rows]))
        losses.append(
            regx.run(config, set={"training.epochs": 3}, out=tmp_path / out, jobs=1).metrics.train_loss.tolist()
        )
    assert losses[0] != losses[1]


def test_predict_gives_the_recorded_test_loss(small: Path, tmp_path: Path) -> None:
    run = regx.run(small, out=tmp_path)
    for seed in range(3):
        data = load_config(small).dataset.load(seed)
        predicted = run.predict(data.test.x, seed=seed)
        assert predicted.shape == (10, 1)
        loss = float(np.mean((predicted - data.test.y) ** 2))
        assert loss == pytest.approx(run.summary["seeds"][str(seed)]["metrics"]["test_loss"], rel=1e-5)
    each = [run.predict(data.test.x, seed=seed) for seed in range(3)]
    np.testing.assert_allclose(run.predict(data.test.x), np.mean(each, axis=0), rtol=1e-5, atol=1e-6)


def test_predict_gives_probabilities_for_classes(tmp_path: Path) -> None:
    path = tmp_path / "digits.yaml"
    path.write_text("dataset: digits\narchitecture: {hidden: [8]}\ntraining: {epochs: 2, batch_size: 300}\nseeds: 2\n")
    run = regx.run(path, out=tmp_path)
    data = load_config(path).dataset.load(1)
    predicted = run.predict(data.test.x, seed=1)
    np.testing.assert_allclose(predicted.sum(axis=1), 1, rtol=1e-5)
    right = float(np.mean(predicted.argmax(axis=1) == data.test.y.argmax(axis=1)))
    assert right == pytest.approx(run.summary["seeds"]["1"]["metrics"]["test_accuracy"], abs=1e-6)


def test_predict_says_what_it_expected(small: Path, tmp_path: Path) -> None:
    run = regx.run(small, out=tmp_path)
    with pytest.raises(regx.InputError, match=r"expected shape \(n, 1\).*found \(3, 2\)"):
        run.predict(np.zeros((3, 2)))
    with pytest.raises(regx.InputError, match="expected seed 9, found these completed: 0, 1, 2"):
        run.predict(np.zeros((3, 1)), seed=9)


def test_early_stopping_without_a_validation_split_is_refused(small: Path, tmp_path: Path) -> None:
    with pytest.raises(regx.InputError, match=r"early_stopping: it needs a validation split"):
        regx.run(small, set={"regularizers.early_stopping": "on", "dataset.n_val": 0}, out=tmp_path)
    with pytest.raises(regx.InputError, match="a regression has no val_accuracy"):
        regx.run(small, set={"regularizers.early_stopping.metric": "val_accuracy"}, out=tmp_path)
    assert not list(tmp_path.glob("small-*"))


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_signal_leaves_an_interrupted_run_and_no_process(
    small: Path, tmp_path: Path, sent: signal.Signals, code: int, jobs: int
) -> None:
    process, folder = _training(small, tmp_path, jobs)
    process.send_signal(sent)
    _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert said.endswith("interrupted: the same command goes on from what is saved\n")
    # A run that was filling its arrays for too long could not write that itself.
    assert read_run(folder).about["status"] == "interrupted"
    _eventually(lambda: not _alive(process.pid) or None)


def test_a_signal_that_nohup_has_ignored_stays_ignored(small: Path, tmp_path: Path) -> None:
    process, folder = _training(small, tmp_path, 1, lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    assert process.poll() is None
    assert json.loads((folder / "run.json").read_text())["status"] == "running"
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143


def _training(
    config: Path, out: Path, jobs: int, before: Callable[[], object] | None = None
) -> tuple[subprocess.Popen[str], Path]:
    """A process that trains for a long time, and its run folder. before: called in the process first."""
    command = ["run", str(config), "-s", "training.epochs=10000000", "--jobs", str(jobs), "--out", str(out)]
    process = subprocess.Popen(
        [sys.executable, "-m", "regx", *command],
        stderr=subprocess.PIPE, start_new_session=True, text=True, preexec_fn=before,
    )  # fmt: skip
    folder = _eventually(lambda: next(iter(out.glob("small-*/run.json")), None)).parent
    time.sleep(0.5)
    return process, folder


def _eventually(found):  # type: ignore[no-untyped-def]
    for _ in range(1200):
        value = found()
        if value is not None:
            return value
        time.sleep(0.05)
    raise AssertionError("waited a minute in vain")


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
