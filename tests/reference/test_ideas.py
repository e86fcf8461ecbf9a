"""Ideas are explained, and what people call things finds them."""

import re

import pytest

from regx.core.errors import InputError
from regx.reference.catalog import entries, explained
from regx.reference.ideas import ALIASES, IDEAS, plain
from regx.studies.lessons.exercise import exercises


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_leads_somewhere(alias: str) -> None:
    assert plain(alias) == alias
    assert explained(alias) == explained(ALIASES[alias])


@pytest.mark.parametrize(
    ("written", "name"),
    [("BatchNorm", "batch_norm"), ("Early Stopping", "early_stopping"), ("lasso", "l1"), ("Ridge", "l2"),
     ("SWA", "weight_average"), ("double descent", "double_descent"), ("Adam", "adam"), ("Elastic-Net", "elastic_net")],
)  # fmt: skip
def test_names_are_found_as_people_write_them(written: str, name: str) -> None:
    assert explained(written)[0].name == name


def test_what_ideas_name_exists() -> None:
    known = {entry.name for entry in entries()}
    for name, (text, source) in IDEAS.items():
        assert source
        for lesson in re.findall(r"\b(\d{3}\.\d+)`", text):
            assert lesson in exercises(), name
        for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text):
            assert word in known, (name, word)


def test_what_nobody_calls_anything_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'dropout'"):
        explained("dropuot")
