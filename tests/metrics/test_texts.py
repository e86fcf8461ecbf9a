"""What configs, explanations and docs name exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from regx.core.glossary import COLUMNS
from regx.metrics import REGISTRY
from regx.reference.catalog import entries

ROOT = Path(__file__).parents[2]
# Names that end as those of metrics do: `test_loss`, `calibration_error`, `zero_fraction`.
ENDINGS = sorted(
    {name.rpartition("_")[2] for name in REGISTRY if "_" in name} - {"mode", "layer", "epoch", "norm", "trained"}
)
LIKE_A_METRIC = re.compile(rf"\b[a-z0-9]+(?:_[a-z0-9]+)*_(?:{'|'.join(ENDINGS)})\b")


def comments(path: Path) -> str:
    return "\n".join(line.partition("#")[2] for line in path.read_text().splitlines())


TEXTS = {
    **{path.name: comments(path) for path in sorted((ROOT / "configs").glob("*.yaml"))},
    **{path.name: path.read_text() for path in sorted((ROOT / "regx" / "docs").glob("*.md"))},
    **{f"explain {entry.name}": entry.text for entry in entries()},
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_metric_that_a_text_names_exists(text: str) -> None:
    known = {*REGISTRY, *COLUMNS, *(key.name for entry in entries() for key in entry.keys)}
    known |= {entry.name for entry in entries()}
    known |= {"cross_val_score", "sample_weight", "balanced_accuracy"}  # scikit-learn's
    assert {name for name in LIKE_A_METRIC.findall(text) if name not in known} == set()
