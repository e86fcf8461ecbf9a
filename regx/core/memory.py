"""How much memory there is."""

import os
from pathlib import Path

# What a container may take, on Linux: version 2 of control groups, and version 1.
LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def shortage(needed: float) -> str | None:
    """`9 GB where there are 4 GB` if so many bytes are more than this process could take, else None."""
    there = memory()
    return None if needed <= there else f"{needed / 1e9:,.0f} GB where there are {there / 1e9:,.0f} GB"


def memory() -> float:
    """The most bytes that this process could take: the machine's, or its container's; infinite if not known."""
    found = [float("inf")]
    if hasattr(os, "sysconf"):
        found.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for limit in map(Path, LIMITS):
        try:
            found.append(int(limit.read_text()))
        except (OSError, ValueError):  # no such file; "max"
            continue
    return min(found)
