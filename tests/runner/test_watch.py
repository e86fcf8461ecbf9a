"""Watching: populations train side by side, and glimpses come with whom they are of."""

from pathlib import Path

import numpy as np
import pytest

import regx
from regx.config.load import load_config
from regx.core.glimpse import Glimpse
from regx.evidence.predict import predict_snapshots
from regx.evidence.run import read_run
from regx.runner.execute import Watch
from regx.runner.plan import Member
from regx.runner.runs import Target, bring_up_to_date


@pytest.mark.parametrize("jobs", [1, 2])
def test_watched_training_gives_the_same_bits_and_every_network_is_seen(small: Path, tmp_path: Path, jobs: int) -> None:
    configs = [load_config(small), load_config(small, ["regularizers.l1.lam=0.001"])]
    targets = [Target(config, tmp_path / config.folder_name) for config in configs]
    seen: list[tuple[list[Member], Glimpse]] = []
    watch = Watch(lambda members, glimpse: seen.append((list(members), glimpse)), np.linspace(-1, 1, 4)[:, None], 0.0)
    bring_up_to_date(targets, jobs=jobs, watch=watch)
    assert {member for members, _ in seen for member in members} == {Member(c, s) for c in (0, 1) for s in (0, 1, 2)}
    for members, glimpse in seen:
        assert all(len(each) == len(members) for each in glimpse.metrics.values())
        assert glimpse.outputs is not None
        assert glimpse.outputs.shape == (len(members), 1, 4)
    plain = regx.run(small, out=tmp_path / "plain")
    watched = regx.load(targets[0].folder)
    assert all(array.tobytes() == plain.weights[name].tobytes() for name, array in watched.weights.items())


def test_snapshots_are_kept_of_the_first_seed_and_can_be_asked(small: Path, tmp_path: Path) -> None:
    folder = regx.run(small, set={"training.snapshots": 3}, seeds="4,2", out=tmp_path).folder
    run = read_run(folder)
    assert list(run.snapshots) == [0, 4, 7]
    x = [[0.5], [1.5]]
    predicted = predict_snapshots(run, x)
    assert np.array_equal(predicted[7], regx.load(folder).predict(x, seed=4))
    before = run.snapshots[4]["0/weight"]
    # Another first seed of the same run leaves its own beside these.
    again = read_run(regx.run(small, set={"training.snapshots": 3}, seeds="1,2", out=tmp_path).folder)
    assert again.folder == folder
    assert np.array_equal(again.snapshots[4]["0/weight"], before)
    assert {name.split("/")[0] for name in np.load(folder / "snapshots.npz")} == {"seed4", "seed1"}
    assert read_run(regx.run(small, set={"training.snapshots": 0}, out=tmp_path / "none").folder).snapshots == {}


def test_a_run_of_one_feature_keeps_snapshots_unless_it_is_told_not_to(small: Path, tmp_path: Path) -> None:
    """They are no part of the question: whoever asks for them later trains the first seed again, to the same bits."""
    bare = regx.run(small, set={"training.snapshots": 0}, out=tmp_path / "a")
    seen = regx.run(small, out=tmp_path / "b")
    assert list(seen.snapshots) == [0, 2, 4, 6, 7]
    assert seen.folder.name == bare.folder.name
    assert seen.rows == bare.rows
    assert regx.run(small, out=tmp_path / "a").snapshots == {}  # nothing is trained for what nobody asked for
    asked = regx.run(small, set={"training.snapshots": 2}, out=tmp_path / "a")
    assert list(asked.snapshots) == [0, 7]
    assert asked.rows == bare.rows


def test_with_peek_no_validation_split_is_needed_and_seeds_are_not_mixed(small: Path, tmp_path: Path) -> None:
    config = load_config(small, ["dataset.n_val=0", "regularizers.early_stopping=2"])
    target = Target(config, tmp_path / "run")
    with pytest.raises(regx.InputError, match="--peek"):
        bring_up_to_date([target])
    bring_up_to_date([target], force=True, peek=True)
    assert read_run(target.folder).summary["peek"] is True
    with pytest.raises(regx.InputError, match="expected seeds trained with --peek"):
        bring_up_to_date([target])
