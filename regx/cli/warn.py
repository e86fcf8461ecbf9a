"""What to be wary of in configs that are about to be trained, on stderr."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regx.config.config import Config
    from regx.report.output import Output


PEEKED = (
    "--peek: the test split is used for choosing. The test loss of what it chooses is no estimate any more of the loss "
    "on new data."
)


def warn(configs: Sequence[Config], out: Output, peek: bool = False, lanes: bool = False) -> None:
    """Print each warning of the configs, and how each table was understood, once.

    lanes: they are those of a race.
    """
    from regx.data.cautions import cautions
    from regx.data.csv import CSV
    from regx.reference.interactions import few_to_stop_by, lane_warnings, warnings
    from regx.runner.plan import clipped, dataset

    if out.quiet:
        return
    found = [f"warning: {PEEKED}"] * peek
    said = lane_warnings(configs) if lanes else [warning for config in configs for warning in warnings(config)]
    found += [f"warning: {warning}" for warning in said]
    read = dict.fromkeys((config.dataset, config.seeds[0]) for config in configs)
    found += [f"note: {note}" for source, seed in read for note in dataset(source, seed).notes]
    tables = [source.table() for source, _ in read if isinstance(source, CSV)]
    found += [f"note: {note}" for table in tables for note in cautions(table)]
    for config in configs:
        if getattr(config.dataset, "n_val", None) is None:  # of a table
            rows = len(dataset(config.dataset, config.seeds[0]).val.x)
            found += [f"warning: {said}" for said in few_to_stop_by(config, rows, "a larger dataset.val_fraction")]
    found += [f"note: {note}" for config in configs for note in clipped(config)]
    out.note(*dict.fromkeys(found))
