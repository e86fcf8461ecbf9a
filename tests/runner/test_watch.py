"""Watching: populations train side by side, and glimpses come with whom they are of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import regx
from regx.config.load import load_config
from regx.core.listener import Following, Glimpse, Listener, Progress, Wanted, Watchers
from regx.evidence.predict import predict_snapshots
from regx.evidence.run import read_run
from regx.runner.networks import Options
from regx.runner.plan import Trainee
from regx.runner.runs import Target, bring_up_to_date


@pytest.mark.parametrize("jobs", [1, 2])
def test_watched_training_gives_the_same_bits_and_every_network_is_seen(small: Path, tmp_path: Path, jobs: int) -> None:
    configs = [load_config(small), load_config(small, ["regularizers.l1.lam=0.001"])]
    targets = [Target(config, tmp_path / config.folder_name) for config in configs]
    seen: list[tuple[list[Trainee], Glimpse]] = []

    class Seeing(Listener):
        wanted = Wanted(0.0, np.linspace(-1, 1, 4)[:, None], side_by_side=True)

        def on_glimpse(self, members: Sequence[Trainee], glimpse: Glimpse) -> None:
            seen.append((list(members), glimpse))

    bring_up_to_date(targets, Options(jobs, watchers=Watchers(Seeing())))
    assert {member for members, _ in seen for member in members} == {Trainee(c, s) for c in (0, 1) for s in (0, 1, 2)}
    for members, glimpse in seen:
        assert all(len(each) == len(members) for each in glimpse.metrics.values())
        assert glimpse.outputs is not None
        assert glimpse.outputs.shape == (len(members), 1, 4)
    plain = regx.run(small, out=tmp_path / "plain")
    watched = regx.load(targets[0].folder)
    assert all(array.tobytes() == plain.weights[name].tobytes() for name, array in watched.weights.items())


@pytest.mark.parametrize("moment", ["on_glimpse", "on_trained", "on_progress"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_a_watcher_that_fails_is_told_no_more_and_changes_nothing(
    small: Path, tmp_path: Path, jobs: int, moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Failing(Listener):
        wanted = Wanted(0.0)
        times = 0

    def fail(self: Failing, *what: object) -> None:
        Failing.times += 1
        raise ZeroDivisionError("no such curve")

    setattr(Failing, moment, fail)
    seen: list[Progress] = []
    target = Target(load_config(small), tmp_path / "watched")
    bring_up_to_date([target], Options(jobs, pictured="run", watchers=Watchers(Failing(), Following(seen.append))))
    assert (Failing.times, seen[-1].share) == (1, 1.0)
    said = capsys.readouterr().err
    assert said == "warning: training goes on, but cannot be shown any more: ZeroDivisionError: no such curve\n"
    plain = regx.run(small, out=tmp_path / "plain", jobs=jobs).folder
    names = {path.name for path in plain.iterdir()}
    assert {path.name for path in target.folder.iterdir()} == names
    for name in names - {"run.json", "summary.json"}:  # which say when
        assert (target.folder / name).read_bytes() == (plain / name).read_bytes()


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
    bring_up_to_date([target], Options(force=True, peek=True))
    assert read_run(target.folder).summary["peek"] is True
    with pytest.raises(regx.InputError, match="expected seeds trained with --peek"):
        bring_up_to_date([target])
