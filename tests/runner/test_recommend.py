"""The race behind `regx recommend`: what it refuses, that it goes on where it was, and that the clock bounds it."""

import json
from pathlib import Path

import pytest

from regx.core.errors import InputError
from regx.core.streams import stream
from regx.runner import recommend as module
from regx.runner.recommend import Question, planned, recommend

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
    ],
)
def test_what_cannot_be_is_said(target: str, overrides: tuple[str, ...], message: str, table: Path) -> None:
    with pytest.raises(InputError) as raised:
        planned(Question(table, target, overrides))
    assert message in str(raised.value)


def test_a_table_that_is_not_there_or_too_small_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such table"):
        planned(Question(tmp_path / "nowhere.csv", "y"))
    path = tmp_path / "small.csv"
    path.write_text("x,y\n" + "\n".join(f"{number},{number % 7}.5" for number in range(30)) + "\n")
    with pytest.raises(InputError, match="30 rows are too few"):
        planned(Question(path, "y"))


def test_what_the_user_sets_is_what_is_trained(table: Path) -> None:
    plan = planned(Question(table, "outcome", (*SHORT, "optimizer.lr=0.02"), seeds=3))
    assert plan.rates == (0.02,)
    assert plan.base.training.epochs == 18
    assert plan.base.seeds == (0, 1, 2)
    assert plan.inspection.split == (36, 9, 15)
    assert plan.inspection.parameters == 2 * 4 + 4 + 4 + 1
    adam = planned(Question(table, "outcome", (*SHORT, "optimizer.name=adam")))
    assert adam.base.optimizer.kind == "adam"
    assert adam.rates != module.LEARNING_RATES


def test_it_goes_on_where_it_was_stopped(table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    question = Question(table, "outcome", SHORT, seeds=2, jobs=1)
    whole = recommend(question, planned(question), tmp_path / "whole")

    def stop(stage: str, share: float, left: float) -> None:
        if stage.startswith("one regularizer each, round 2"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        recommend(question, planned(question), tmp_path / "parts", stop)
    (tuning,) = (tmp_path / "parts").glob("*/tuning.json")
    kept = json.loads(tuning.read_text())["networks"]
    assert len(kept) > 50
    trained: list[int] = []
    real = module.train_networks

    def counted(configs, members, *rest):  # type: ignore[no-untyped-def]
        trained.append(len(members))
        return real(configs, members, *rest)

    monkeypatch.setattr(module, "train_networks", counted)
    again = recommend(question, planned(question), tmp_path / "parts")
    everything = json.loads(next((tmp_path / "whole").glob("*/tuning.json")).read_text())["networks"]
    assert sum(trained) == sum(map(len, everything.values())) - sum(map(len, kept.values()))
    assert (again.conclusion, again.lanes) == (whole.conclusion, whole.lanes)


def test_a_minute_that_is_too_short_still_has_an_answer(table: Path, tmp_path: Path) -> None:
    question = Question(table, "outcome", SHORT, seeds=2, jobs=1, minutes=1e-4)
    found = recommend(question, planned(question), tmp_path)
    assert [lane.name for lane in found.lanes] == ["none"]
    assert any("for want of time" in note and "dropout" in note for note in found.notes)
    assert found.conclusion.regularization == "cannot tell"


def test_each_split_is_judged_by_what_its_own_validation_rows_choose(table: Path, tmp_path: Path) -> None:
    question = Question(table, "outcome", SHORT, seeds=2, jobs=1)
    found = recommend(question, planned(question), tmp_path)
    networks = json.loads(next(tmp_path.glob("*/tuning.json")).read_text())["networks"]
    for lane in found.lanes:
        for seed in ("0", "1"):
            to_the_end = [
                of[seed]
                for key, of in networks.items()
                if key.startswith(f"{lane.name} lr=") and key.endswith(" 18 epochs") and seed in of
            ]
            assert lane.test[int(seed)] in [one["test_loss"] for one in to_the_end]
            assert lane.val[int(seed)] in [one["val_loss"] for one in to_the_end]
    for seed, name in found.conclusion.chosen.items():
        assert name == min(found.lanes, key=lambda lane: lane.val[seed]).name
