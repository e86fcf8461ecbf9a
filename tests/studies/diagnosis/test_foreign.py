"""Logs of other programs get the verdict that their curves deserve, and say what they cannot know."""

import json
import math
import sys
from pathlib import Path

import pytest
from command_line import Regx

from regx.core.errors import InputError
from regx.studies.diagnosis.foreign import diagnose_log

EPOCHS = range(40)
FALLING = [0.7 * math.exp(-epoch / 4) + 0.02 for epoch in EPOCHS]
TURNING = [0.7 * math.exp(-epoch / 4) + 0.1 + 0.0008 * max(epoch - 10, 0) ** 2 for epoch in EPOCHS]
CLOSE = [loss + 0.01 for loss in FALLING]
FLAT = [0.7 for _ in EPOCHS]


def keras(path: Path, train: list[float], val: list[float] | None, accuracy: str = "accuracy") -> Path:
    names = ["epoch", accuracy, "loss", *(["val_accuracy", "val_loss"] if val else [])]
    lines = [
        f"{epoch},0.9,{train[epoch]:.6g}" + (f",0.7,{val[epoch]:.6g}" if val else "") for epoch in range(len(train))
    ]
    path.write_text("\n".join([",".join(names), *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("train", "val", "verdict"),
    [
        (FALLING, TURNING, "severe overfitting"),
        (FALLING, CLOSE, "healthy"),
        (FLAT, FLAT, "underfitting"),
        ([*FALLING[:20], *[math.nan] * 20], CLOSE, "diverged"),
        (FALLING, None, "cannot tell"),
    ],
)
def test_a_keras_log_gets_its_verdict(tmp_path: Path, train, val, verdict: str) -> None:
    found = diagnose_log(keras(tmp_path / "training.log", train, val))
    assert found.diagnosis.verdict == verdict
    assert found.name == "training.log"
    assert any("first training loss stands for it" in note for note in found.diagnosis.notes)
    if val is None:
        assert [one.name for one in found.advice] == ["validation"]
    if verdict == "severe overfitting":
        assert f"least at epoch {TURNING.index(min(TURNING))}" in found.advice[2].reason


def test_a_lightning_log_with_its_holes_says_the_same(tmp_path: Path) -> None:
    lines = ["epoch,step,train_loss_epoch,val_loss"]
    for epoch in EPOCHS:
        lines += [f"{epoch},{epoch * 10},,{TURNING[epoch]}", f"{epoch},{epoch * 10 + 9},{FALLING[epoch]},"]
    (tmp_path / "metrics.csv").write_text("\n".join(lines))
    found = diagnose_log(tmp_path / "metrics.csv").diagnosis
    assert found.verdict == "severe overfitting"
    assert found.curves.epochs == tuple(EPOCHS)
    assert found.curves.val == pytest.approx(TURNING)


def test_a_history_as_json_and_other_names_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text(json.dumps({"loss": FALLING, "val_loss": TURNING}))
    assert diagnose_log(tmp_path / "history.json").diagnosis.verdict == "severe overfitting"
    (tmp_path / "own.csv").write_text(
        "\n".join(["a;b", *[f"{one};{other}" for one, other in zip(FALLING, TURNING, strict=True)]])
    )
    found = diagnose_log(tmp_path / "own.csv", {"train_loss": "a", "val_loss": "b"})
    assert found.diagnosis.verdict == "severe overfitting"


def test_a_test_loss_is_named_as_that(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("\n".join(["loss,test_loss", *[f"{a},{b}" for a, b in zip(FALLING, CLOSE, strict=True)]]))
    assert any("fitted to those rows" in note for note in diagnose_log(path).diagnosis.notes)


def test_tensorboards_files_say_the_same(tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for folder, tag, losses in (("train", "epoch_loss", FALLING), ("validation", "epoch_loss", TURNING)):
        writer = EventFileWriter(str(tmp_path / "logs" / folder))
        for step, loss in enumerate(losses):
            value = Summary(value=[Summary.Value(tag=tag, simple_value=loss)])
            writer.add_event(Event(step=step, summary=value))
        writer.close()
    found = diagnose_log(tmp_path / "logs").diagnosis
    assert found.verdict == "severe overfitting"
    assert found.curves.train == pytest.approx(FALLING, rel=1e-5)


def test_without_tensorboard_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "events.out.tfevents.1").write_bytes(b"")
    for name in list(sys.modules):
        if name.startswith("tensorboard"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    with pytest.raises(InputError, match="pip install tensorboard"):
        diagnose_log(tmp_path / "events.out.tfevents.1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,val_loss\n0,1\n1,1\n2,1\n", "expected a column of training losses"),
        ("epoch,loss\n0,1\n1,1\n", "3 epochs or more"),
        ("epoch,loss\nzero,much\none,little\n", "columns of numbers"),
        ("loss\n", "a line for each epoch"),
        ("", "a line for each epoch"),
        ("\x00\xff", "found other bytes"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "log.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=said):
        diagnose_log(tmp_path / "log.csv")


def test_the_command_takes_logs_beside_runs(regx: Regx, tmp_path: Path, small: Path) -> None:
    keras(tmp_path / "training.log", FALLING, TURNING)
    regx("run", small)
    found = json.loads(regx("diagnose", "training.log", "runs", "--json").stdout)
    assert [one["name"] for one in found] == ["training.log", "small"]
    assert found[0]["verdict"] == "severe overfitting"
    assert "has no config to change" in regx("diagnose", "training.log", "--apply", "x.yaml", code=2).stderr
    assert "Did you mean 'loss'?" in regx("diagnose", "training.log", "--train-loss", "lossy", code=2).stderr
    assert regx("diagnose", "training.log").stdout.startswith("name\tverdict")
