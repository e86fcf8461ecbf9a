from __future__ import annotations

import numpy as np
import pytest

from regx.stats.paired import compare_to_baseline


def seeds(values):
    return dict(enumerate(values))


BASE = [0.10, 0.12, 0.09, 0.14, 0.11]


def test_verdicts():
    lower = seeds([0.05, 0.08, 0.05, 0.09, 0.06])
    higher = seeds([0.15, 0.16, 0.13, 0.19, 0.16])
    mixed = seeds([0.15, 0.08, 0.13, 0.09, 0.12])
    few = {seed: lower[seed] for seed in range(4)}
    other = {9: 0.1}
    judged = compare_to_baseline([lower, higher, mixed, few, other], seeds(BASE))
    assert [verdict for _, verdict in judged] == [
        "better",
        "worse",
        "unclear",
        "cannot tell (4 seeds)",
        "cannot tell (0 seeds)",
    ]
    assert judged[0][0]["mean"] == pytest.approx(-0.046)
    assert judged[0][0]["high"] < 0
    assert judged[3][0]["p"] is None
    assert judged[3][0]["mean"] == pytest.approx(np.mean([-0.05, -0.04, -0.04, -0.05]))
    assert judged[4][0] == {"mean": None, "low": None, "high": None, "p": None}
    accuracies = compare_to_baseline([lower, higher], seeds(BASE), lower_is_better=False)
    assert [verdict for _, verdict in accuracies] == ["worse", "better"]


def test_only_shared_seeds_are_paired():
    base = {**seeds(BASE), 17: 100.0}
    run = {**seeds(BASE), 18: -100.0}
    ((difference, verdict),) = compare_to_baseline([run], base)
    assert difference == {"mean": 0.0, "low": 0.0, "high": 0.0, "p": 1.0}
    assert verdict == "unclear"


def test_few_tables_without_a_difference_have_a_verdict():
    """Seven runs at five seeds: without a correction a quarter of the tables would have one."""
    rng = np.random.default_rng(0)
    tables = rng.standard_normal((200, 8, 5))
    wrong = [
        any(v != "unclear" for _, v in compare_to_baseline([seeds(x) for x in t[1:]], seeds(t[0]))) for t in tables
    ]
    assert np.mean(wrong) < 0.09
