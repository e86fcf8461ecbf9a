from __future__ import annotations

import io
import json

import pytest
from command_line import outcome

from regx.cli.diff import command
from regx.core.errors import InputError
from regx.report.difference import print_difference
from regx.report.output import Output


@pytest.fixture(scope="module")
def runs(tmp_path_factory, fabricated):
    folder = tmp_path_factory.mktemp("runs")
    fabricated.store(folder / "none", [0.1, 0.12])
    fabricated.store(
        folder / "l2", [0.05, 0.07, 0.06], stack=[{"l2": {"lam": 0.003}}], optimizer={"name": "adam", "lr": 0.01},
        about={"data_fingerprint": "cd" * 32},
    )  # fmt: skip
    both = [{"l2": {"lam": 0.1}}, {"dropout": {"p": 0.2}}]
    fabricated.store(folder / "one", [0.1], stack=both)
    fabricated.store(folder / "other", [0.1], stack=both[::-1])
    fabricated.store(folder / "shape", [0.1], stack=both, architecture={"hidden": [3, 4, 5], "activation": "relu"})
    fabricated.store(folder / "two" / "one", [0.1], stack=both, name="one")
    fabricated.store(folder / "classes", [0.1], task="binary")
    return folder


def diff(*arguments):
    return outcome(command, *arguments)


def table(a, b):
    stream = io.StringIO()
    print_difference(str(a), str(b), Output("table", stream=stream))
    return stream.getvalue()


def test_json_has_what_differs_with_both_values(runs):
    found = json.loads(diff(runs / "none", runs / "l2", "--json").stdout)
    assert found["runs"] == [str(runs / "none"), str(runs / "l2")]
    assert found["config"] == {
        "optimizer.lr": [0.003, 0.01], "regularizers.l2.lam": [None, 0.003], "seeds": [[0, 1], [0, 1, 2]],
    }  # fmt: skip
    assert [one["mean"] for one in found["metrics"]["test_loss"]] == pytest.approx([0.11, 0.06])
    assert found["same_data"] is False
    assert "test_accuracy" not in found["metrics"]


def test_people_read_a_table_and_what_else_tells_them_apart(runs):
    shown = table(runs / "none", runs / "l2")
    lines = [line.split() for line in shown.splitlines()]
    assert ["config", "none", "l2"] in lines
    assert ["optimizer.lr", "0.003", "0.01"] in lines
    assert ["regularizers.l2.lam", "-", "0.003"] in lines
    assert ["seeds", "0-1", "0-2"] in lines
    assert "The data differs (another fingerprint), so the losses are of different rows." in shown
    assert "Each mean is over the run's own finished seeds: none 0-1 and l2 0-2." in shown


def test_a_pipe_gets_one_table_and_the_sentences_beside_it(runs):
    result = diff(runs / "none", runs / "l2")
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert rows[0] == ["part", "key", "a", "b"]
    assert ["metric", "test_loss", "0.11", "0.06"] in rows
    assert "The data differs" in result.stderr


def test_the_order_of_the_stack_and_lists_are_told(runs):
    found = json.loads(diff(runs / "one", runs / "other", "--json").stdout)
    assert found["config"] == {"regularizers": [["l2", "dropout"], ["dropout", "l2"]]}
    assert ["architecture.hidden", "[64,", "64]", "[3,", "4,", "5]"] in [
        line.split() for line in table(runs / "one", runs / "shape").splitlines()
    ]


def test_runs_of_one_name_are_told_by_their_folders_and_may_be_alike(runs):
    shown = table(runs / "one", runs / "two" / "one")
    assert "No key of their configs differs." in shown
    assert "two/one" in shown
    assert "The data differs" not in shown


def test_another_task_has_other_metrics(runs):
    found = json.loads(diff(runs / "none", runs / "classes", "--json").stdout)
    assert found["metrics"]["test_accuracy"][0]["mean"] is None
    assert found["metrics"]["test_accuracy"][1]["mean"] is not None


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (("none", "none"), "found the same one twice"),
        (("none", "gone"), "found nothing there"),
        (("none", ""), "found a folder of runs, such as"),
        (("none", "none/run.json"), "found a file"),
    ],
)
def test_what_are_not_two_runs_is_refused(runs, paths, message):
    with pytest.raises(InputError, match=message):
        diff(*(runs / path for path in paths))


def test_a_damaged_run_is_named(runs, tmp_path, fabricated):
    cut = fabricated.store(tmp_path / "cut", [0.1])
    (cut / "config.yaml").write_text("name: [")
    with pytest.raises(InputError, match=r"config\.yaml: damaged"):
        diff(runs / "none", cut)
