from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from command_line import outcome
from rich.console import Console

from regx.cli.try_ import command
from regx.config.load import BUILT_IN, configs_folder, load_config
from regx.core.errors import InputError
from regx.evidence.run import read_runs
from regx.regularizers import REGISTRY
from regx.report.output import Output
from regx.store.summary import stack_text
from regx.studies.trial import ELSEWHERE, SEEDS, print_trial, trial_configs, trial_sentence
from tests.store import fabricated

SHORT = ("-s", "training.epochs=6", "-s", "training.eval_every=3", "--seeds", "2", "--jobs", "1")


def attempt(*arguments):
    return outcome(command, *arguments)


@pytest.mark.parametrize("name", REGISTRY)
def test_every_regularizer_differs_from_none_in_nothing_else(name):
    plain, own = trial_configs(name)
    assert [member.kind for member in own.stack] == [name]
    assert (plain.stack, plain.name, own.name, len(own.seeds)) == ((), "none", name, SEEDS)
    for key in ("dataset", "architecture", "optimizer", "training", "seeds"):
        assert plain.resolved[key] == own.resolved[key]
    example = configs_folder() / f"{name}.yaml"
    if example.is_file():
        assert own.resolved["regularizers"] == load_config(example).resolved["regularizers"]
    else:
        assert own.resolved["architecture"] == load_config(configs_folder() / BUILT_IN).resolved["architecture"]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_is_written_elsewhere_is_tried_too(name):
    plain, own = trial_configs(name)
    assert stack_text(plain.resolved) == "none"
    assert stack_text(own.resolved).startswith(name)
    key = ELSEWHERE[name].partition("=")[0]
    section, _, last = key.partition(".")
    assert plain.resolved[section] | {last: own.resolved[section][last]} == own.resolved[section]
    assert plain.resolved["dataset"] == own.resolved["dataset"]


def test_it_trains_both_and_says_a_sentence(tmp_path):
    result = attempt("dropout", *SHORT, "--out", tmp_path, "-s", "regularizers.dropout.p=0.5")
    assert result.exit_code == 0
    assert result.stdout.startswith("dropout(0.5) on the sine cannot be judged by 2 seeds: test loss ")
    runs, _ = read_runs([tmp_path])
    assert sorted(run.stack for run in runs) == ["dropout(0.5)", "none"]
    found = json.loads(
        attempt("dropout", *SHORT, "--out", tmp_path, "-s", "regularizers.dropout.p=0.5", "--json").stdout
    )
    assert found["sentence"] == result.stdout.strip()
    assert [row["stack"] for row in found["rows"]] == ["none", "dropout(0.5)"]
    # What stands in the sentence is what the runs say.
    for row in found["rows"]:
        assert f"{row['test_loss']['mean']:.3f}" in found["sentence"]


def test_losses_are_those_of_the_seeds_that_both_have(tmp_path):
    attempt("dropout", *SHORT, "--seeds", "3", "--out", tmp_path)
    sentence = attempt("l2", *SHORT, "--out", tmp_path).stdout
    runs = {run.name: run.per_seed("test_loss") for run in read_runs([tmp_path])[0]}
    assert (len(runs["none"]), len(runs["l2"])) == (3, 2)
    for name in ("none", "l2"):
        assert f"{(runs[name][0] + runs[name][1]) / 2:.3f}" in sentence


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("name", ["l2", "label_smoothing"])  # a curve, and a boundary
def test_a_terminal_gets_a_picture_that_fits(tmp_path, name, width):
    attempt(name, *SHORT, "--out", tmp_path)
    by_name = {run.name: run for run in read_runs([tmp_path])[0]}
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None, highlight=False)
    print_trial(name, by_name["none"], by_name[name], Output(stream=stream, console=console))
    lines = stream.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("without") and line.endswith(f"with {name}") for line in lines)
    assert any("(seed 0)" in line for line in lines)
    assert sum("⠒" in line or "⠤" in line or "⣀" in line or "⠉" in line for line in lines) > 1


@pytest.mark.parametrize(
    ("verdict", "won", "tied", "said"),
    [
        ("better", 9, 0, "helped: test loss 0.040 instead of 0.100 without it, better at 9 of 10 seeds."),
        ("worse", 1, 0, "hurt: test loss 0.040"),
        ("unclear", 6, 0, "made no difference that 10 seeds could tell: test loss 0.040"),
        ("unclear", 0, 10, "changed no test loss: "),
        ("cannot tell", 6, 0, "cannot be judged by 10 seeds: "),
    ],
)
def test_the_sentence_follows_the_verdict(verdict, won, tied, said):
    own = fabricated.row(
        "l2", stack="l2(0.1)", test_loss={"mean": 0.04}, verdict=verdict, won=won, tied=tied, shared=10
    )
    plain = fabricated.row("none", stack="residual", test_loss={"mean": 0.1})
    sentence = trial_sentence(plain, own)
    assert sentence.startswith(f"l2(0.1) on the sine {said}")
    assert trial_sentence(plain, replace(own, stack="l2(0.1) + residual")) == sentence  # what both have is not tried
    assert trial_sentence(plain, replace(own, diverged=1)) == f"{sentence} Diverged, and in no mean: l2 at 1 seed."
    assert "since its networks diverged" in trial_sentence(plain, replace(own, metrics={}))


def test_diverged_networks_are_said_and_end_with_3(tmp_path):
    result = attempt("l2", *SHORT, "--out", tmp_path, "-s", "optimizer.lr=1e30")
    assert result.exit_code == 3
    assert "there is nothing to compare, since" in result.stdout


def test_a_dry_run_trains_nothing(tmp_path):
    lines = attempt("l1", "--out", tmp_path, "-n").stdout.splitlines()
    assert [line.split("/")[-1].rpartition("-")[0] for line in lines] == ["none", "l1"]
    assert len(json.loads(attempt("l1", "--out", tmp_path, "-n", "--json").stdout)) == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "nearest"), [("dropuot", "dropout"), ("L2", "l2"), ("../l2", "l2"), ("x", None)])
def test_unknown_names_get_the_nearest(name, nearest, tmp_path):
    with pytest.raises(InputError) as error:
        attempt(name, "--out", tmp_path)
    assert f"expected a regularizer, found '{name}'." in str(error.value)
    assert (f"Did you mean '{nearest}'?" in str(error.value)) == (nearest is not None)
