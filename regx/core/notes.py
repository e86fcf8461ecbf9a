"""Lines on stderr: progress, notes, warnings, errors. They are written here and nowhere else."""

import contextlib
import os
import sys

from regx.core.text import clean


def note(message: str) -> None:
    """Write a message, cleaned line by line. One that cannot be written is dropped: no result depends on it."""
    if sys.stderr is None:
        return
    try:
        print("\n".join(map(clean, message.split("\n"))), file=sys.stderr, flush=True)
    except (OSError, ValueError):  # full, gone, or closed
        # What is still in the buffer would fail again when the process ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
