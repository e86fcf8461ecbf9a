"""What to be wary of in configs that are about to be trained, on stderr."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regx.config.config import Config


def warn(configs: Sequence[Config], quiet: bool) -> None:
    """Print each warning of the configs once; none when `quiet`."""
    from regx.config.interactions import warnings

    found = () if quiet else dict.fromkeys(warning for config in configs for warning in warnings(config))
    for warning in found:
        print(f"warning: {warning}", file=sys.stderr)
