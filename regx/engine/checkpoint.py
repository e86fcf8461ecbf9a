"""Where a training stands, as named arrays: from them it goes on as if nothing had happened.

What `trainer` saves is flat, `<part>/<name>` to array, so that it can be stored without pickle. Parts: `epoch`,
`networks` (those still in training), `seconds`, `history`, `state` (parameters, optimizer, regularizers, random
streams), `snapshots/<network>`, and `results/<network>` of those that have left.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from regx.core.arrays import Array, below, under
from regx.core.trained import Divergence, Trained
from regx.engine.history import History

Checkpoint = Mapping[str, Array]

_FACTS = ("seed", "status", "reported_epoch", "reported_because", "reported", "diagnostics", "seconds")


def of_trained(trained: Trained) -> dict[str, Array]:
    """One network after training, as arrays."""
    facts: dict[str, Any] = {name: getattr(trained, name) for name in _FACTS}
    facts["divergence"] = trained.divergence and [trained.divergence.epoch, trained.divergence.tensor]
    facts["columns"] = list(trained.metrics)
    return {
        "facts": text(facts),
        **under("metrics", trained.metrics),
        **under("weights", trained.weights),
        **of_snapshots(trained.snapshots),
    }


def to_trained(saved: Checkpoint) -> Trained:
    """What `of_trained` was made of."""
    facts = from_text(saved["facts"])
    divergence, columns, metrics = facts.pop("divergence"), facts.pop("columns"), below("metrics", saved)
    return Trained(
        **facts,
        metrics={name: metrics[name] for name in columns},
        weights=below("weights", saved),
        divergence=Divergence(*divergence) if divergence else None,
        snapshots=to_snapshots(saved),
    )


def of_snapshots(snapshots: Mapping[int, Mapping[str, Array]]) -> dict[str, Array]:
    """Parameters by epoch and name, as arrays."""
    found: dict[str, Array] = {}
    for epoch, named in snapshots.items():
        found |= under(f"epoch/{epoch}", named)
    return found


def to_snapshots(saved: Checkpoint) -> dict[int, dict[str, Array]]:
    """What `of_snapshots` was made of."""
    named = below("epoch", saved)
    return {epoch: below(str(epoch), named) for epoch in sorted({int(name.partition("/")[0]) for name in named})}


def rows_so_far(saved: Checkpoint) -> dict[int, dict[str, Array]]:
    """The rows of metrics of every network of the population, a column each."""
    history = below("history", saved)
    return {network: History.columns_of(history, network) for network in range(len(history["length"]))}


def text(value: Any) -> Array:
    """Plain data as an array of the bytes of its JSON; numbers that are not finite included."""
    return np.frombuffer(json.dumps(value).encode(), np.uint8)


def from_text(array: Array) -> Any:
    """What `text` was made of."""
    return json.loads(array.tobytes())
