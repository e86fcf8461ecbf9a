"""Runs that say something else than what is stored."""

from __future__ import annotations

import dataclasses
from typing import Any

from regx.evidence.run import Run
from regx.store.summary import Summary


def with_summary(run: Run, **changes: Any) -> Run:
    """The run with other entries in its summary."""
    return dataclasses.replace(run, summary=Summary({**run.summary, **changes}))


def with_networks(run: Run, *seeds: int, **changes: Any) -> Run:
    """The run with other facts about the networks of some seeds, of all without any named."""
    entries = run.summary["seeds"].items()
    changed = {seed: {**entry, **changes} if not seeds or int(seed) in seeds else entry for seed, entry in entries}
    return with_summary(run, seeds=changed)
