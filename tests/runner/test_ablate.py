"""`regx ablate` as a user types it."""

import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
from command_line import Regx
from typer.testing import CliRunner

import regx as api
from regx.cli.app import app
from regx.core.errors import InputError

THREE = ("-s", "regularizers.input_noise.sigma=0.1")


def losses(document: dict, folder: Path) -> dict[frozenset, list[float]]:
    """The test losses of every combination, in the order of seeds, read from the run folders."""
    cells = json.loads((folder / document["ablation"] / "sweep.json").read_text())["cells"]
    found = {}
    for cell in cells:
        on = frozenset(kind for kind, state in cell["point"].items() if state == "on")
        run = api.load(folder / document["ablation"] / cell["run"])
        assert {kind for member in run.config["regularizers"] for kind in member} == on
        found[on] = [entry["metrics"]["test_loss"] for entry in run.summary["seeds"].values()]
    return found


def test_every_combination_is_a_run_and_the_effects_are_of_their_losses(
    small: Path, regx: Regx, tmp_path: Path
) -> None:
    document = json.loads(regx("ablate", small, *THREE, "--seeds", 5, "--json").stdout)
    members = ["l2", "dropout", "input_noise"]
    assert document["members"] == members
    assert document["seeds"] == [0, 1, 2, 3, 4]
    loss = {on: np.mean(values) for on, values in losses(document, tmp_path).items()}
    assert len(loss) == 8
    for entry in document["effects"]:
        own = frozenset([entry["member"]])
        without = [on for on in loss if not own & on]
        assert entry["average"]["mean"] == pytest.approx(np.mean([loss[on | own] - loss[on] for on in without]))
        assert entry["alone"]["mean"] == pytest.approx(loss[own] - loss[frozenset()])
        assert entry["last"]["mean"] == pytest.approx(loss[frozenset(members)] - loss[frozenset(members) - own])
    for entry, (a, b) in zip(document["interactions"], itertools.combinations(members, 2), strict=True):
        (rest,) = set(members) - {a, b}
        on = [frozenset(), frozenset([rest])]
        expected = [loss[o | {a, b}] - loss[o | {b}] - loss[o | {a}] + loss[o] for o in on]
        assert entry["members"] == [a, b]
        assert entry["interaction"]["mean"] == pytest.approx(np.mean(expected))
    assert document["together"]["mean"] == pytest.approx(loss[frozenset(members)] - loss[frozenset()])
    assert document["shortfall"]["mean"] == pytest.approx(document["together"]["mean"] - document["sum_alone"]["mean"])
    assert document["answers"][0].startswith("Is there a diminishing return?")
    compared = json.loads(regx("compare", document["ablation"], "--json").stdout)
    assert {row["run"] for row in compared} == {row["run"] for row in document["rows"]}


def test_all_on_equals_the_run_and_the_same_command_again_trains_nothing(
    small: Path, regx: Regx, tmp_path: Path
) -> None:
    first = json.loads(regx("ablate", small, "--json").stdout)
    (both,) = (row for row in first["rows"] if row["name"] == "small-l2-dropout")
    alone = api.run(small, out=tmp_path / "alone").weights
    together = api.load(tmp_path / both["run"]).weights
    assert {name: array.tobytes() for name, array in alone.items()} == {
        name: array.tobytes() for name, array in together.items()
    }
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*/summary.json")}
    assert len(written) == 4
    assert json.loads(regx("ablate", small, "--json", "--metric", "val_loss").stdout)["ablation"] == first["ablation"]
    assert written == {path: path.stat().st_mtime_ns for path in written}


def test_the_table_goes_to_stdout_and_the_answers_to_stderr(small: Path, regx: Regx) -> None:
    done = regx("ablate", small, "--seeds", 5)
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert lines[0] == [
        "switched on", "when", "change of test_loss", "change of test_loss_low", "change of test_loss_high", "p",
        "verdict",
    ]  # fmt: skip
    assert [line[:2] for line in lines[1:]] == [
        ["l2", "on average"], ["l2", "alone"], ["l2", "last"],
        ["dropout", "on average"], ["dropout", "alone"], ["dropout", "last"],
        ["l2 x dropout", "interaction"],
    ]  # fmt: skip
    assert "warning" not in done.stderr
    assert "Is there a diminishing return?" in done.stderr
    assert "l2 and dropout" in done.stderr
    assert regx("ablate", small, "--seeds", 5, "-q").stderr == ""


def test_batch_norm_and_dropout_are_said_to_interfere_or_not(regx: Regx, tmp_path: Path) -> None:
    config = tmp_path / "norm.yaml"
    config.write_text(
        "dataset: {name: breast_cancer, n_train: 60}\narchitecture: {hidden: [8, 8]}\n"
        "regularizers: [batch_norm, dropout: 0.3]\ntraining: {epochs: 5}\nseeds: 5\n"
    )
    done = regx("ablate", config, "--metric", "test_accuracy")
    assert "batch_norm and dropout " in done.stderr
    assert "test accuracy" in done.stderr


def test_a_seed_that_diverges_somewhere_is_left_out_everywhere(small: Path, regx: Regx) -> None:
    """A penalty that strong makes plain gradient descent diverge; without it the network trains."""
    override = ("-s", "optimizer={name: sgd, lr: 0.01}", "-s", "regularizers.l2.lam=1e9")
    document = json.loads(regx("ablate", small, *override, "-s", "regularizers.l2.lam=1e9", "--json", code=3).stdout)
    assert document["seeds"] == []
    assert set(document["diverged"]) == {"0", "1", "2"}
    assert "diverged at 3 seeds, with l2(1e+09)" in document["answers"][0]
    assert "nothing can be said" in document["answers"][1]


def test_a_dry_run_lists_the_combinations(small: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["ablate", str(small), "-n", "--out", str(tmp_path / "runs")])
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[0] for line in lines] == ["small-none", "small-dropout", "small-l2", "small-l2-dropout"]
    assert lines[1][1:] == ["3 seeds", "l2=off", "dropout=on"]
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-s", "regularizers=[]"], "expected a stack with regularizers to switch on and off, found none"),
        (["--metric", "tst_loss"], "found 'tst_loss'. Did you mean 'test_loss'?"),
        (["--metric", "test_accuracy"], "found 'test_accuracy', which is of binary and multiclass tasks"),
        (["--metric", "seconds"], "found 'seconds', which cannot be compared by seed"),
        (["--metric", "val_loss", "-s", "dataset.n_val=0"], "val_loss needs a validation split, found none"),
        (
            [f"-sregularizers.{setting}" for setting in (
                "l1.lam=1", "dropconnect.p=0.1", "mixup.alpha=1", "weight_decay.lam=1", "clip_norm.max_norm=1",
                "input_noise.sigma=1", "orthogonal.lam=1",
            )],
            "at most 8 regularizers, found 9: 512 combinations of 3 seeds are 1,536 networks",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_ablated_is_said_before_anything_is_trained(
    options: list[str], message: str, small: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    with pytest.raises(InputError, match=re.escape(message)):
        CliRunner().invoke(app, ["ablate", str(small), *options, "--out", str(out)], catch_exceptions=False)
    assert not out.exists()
