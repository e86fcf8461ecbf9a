"""What to be wary of in configs that are about to be trained, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regx.config.config import Config


def warn(configs: Sequence[Config], quiet: bool) -> None:
    """Print each warning of the configs, and how each table was understood, once; nothing when `quiet`."""
    from regx.config.interactions import warnings
    from regx.runner.plan import dataset

    if quiet:
        return
    found = [f"warning: {warning}" for config in configs for warning in warnings(config)]
    read = dict.fromkeys((config.dataset, config.seeds[0]) for config in configs)
    found += [f"note: {note}" for source, seed in read for note in dataset(source, seed).notes]
    for line in dict.fromkeys(found):
        print(line, file=sys.stderr)
