"""Small tables."""

from __future__ import annotations

import io

import pytest

from regx.report.listing import print_listing
from regx.report.numbers import in_words
from regx.report.output import Output


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (1.0, "0.250 [0.123, 0.400]"),
        (1e-4, "0.000025 [0.000012, 0.000040]"),
        (1e-8, "2.50e-09 [1.23e-09, 4.00e-09]"),
        (1e12, "2.50e+11 [1.23e+11, 4.00e+11]"),
        (0.0, "0 [0, 0]"),
    ],
)
def test_numbers_of_any_size_are_told_apart(scale, said, monkeypatch):
    interval = {"mean": 0.25 * scale, "low": 0.1234 * scale, "high": 0.4 * scale, "p": 1.0}
    assert in_words(interval) == said
    assert in_words({"mean": None, "low": None, "high": None}) == "unknown"
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    text = io.StringIO()
    print_listing([{"name": "[red]", "error": interval}], Output(stream=text), ends=True)
    assert text.getvalue().splitlines()[1].split() == ["[red]", *said.split()]
