"""How much decay shrinks weights over a training, against weights that nothing holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from changed import with_networks

import regx
from regx.evidence.shrinkage import shrinkage, shrinkage_of
from regx.report.table import compare_rows

# Inputs that are 0, by which no weight of the only layer has a gradient, would need a table; a learning rate this small
# moves nothing either, so weights shrink by decay alone.
SMALL = {
    "dataset": {"name": "sine", "n_train": 20}, "architecture": {"hidden": []}, "seeds": 2,
    "training": {"epochs": 40, "batch_size": 8},
}  # fmt: skip
SLOW, FAST = 1e-8, 1e8


@pytest.mark.parametrize(
    ("optimizer", "stack"),
    [
        ({"name": "sgd"}, [{"weight_decay": {"lam": 0.01 * FAST}}]),
        ({"name": "sgd", "momentum": 0.9}, [{"weight_decay": {"lam": 0.01 * FAST}}]),
        ({"name": "sgd"}, [{"l2": {"lam": 0.01 * FAST}}]),
        ({"name": "adamw", "weight_decay": 0.01 * FAST}, []),
        ({"name": "adam", "schedule": {"name": "cosine", "warmup": 5}}, [{"weight_decay": {"lam": 0.01 * FAST}}]),
        ({"name": "adamw", "weight_decay": 0.004 * FAST}, [{"weight_decay": {"lam": 0.006 * FAST}}]),
    ],
)
def test_weights_that_nothing_holds_shrink_by_so_much(
    optimizer: dict[str, Any], stack: list[dict[str, Any]], tmp_path: Path
) -> None:
    run = regx.run({**SMALL, "optimizer": {**optimizer, "lr": SLOW}, "regularizers": stack}, out=tmp_path)
    before, after = (run.weights[f"seed0/{when}/0/weight"].astype(float) for when in ("init", "final"))
    found = shrinkage_of(run)
    assert found is not None
    # 3 steps an epoch, of which each shrinks by 1 - 0.01: the logarithm of that is a little more than 0.01.
    assert -np.log(np.abs(after / before)).item() == pytest.approx(found, rel=0.02)
    if "schedule" not in optimizer:
        assert found == pytest.approx(0.01 * 3 * 40)
    (row,) = compare_rows([run])
    assert row.shrinkage == found


def test_momentum_makes_a_penalty_as_much_stronger_as_the_gradient() -> None:
    config = {"optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.75}, "training": {"epochs": 10}}
    assert shrinkage({**config, "regularizers": [{"l2": {"lam": 0.5}}]}, 30, 10) == pytest.approx(4 * 0.1 * 0.5 * 10)


def test_what_nobody_knows_is_not_said() -> None:
    config = {"optimizer": {"name": "adam", "lr": 0.1}, "training": {"epochs": 10}}
    assert shrinkage({**config, "regularizers": [{"l2": {"lam": 0.5}}]}, 30, 10) is None
    assert shrinkage({**config, "regularizers": [{"dropout": {"p": 0.5}}]}, 30, 10) is None


def test_early_stopping_is_on_the_same_scale(tmp_path: Path) -> None:
    """The network that is left after t of T steps is about that of an L2 of 1/(lr·t), which shrinks by T/t."""
    stopping = {"optimizer": {"name": "sgd", "lr": 0.05}, "regularizers": [{"early_stopping": {"patience": 30}}]}
    run = regx.run({**SMALL, **stopping}, out=tmp_path)
    assert shrinkage_of(with_networks(run, reported_epoch=8)) == pytest.approx(40 / 8)
    assert shrinkage_of(with_networks(run, reported_epoch=40)) is None, "it has not stopped early"
    adaptive = regx.run({**SMALL, **stopping, "optimizer": "adam"}, out=tmp_path)
    assert shrinkage_of(with_networks(adaptive, reported_epoch=8)) is None, "nobody knows"
