"""The columns that a comparison table can have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from regx.core.errors import InputError, did_you_mean
from regx.metrics import REGISTRY


@dataclass(frozen=True)
class TableColumn:
    """One column of the table. importance: columns with a greater one are left out first where space is short.

    best: which value is marked, where one is better than another.
    """

    key: str
    kind: Literal["text", "count", "number", "interval"]
    importance: float
    best: Literal["least", "greatest", None] = None


UNASKED = 99.0  # the importance of what is shown where it is asked for only
BEST: dict[Any, Any] = {"lower": "least", "higher": "greatest", None: None}
_METRICS = [
    TableColumn(one.name, "interval", UNASKED if one.importance is None else one.importance, BEST[one.better])
    for one in REGISTRY.values()
    if one.name != "epoch"
]
COLUMNS = {
    column.key: column
    for column in (
        TableColumn("name", "text", 0),
        TableColumn("stack", "text", 5),
        TableColumn("changed", "text", 1),
        TableColumn("peek", "text", 2),
        TableColumn("status", "text", 4),
        TableColumn("seeds", "count", 9),
        TableColumn("diverged", "count", 4),
        TableColumn("missing_seeds", "text", 4.5),
        *(column for column in _METRICS if column.importance < 13),
        TableColumn("difference", "interval", 6),
        TableColumn("p", "number", 13),
        TableColumn("won", "count", 8.5, "greatest"),
        TableColumn("verdict", "text", 2),
        TableColumn("seeds_to_tell", "count", 8, "least"),
        *sorted((column for column in _METRICS if column.importance >= 13), key=lambda column: column.importance),
        TableColumn("shrinkage", "number", 12.5),
        TableColumn("interpolates", "text", 2.5),
        *(TableColumn(key, "text", UNASKED) for key in ("run", "group", "dataset", "task", "metric")),
        *(TableColumn(key, "count", UNASKED) for key in ("tied", "shared")),
        *(TableColumn(key, "text", UNASKED) for key in ("baseline", "baseline_because")),
    )
}
SHOWN = tuple(metric.name for metric in REGISTRY.values() if metric.importance is not None)


def known_columns(names: Sequence[str]) -> list[str]:
    """The names, if all are columns. Raises InputError naming every one that is not."""
    wrong = [
        f"unknown column '{name}'.{did_you_mean(name, COLUMNS)} Expected some of {', '.join(COLUMNS)}."
        for name in names
        if name not in COLUMNS
    ]
    if wrong:
        raise InputError("\n".join(wrong))
    return list(dict.fromkeys(names))
