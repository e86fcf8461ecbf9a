"""`regx explain`."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import get_args

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from regx.cli.app import app
from regx.core.errors import InputError
from regx.core.glossary import COLUMNS, VERDICTS
from regx.core.parameters import in_words
from regx.metrics import REGISTRY as METRICS
from regx.reference.catalog import Entry, entries, explained
from regx.report.output import Output
from regx.studies.ablation.judgement import PairVerdict
from regx.studies.bias_variance.display import _names
from regx.studies.diagnosis.display import MEASURED
from regx.studies.diagnosis.judgement import Verdict


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments])


@pytest.mark.parametrize("entry", entries(), ids=lambda entry: entry.name)
def test_everything_is_explained_with_its_keys_and_source(entry: Entry) -> None:
    result = explain(entry.name)
    assert result.exit_code == 0
    assert entry.text
    assert len(entry.summary()) > 5
    for part in (entry.text, entry.source, *(in_words(key) for key in entry.keys), *(key.help for key in entry.keys)):
        assert part in result.stdout
    if entry.group in ("regularizers", "optimizers", "schedules", "datasets"):
        assert entry.source


def test_every_column_of_the_metrics_is_explained() -> None:
    pages = {entry.name: entry.text for entry in entries() if entry.group == "metrics"}
    assert all(metric.help in pages[name] for name, metric in METRICS.items())


def test_every_verdict_and_all_evidence_is_explained() -> None:
    known = {*METRICS, *COLUMNS, *VERDICTS}
    assert {"better", "worse", "unclear"} <= known
    assert {*get_args(Verdict), *get_args(PairVerdict)} <= known
    assert {*MEASURED} <= known
    study = SimpleNamespace(separable=True), SimpleNamespace(separable=False)
    assert {name for one in study for name in _names(one).values()} <= known


def test_the_list_has_a_line_each() -> None:
    lines = [line.split("\t") for line in explain().stdout.splitlines()]
    assert lines[0] == ["name", "group", "what it is"]
    assert [line[0] for line in lines[1:]] == [entry.name for entry in entries()]
    assert all(len(line) == 3 for line in lines)


@pytest.mark.parametrize("group", ["optimizer", "optimizers", "loss"])
def test_a_group_is_a_part_of_the_list(group: str) -> None:
    of = {entry.group for entry in explained(group)}
    assert len(of) == 1
    whole = explain().stdout.splitlines()
    assert explain(group).stdout.splitlines() == [whole[0], *(line for line in whole if line.split("\t")[1] in of)]


def test_names_are_unique() -> None:
    names = [entry.name for entry in entries() if entry.group != "pages"]  # a page may be called as a thing
    assert len(names) == len(set(names))


def test_the_whole_text_of_one() -> None:
    result = explain("zero_fraction")
    assert result.stdout == "zero_fraction  (metrics)\n\nShare of the weights that are exactly 0. Between 0 and 1.\n\n"
    table = explain("dropout").stdout.split("\n\n")[-2].splitlines()
    assert table == [
        "key\tvalues\tdefault\tmeaning",
        "p\ta number with 0 <= p < 1\t0.5\tprobability to drop a hidden unit",
        "input\ta number with 0 <= input < 1\t0.0\tprobability to drop a feature of the input",
        "inverted\ttrue or false\ttrue"
        "\twhether kept units are divided by 1 - p in training; else evaluation multiplies",
    ]


@pytest.mark.parametrize("key", ["sam", "residual", "tied", "label_noise", "hidden", "batch_size", "lam"])
def test_a_key_is_explained_wherever_it_is_one(key: str) -> None:
    pages = [entry for entry in entries() if key in (one.name for one in entry.keys)]
    own = [key] * (key in {*METRICS, *COLUMNS})  # what a table calls so comes first
    assert [entry.name for entry in explained(key)] == own + [f"{entry.name}.{key}" for entry in pages]
    assert f"{pages[0].name}.{key}  ({pages[0].group})\n\n" in explain(key).stdout


def test_json() -> None:
    (found,) = json.loads(explain("l2", "--json").stdout)
    assert found["keys"][0]["key"] == "lam"
    assert len(json.loads(explain("--json").stdout)) == len(entries())


def test_an_unknown_name() -> None:
    with pytest.raises(InputError) as failure:
        explained("dropot")
    assert str(failure.value) == (
        "expected something that regx knows, found 'dropot'. Did you mean 'dropout'? `regx explain` prints the list"
    )


@pytest.mark.parametrize("name", ["l2", "mixup", "adam"])
def test_a_terminal_gets_paragraphs_that_fit_and_a_pipe_the_lines_as_they_are(name: str) -> None:
    from regx.report.explain import print_entries

    found = explained(name)
    stream = io.StringIO()
    console = Console(file=stream, width=60, force_terminal=True, color_system=None, highlight=False)
    print_entries(found, Output(stream=stream, console=console))
    folded = stream.getvalue()
    assert max(map(len, folded.splitlines())) <= 60
    piped = explain(name).stdout
    assert found[0].text in piped
    text = folded[: folded.index("key ")] if "key " in folded else folded
    assert text.split() == [*f"{name} ({found[0].group})".split(), *found[0].text.split()]
    assert "\nUsual: " in folded or "\nUsual: " not in piped
