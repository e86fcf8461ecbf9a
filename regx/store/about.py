"""run.json: where a run comes from and how far it got."""

import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from regx.core.version import __version__
from regx.store.files import FORMAT


def about(
    *, task: str, data_fingerprint: str, digest: str, command: Sequence[str] | None = None, peek: bool = False
) -> dict[str, Any]:
    """What run.json says of a run beside its status and times.

    task: regression, binary or multiclass. digest: of the resolved config. command: as typed; of this process if None.
    peek: whether the test split was used for choosing.
    """
    return {
        "format": FORMAT,
        "task": task,
        "data_fingerprint": data_fingerprint,
        "digest": digest,
        "peek": peek,
        "command": list(sys.argv if command is None else command),
        "git_commit": git_commit(),
        "versions": {
            "regx": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def training_facts(about: Mapping[str, Any]) -> dict[str, Any]:
    """Of run.json, what is said of each start that trained some seeds: versions, command, commit."""
    return {key: about.get(key) for key in ("versions", "command", "git_commit")}


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def git_commit() -> str | None:
    """The commit that the current directory is at, or None where there is no git or no repository."""
    try:
        found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5)  # noqa: S607
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() if found.returncode == 0 else None
