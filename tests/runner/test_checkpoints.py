"""What becomes of the checkpoints that an interrupted command leaves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import regx
from regx.config.load import load_config
from regx.core.listener import Following, Progress, Wanted, Watchers
from regx.evidence.run import read_run
from regx.runner.networks import Options
from regx.runner.runs import Target, bring_up_to_date

OVERRIDES = ["training.epochs=30", "training.checkpoint_seconds=0.0001", "training.snapshots=2"]


def interrupted(small: Path, folder: Path, seeds: int | str = 3) -> Target:
    """A run that was interrupted after its first checkpoint."""

    def interrupt(progress: Progress) -> None:
        if list(folder.rglob("*.npz")):
            raise KeyboardInterrupt

    target = Target(load_config(small, OVERRIDES, seeds), folder)
    with pytest.raises(KeyboardInterrupt):
        _slowly(target, interrupt)
    (path,) = (folder / ".checkpoints").iterdir()
    assert path.suffix == ".npz"
    assert read_run(folder).about["status"] == "interrupted"
    assert (folder / "metrics.csv").read_text().count("\n") > 1  # rows of what is in training
    return target


def _slowly(target: Target, on_progress) -> None:  # type: ignore[no-untyped-def]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Following, "wanted", Wanted(0.0))
        bring_up_to_date([target], Options(1, watchers=Watchers(Following(on_progress))))


def share_of(target: Target, **options: object) -> float:
    """How much of its training a command reports at first."""
    seen: list[Progress] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Following, "wanted", Wanted(0.0))
        bring_up_to_date([target], Options(watchers=Watchers(Following(seen.append)), **options))  # type: ignore[arg-type]
    return seen[0].share


def assert_undisturbed(target: Target, small: Path, tmp_path: Path) -> None:
    whole = Target(load_config(small, OVERRIDES, list(target.config.seeds)), tmp_path / "whole")
    bring_up_to_date([whole], Options(1))
    one, other = read_run(target.folder), read_run(whole.folder)
    assert one.rows == other.rows
    assert {name: each.tobytes() for name, each in one.weights.items()} == {
        name: each.tobytes() for name, each in other.weights.items()
    }
    assert one.snapshots.keys() == other.snapshots.keys()
    assert {path.name for path in target.folder.iterdir()} == {path.name for path in whole.folder.iterdir()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_interrupted_run_goes_on(small: Path, tmp_path: Path, jobs: int) -> None:
    target = interrupted(small, tmp_path / "run")
    assert share_of(target, jobs=jobs) > 0
    assert_undisturbed(target, small, tmp_path)


@pytest.mark.parametrize("damage", ["cut", "turned", "pickle", "another version"])
def test_a_checkpoint_that_cannot_be_trusted_is_not_gone_on_from(
    small: Path, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = interrupted(small, tmp_path / "run")
    (path,) = (target.folder / ".checkpoints").iterdir()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "cut":
        path.write_bytes(content[:-100])
    elif damage == "turned":
        path.write_bytes(content)
    elif damage == "pickle":
        np.savez(path, about=np.array([object()]), sha256=np.zeros(1))
    else:
        monkeypatch.setattr("regx.runner.checkpoints.FORMAT", 2)
    assert share_of(target, jobs=1) == 0
    said = capsys.readouterr().err
    assert said.startswith(f"warning: {path}: the checkpoint is ")
    assert said.endswith("so its networks are trained from the beginning\n")
    assert_undisturbed(target, small, tmp_path)


def test_with_force_nothing_is_gone_on_from(small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = interrupted(small, tmp_path / "run")
    assert share_of(target, jobs=1, force=True) == 0
    assert not capsys.readouterr().err
    assert_undisturbed(target, small, tmp_path)


def test_a_forced_run_that_is_interrupted_says_so_and_what_was_there_stays(small: Path, tmp_path: Path) -> None:
    target = Target(load_config(small, OVERRIDES, 3), tmp_path / "run")
    bring_up_to_date([target], Options(1))

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_up_to_date([target], Options(1, True, watchers=Watchers(Following(interrupt))))
    assert json.loads((target.folder / "run.json").read_text())["status"] == "interrupted"
    bring_up_to_date([target], Options(1))
    assert read_run(target.folder).about["status"] == "completed"
    assert_undisturbed(target, small, tmp_path)


def test_more_seeds_go_on_and_fewer_leave_it_for_later(small: Path, tmp_path: Path) -> None:
    target = interrupted(small, tmp_path / "run", "0,1")
    fewer = Target(load_config(small, OVERRIDES, [4]), target.folder)
    bring_up_to_date([fewer], Options(1))
    assert list((target.folder / ".checkpoints").iterdir())
    more = Target(load_config(small, OVERRIDES, "0,1,2"), target.folder)
    bring_up_to_date([more], Options(1))
    assert not (target.folder / ".checkpoints").exists()
    assert regx.load(target.folder).summary["seeds"].keys() == {"0", "1", "2", "4"}
