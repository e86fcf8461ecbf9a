"""The race behind `regx recommend`: what it refuses, that it goes on where it was, and that the clock bounds it."""

import contextlib
import dataclasses
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest

from regx.core.errors import InputError, RegxError
from regx.core.listener import Following, Progress, Watchers
from regx.core.streams import stream
from regx.core.trained import Trained
from regx.data.split import split_rows
from regx.runner.networks import Options
from regx.store.folder import mark
from regx.store.lock import Lock
from regx.studies.recommendation import clock as clock_module
from regx.studies.recommendation import outcome, trials
from regx.studies.recommendation import question as question_module
from regx.studies.recommendation import race as module
from regx.studies.recommendation.judgement import PLAIN
from regx.studies.recommendation.ladder import LEARNING_RATES, LadderLane
from regx.studies.recommendation.question import TableQuestion, planned
from regx.studies.recommendation.race import recommend
from regx.studies.recommendation.words import conclusion_lines
from regx.studies.recommendation.write import check_output

pytestmark = pytest.mark.usefixtures("few_lanes")
SHORT = ("training.epochs=18", "training.eval_every=2", "architecture.hidden=[4]")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A line, and noise on it."""
    rng = stream(0, "recommend race")
    x = rng.standard_normal((60, 2))
    y = x[:, 0] + 0.1 * rng.standard_normal(60)
    rows = "\n".join(f"{a:.4f},{b:.4f},{c:.4f}" for (a, b), c in zip(x, y, strict=True))
    path = tmp_path / "line.csv"
    path.write_text(f"a,b,outcome\n{rows}\n")
    return path


@pytest.mark.parametrize(
    ("target", "overrides", "message"),
    [
        ("outcom", (), "Did you mean 'outcome'?"),
        ("outcome", ("regularizers.l2.lam=1",), "chooses the regularizers itself"),
        ("outcome", ("dataset.val_fraction=0",), "expected dataset.val_fraction above 0"),
        ("outcome", ("optimizer.rate=1",), "optimizer.rate"),
        ("outcome", ("dataset.target=a",), "its column to predict as --target"),
        ("outcome", ("dataset.name=sine",), "expected the table as TABLE"),
    ],
)
def test_what_cannot_be_is_said(target: str, overrides: tuple[str, ...], message: str, table: Path) -> None:
    with pytest.raises(InputError) as raised:
        planned(TableQuestion(table, target, overrides))
    assert message in str(raised.value)


def test_a_table_that_is_not_there_or_too_small_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such table"):
        planned(TableQuestion(tmp_path / "nowhere.csv", "y"))
    path = tmp_path / "small.csv"
    path.write_text("x,y\n" + "\n".join(f"{number},{number % 7}.5" for number in range(30)) + "\n")
    with pytest.raises(InputError, match="30 rows are too few"):
        planned(TableQuestion(path, "y"))


def test_what_the_user_sets_is_what_is_trained(table: Path) -> None:
    plan = planned(TableQuestion(table, "outcome", (*SHORT, "optimizer.lr=0.02"), seeds=3))
    assert plan.rates == (0.02,)
    assert plan.base.training.epochs == 18
    assert plan.base.seeds == (0, 1, 2)
    assert plan.inspection.split == (36, 9, 15)
    assert plan.inspection.parameters == 2 * 4 + 4 + 4 + 1
    own = planned(TableQuestion(table, "outcome", ("training.epochs=200", "seeds=3")))
    assert own.base.training.eval_every == 4, "as often as any other number of epochs"
    assert own.base.seeds == (0, 1, 2)
    adam = planned(TableQuestion(table, "outcome", (*SHORT, "optimizer.name=adam")))
    assert adam.base.optimizer.kind == "adam"
    assert adam.rates != LEARNING_RATES


def images(path: Path, size: int = 8) -> Path:
    """Bright above or below, and noise on it."""
    rng = stream(0, "recommend images")
    y = np.arange(60) % 2
    x = rng.standard_normal((60, size, size))
    x[y == 0, : size // 2] += 1
    np.savez(path, x=x, y=np.where(y, "below", "above"))
    return path


def test_images_are_asked_with_convolutions_and_augmentation_first(tmp_path: Path) -> None:
    question = TableQuestion(images(tmp_path / "a.npz"), None, SHORT[:2], seeds=2, minutes=1, options=Options(1))
    plan = planned(question)
    assert [list(one.base.architecture.conv) for one in plan.networks] == [[8, 16], [], [16, 32]]
    assert [lane.name for lane in plan.lanes][:3] == ["none", "crop", "input_noise"]
    assert plan.inspection.images
    question = dataclasses.replace(question, overrides=(*SHORT[:2], "architecture.conv=[8,16]"))
    found = recommend(question, planned(question), tmp_path / "runs")
    assert [lane.name for lane in found.lanes][:2] == ["none", "crop"]
    kernel, filters = 9, (8, 16)
    weights = kernel * filters[0] + kernel * filters[0] * filters[1] + 2 * 2 * filters[1] * 64 + 64
    assert found.inspection.parameters == weights + sum(filters) + 64 + 1
    small = planned(dataclasses.replace(question, overrides=SHORT[:2], table=images(tmp_path / "b.npz", size=4)))
    assert [list(one.base.architecture.conv) for one in small.networks] == [[]]
    with pytest.raises(InputError, match="the classes of images are"):
        planned(dataclasses.replace(question, target="y"))


def watched(question: TableQuestion, follow: Callable[[Progress], None]) -> TableQuestion:
    return dataclasses.replace(question, options=Options(1, watchers=Watchers(Following(follow))))


def test_a_second_start_is_refused_before_anything_is_trained(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1))
    plan = planned(question)
    monkeypatch.setattr(trials, "train_networks", lambda *arguments, **named: pytest.fail("something is trained"))
    with Lock(module.race_folder(plan, tmp_path)), pytest.raises(RegxError, match="to be the only one who writes here"):
        recommend(question, plan, tmp_path)


def test_it_goes_on_where_it_was_stopped(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1))
    whole = recommend(question, planned(question), tmp_path / "whole")

    def stop(progress: Progress) -> None:
        if progress.stage.startswith("one regularizer each, round 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recommend(watched(question, stop), planned(question), tmp_path / "parts")
    (tuning,) = (tmp_path / "parts").glob("*/tuning.json")
    kept = json.loads(tuning.read_text())["networks"]
    assert len(kept) > 50
    trained: list[int] = []
    real = trials.train_networks

    def counted(configs, members, *rest, **options):  # type: ignore[no-untyped-def]
        trained.append(len(members))
        return real(configs, members, *rest, **options)

    monkeypatch.setattr(trials, "train_networks", counted)
    again = recommend(question, planned(question), tmp_path / "parts")
    everything = json.loads(next((tmp_path / "whole").glob("*/tuning.json")).read_text())["networks"]
    assert sum(trained) == sum(map(len, everything.values())) - sum(map(len, kept.values()))
    assert (again.conclusion, again.lanes) == (whole.conclusion, whole.lanes)


def test_a_minute_that_is_too_short_still_has_an_answer(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1), minutes=1e-4)
    found = recommend(question, planned(question), tmp_path)
    assert [lane.name for lane in found.lanes] == ["none"]
    assert any("for want of time" in note and "dropout" in note for note in found.notes)
    assert found.conclusion.regularization == "cannot tell"


def test_no_test_row_reaches_a_choice(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=[0], options=Options(1))
    found = [recommend(question, planned(question), tmp_path)]
    lines = table.read_text().splitlines()
    _, _, test = split_rows(60, 0, 0.25, 0.15)
    for row in test:
        lines[1 + row] = "3.3,-4.4,5.5"
    table.write_text("\n".join(lines) + "\n")
    found.append(recommend(question, planned(question), tmp_path))
    stored = [json.loads((one.folder / "tuning.json").read_text())["networks"] for one in found]
    assert list(stored[0]) == list(stored[1]), "the same candidates go on"
    assert any("0, fold 4" in of for of in stored[0].values())
    for key, of in stored[0].items():
        for split, values in of.items():
            assert values["val_loss"] == stored[1][key][split]["val_loss"]
            assert values["test_loss"] != stored[1][key][split]["test_loss"]
    assert found[0].conclusion.recommended == found[1].conclusion.recommended
    assert [one.stack for one in found[0].lanes] == [one.stack for one in found[1].lanes]
    assert found[0].conclusion.chosen == found[1].conclusion.chosen


def test_references_outlive_an_interruption(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1))
    real = module.score

    def stop(reference, data, seed):  # type: ignore[no-untyped-def]
        if seed == 1:
            raise KeyboardInterrupt
        return real(reference, data, seed)

    monkeypatch.setattr(module, "score", stop)
    with pytest.raises(KeyboardInterrupt):
        recommend(question, planned(question), tmp_path)
    kept = json.loads(next(tmp_path.glob("*/tuning.json")).read_text())["references"]
    assert [set(of) for of in kept.values()] == [{"0"}] * 4


def test_a_table_that_changes_on_the_way_is_not_mixed_with_what_it_was(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1), minutes=1e-4)

    def change(progress: Progress) -> None:
        table.write_text(table.read_text().replace("\n1.", "\n2.") + "1,2,3\n")

    with pytest.raises(RegxError, match="the table was changed while it was raced"):
        recommend(watched(question, change), planned(question), tmp_path)
    (before,) = tmp_path.glob("line-recommend-*")
    assert not list(before.glob("*/run.json")), "no run of other data"
    recommend(question, planned(question), tmp_path)
    assert len(list(tmp_path.glob("line-recommend-*"))) == 2


def test_networks_that_fail_lose_their_place_and_nothing_else(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1))
    real, real_folders = trials.train_networks, outcome.bring_up_to_date
    failed: list[object] = []

    def lossy(configs, members, keeper, options):  # type: ignore[no-untyped-def]
        lost = [one for one in members if [member.kind for member in configs[one.config].stack] == ["mixup"]]
        for one in lost:
            keeper.on_failed([one], "its worker died")
        failed.extend(lost)
        real(configs, [one for one in members if one not in lost], keeper, options)

    def damaged(targets, *rest, **options):  # type: ignore[no-untyped-def]
        real_folders(targets, *rest, **options)
        mark(targets[0].folder, "failed")

    monkeypatch.setattr(trials, "train_networks", lossy)
    monkeypatch.setattr(outcome, "bring_up_to_date", damaged)
    told: list[Progress] = []
    found = recommend(watched(question, told.append), planned(question), tmp_path)
    assert failed
    assert "mixup" not in [lane.name for lane in found.lanes]
    assert "full" in [lane.name for lane in found.lanes], "which has no need of it"
    assert any("diverged or failed whatever was tried: mixup" in note for note in found.notes)
    assert any("its worker died" in note for note in found.notes)
    assert found.unfinished == ("none",)
    kept = json.loads(next(tmp_path.glob("*/tuning.json")).read_text())["networks"]
    assert not any(key.startswith("mixup") for key in kept), "another start tries them again"

    # What is told of the way grows to the end, and time is left for the run folders while they are trained.
    shares = [progress.share for progress in told]
    assert all(later >= earlier - 1e-9 for earlier, later in itertools.pairwise(shares))
    assert shares[-1] == pytest.approx(1)
    assert min(progress.seconds_left or 0 for progress in told if progress.share < 0.8) > 0
    assert "run folders of the lanes" in [progress.stage for progress in told]


def test_results_that_somebody_has_changed_are_not_built_upon(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1), minutes=1e-4)
    tuning = recommend(question, planned(question), tmp_path).folder / "tuning.json"
    for text in (tuning.read_text().replace('"val_loss": 0', '"val_loss": 1', 1), '{"networks": 3, "references": []}'):
        tuning.write_text(text)
        with pytest.raises(InputError, match=r"tuning\.json: damaged"):
            recommend(question, planned(question), tmp_path)


def test_a_network_that_always_diverges_ends_in_words(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(
        table, "outcome", (*SHORT, "optimizer.lr=1e30"), seeds=[0], options=Options(1), minutes=1e-4
    )
    with pytest.raises(RegxError, match="a few huge values does that"):
        recommend(question, planned(question), tmp_path)


def test_a_config_is_written_where_nothing_of_somebody_elses_is(tmp_path: Path) -> None:
    check_output(tmp_path / "new.yaml", force=False)
    with pytest.raises(InputError, match="found a folder"):
        check_output(tmp_path, force=True)
    with pytest.raises(InputError, match="a folder to write into, found none"):
        check_output(tmp_path / "nowhere" / "new.yaml", force=True)
    (tmp_path / "mine.yaml").write_text("# mine\n")
    check_output(tmp_path / "mine.yaml", force=True)


def test_each_split_is_judged_by_what_its_own_validation_rows_choose(table: Path, tmp_path: Path) -> None:
    question = TableQuestion(table, "outcome", SHORT, seeds=2, options=Options(1))
    found = recommend(question, planned(question), tmp_path)
    networks = json.loads(next(tmp_path.glob("*/tuning.json")).read_text())["networks"]
    for lane in found.lanes:
        for seed in ("0", "1"):
            trained_there = [
                of[seed] for key, of in networks.items() if key.startswith(f"{lane.name} lr=") and seed in of
            ]
            assert lane.test[int(seed)] in [one["test_loss"] for one in trained_there]
            by_fold = [
                [of[split]["val_loss"] for split in (seed, *(f"{seed}, fold {fold}" for fold in range(1, 5)))]
                for key, of in networks.items()
                if key.startswith(f"{lane.name} lr=") and f"{seed}, fold 4" in of
            ]
            assert lane.val[int(seed)] in [fmean(one) for one in by_fold], "45 rows are five times 9"
            assert all(len(set(one)) == 5 for one in by_fold)
    assert sum("5 folds of each split" in note for note in found.notes) == 1
    for seed, name in found.conclusion.chosen.items():
        assert name == min(found.lanes, key=lambda lane: lane.val[seed]).name


def test_folds_are_asked_where_validation_rows_are_few_and_rows_have_no_order(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timed = tmp_path / "timed.csv"
    header, *lines = table.read_text().splitlines()
    timed.write_text("\n".join([f"t,{header}", *(f"{row},{line}" for row, line in enumerate(lines))]) + "\n")

    def folds(path: Path, *overrides: str) -> set[str]:
        question = TableQuestion(path, "outcome", (*SHORT, *overrides), seeds=1, options=Options(1))
        found = recommend(question, planned(question), tmp_path)
        networks = json.loads((found.folder / "tuning.json").read_text())["networks"]
        return {split for of in networks.values() for split in of}

    assert folds(timed, "dataset.time=t") == {"0"}
    of_time = TableQuestion(timed, "outcome", (*SHORT, "dataset.time=t"), seeds=8, options=Options(1))
    found = recommend(of_time, planned(of_time), tmp_path)
    assert (found.conclusion.regularization, found.conclusion.learners) == ("cannot tell", ())
    assert "too few to tell anything" in conclusion_lines(found)[0]
    assert any("the same test rows, the latest" in note for note in found.notes)
    monkeypatch.setattr(module, "ENOUGH_VALIDATION_ROWS", 18)
    assert folds(table) == {"0", "0, fold 1"}, "two of 9 rows"


def test_the_rate_that_is_best_in_the_end_is_found_though_it_looks_worst_early(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # By validation loss: of the plain network the smallest rate is the worst until the end. With L2 the largest is best
    # at an epoch in between and worst at the last of every round but the last, where it is the best again.
    def fabricated(config, seed):  # type: ignore[no-untyped-def]
        rate, epochs = float(config.optimizer.lr), config.training.epochs
        whole = epochs == 18
        kinds = [member.kind for member in config.stack]
        if kinds == ["l2"]:
            best, last = 1 / rate, 1 / rate if whole else 1e6 * rate
        else:
            best = last = rate if whole else 1 / rate
        reported = {"val_loss": last, "test_loss": last}
        metrics = {"epoch": np.array([2.0, epochs]), "val_loss": np.array([best, last])}
        return Trained(seed, "completed", metrics, epochs, "last", reported, {}, {}, 0.0)

    def train(configs, members, keeper, options):  # type: ignore[no-untyped-def]
        keeper.on_trained(members, [fabricated(configs[one.config], one.seed) for one in members])

    monkeypatch.setattr(trials, "train_networks", train)
    fixed = (*SHORT, "optimizer.name=sgd")
    question = TableQuestion(table, "outcome", fixed, seeds=2, options=Options(1))
    plan = planned(question)
    rates = {lane.name: lane.lr for lane in recommend(question, plan, tmp_path).lanes}
    assert rates["none"] < min(plan.rates), "where the best stands at the end of the grid, the grid goes on"
    assert rates["l2"] == min(plan.rates), "the larger of the plain network's and that beside it"


@pytest.mark.parametrize(("least_epochs", "gains"), [(90, False), (10**9, None)])
def test_the_network_is_chosen_first_and_is_that_of_every_lane(
    least_epochs: int, gains: bool | None, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two layers of 128 with Adam reach less than all simpler ones, and three of 256 hardly less: at the last epoch,
    # while the least on the way is that of the simplest. More epochs gain until there are `least_epochs`; where they
    # always do, time ends the asking.
    trained: list[tuple[object, ...]] = []

    def fabricated(config, seed):  # type: ignore[no-untyped-def]
        hidden, epochs = config.architecture.hidden, config.training.epochs
        trained.append((hidden, config.optimizer.kind, config.schedule.kind, bool(config.stack), epochs))
        best = 0.5 - (0.1 if len(hidden) > 1 and config.optimizer.kind == "adam" else 0) - 0.001 * (len(hidden) == 3)
        best *= 30 / min(max(epochs, 30), least_epochs)
        metrics = {"epoch": np.array([2.0, epochs]), "val_loss": np.array([0.001 * len(hidden), best])}
        return Trained(seed, "completed", metrics, epochs, "last", {"val_loss": best, "test_loss": 1.0}, {}, {}, 0.0)

    def train(configs, members, keeper, options):  # type: ignore[no-untyped-def]
        keeper.on_trained(members, [fabricated(configs[one.config], one.seed) for one in members])

    real = module.longer

    def until_90(question, network):  # type: ignore[no-untyped-def]
        if gains is None and network.base.training.epochs == 90:
            monkeypatch.setattr(module, "SHARE", 0.0)
        return real(question, network)

    monkeypatch.setattr(trials, "train_networks", train)
    monkeypatch.setattr(question_module, "STEPS", 30)
    monkeypatch.setattr(module, "longer", until_90)
    monkeypatch.setattr(outcome.Outcome, "keep", lambda *rest: [])
    question = TableQuestion(table, "outcome", (), seeds=2, options=Options(1))
    found = recommend(question, planned(question), tmp_path)
    resolved = found.config.resolved
    assert tuple(resolved["architecture"]["hidden"]) == (128, 128)
    assert (resolved["optimizer"]["name"], resolved["optimizer"]["schedule"]["name"]) == ("adam", "cosine")
    assert found.config.training.epochs == 90
    assert found.conclusion.gains is gains
    assert gains is False or found.conclusion.rows_needed is None
    assert {one[:3] for one in trained if one[3]} == {((128, 128), "adam", "cosine")}
    assert found.inspection.parameters == 2 * 128 + 128 + 128 * 128 + 128 + 128 + 1
    assert any("chosen first, by validation loss, of the 4" in note for note in found.notes)


def test_lanes_are_chosen_and_judged_by_the_metric_that_is_asked(tmp_path: Path) -> None:
    rng = stream(0, "uneven classes")
    x = rng.standard_normal((120, 2))
    y = np.where(x[:, 0] + rng.standard_normal(120) > 1.6, "fraud", "fair")
    rows = "\n".join(f"{a:.4f},{b:.4f},{c}" for (a, b), c in zip(x, y, strict=True))
    (tmp_path / "t.csv").write_text(f"a,b,outcome\n{rows}\n")
    question = TableQuestion(tmp_path / "t.csv", "outcome", SHORT, seeds=2, options=Options(1))
    by_loss, by_balance = (
        recommend(asked, planned(asked), tmp_path)
        for asked in (question, dataclasses.replace(question, metric="balanced_accuracy"))
    )
    assert by_loss.folder == by_balance.folder, "what is trained is the same"
    assert (by_loss.cost, by_balance.cost) == ("loss", "balanced error")
    for one, other in zip(by_loss.references, by_balance.references, strict=True):
        assert one.balanced is not None
        assert other.test == {seed: 1 - share for seed, share in one.balanced.items()}
    for lane in by_balance.lanes:
        assert lane.balanced is not None
        assert lane.test == {seed: 1 - share for seed, share in lane.balanced.items()}
    assert by_balance.references[0].test == dict.fromkeys((0, 1), 0.5), "always the same answer"
    said = " ".join(conclusion_lines(by_balance))
    assert "test loss" not in said
    for metric, message in (("mae", "the task is binary"), ("blance", "expected one of loss")):
        with pytest.raises(InputError, match=message):
            planned(dataclasses.replace(question, metric=metric))


def test_the_clock_measures_its_pace_and_ends_what_is_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [100.0], list[Progress]()
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: now[0])
    clock = clock_module.Clock(60, 2.0, told.append)
    clock.ahead, clock.reserve = 20.0, 10.0
    assert clock.fits(25)
    assert not clock.fits(26), "at 2 seconds each 52 of the 50 that are left"
    assert clock.fits(6, share=0.25)
    assert not clock.fits(7, share=0.25), "14 seconds of a quarter of 50"
    clock.tell("a stage", part=5.0)
    assert told[-1].seconds_left == 30, "15 at 2 seconds each"
    clock.later = 100.0
    clock.tell("a stage", part=5.0)
    assert told[-1].seconds_left == 60, "20 more until the time of tuning is over, and the 10 that are kept"
    clock.later = 0.0
    now[0] += 40
    clock.trained(10.0, 40.0)
    assert clock.pace == 4
    assert not clock.is_over
    clock.is_bound = True
    clock.tell("another")
    assert told[-1].seconds_left == 20, "10 until tuning ends, and the 10 that are kept"
    assert told[-1].share == pytest.approx(40 / 60)
    now[0] += 10
    assert clock.is_over
    clock.tell("the end", ends=True)
    assert told[-1].share == 1


def test_enough_splits_come_before_rarer_lanes_and_larger_networks(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Help of a third of the loss is found on 5 of 12 tables by 5 splits, and on 10 of 12 by 15."""
    question = TableQuestion(table, "outcome", SHORT, options=Options(1))
    plan = planned(question)
    tmp_path.joinpath("race").mkdir()
    with Lock(tmp_path / "race") as held:
        race = module.TableRace(question, plan, held)
        early = [*race._early(), *(lane for lane in race._lanes if lane.is_cocktail)]
        assert PLAIN in {lane.name for lane in early} < {lane.name for lane in race._lanes}
        chosen = []
        for pace in np.geomspace(1e-3, 1e5, 60):
            monkeypatch.setattr(clock_module.Clock, "pace", pace)
            race._clock.reserve, race._tuned.splits = 0.0, list(plan.base.seeds)
            left = race._clock.left
            affordable = race._is_affordable(plan.networks[0])
            tried = race._work(race._lanes[:1], 3) * pace
            assert affordable == (tried <= left / 4 and tried + race._work(race._early(), 10) * pace < left)
            race._choose_splits()
            splits = len(race._splits)
            chosen.append(splits)

            def fits(lanes: list[LadderLane], of: int, pace: float = pace, left: float = left) -> bool:
                return race._work(lanes, of) * pace + sum(race._kept_back(of)) < left - 1

            assert splits >= (20 if fits(race._lanes, 20) else 15 if fits(early, 15) else 5)
            assert splits == 5 or not fits(race._lanes, splits + 1) or splits == 20
    assert chosen[0] == 20
    assert chosen[-1] == 5
    assert 15 in chosen
    assert any(5 < one < 15 for one in chosen)


def test_a_split_that_cannot_be_made_is_left_out_and_named(tmp_path: Path) -> None:
    """Eight persons of whom two hold all of a class: on some splits both are test rows."""
    rng = stream(0, "persons")
    rows = [f"p{k // 10},{rng.standard_normal():.4f},{int(k // 10 < 2)}" for k in range(80)]
    (tmp_path / "t.csv").write_text("\n".join(["p,a,outcome", *rows]) + "\n")
    question = TableQuestion(tmp_path / "t.csv", "outcome", (*SHORT, "dataset.group=p"), options=Options(1))
    plan = planned(question)
    good = []
    for seed in plan.base.seeds:
        with contextlib.suppress(InputError):
            plan.base.dataset.load(seed)
            good.append(seed)
    assert 5 <= len(good) < len(plan.base.seeds)
    found = recommend(question, plan, tmp_path)
    assert set(found.lanes[0].test) <= {*good}
    bad = {*plan.base.seeds} - {*good}
    assert {note.split(" is left out")[0] for note in found.notes if "is left out" in note} == {
        f"Split {k}" for k in bad
    }
