"""How far a command of several stages is, on stderr: what it does, how much is done, and the time left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regx.cli.progress import SECONDS_BETWEEN_LINES
from regx.core.notes import note

if TYPE_CHECKING:
    from regx.report.output import Output
    from regx.studies.recommendation.race import OnStage


@contextmanager
def stages(out: Output) -> Iterator[OnStage]:
    """A function to be called with the stage, the share that is done and the seconds left."""
    from rich.console import Console

    console = Console(stderr=True)
    if not out.shows_progress:
        yield lambda stage, share, left: None
    elif not console.is_terminal or console.is_dumb_terminal:
        yield _Lines()
    else:
        with console.status("") as status:

            def show(stage: str, share: float, left: float) -> None:
                status.update(f"{stage}: {share:.0%}, {left:.0f} s left")

            yield show


class _Lines:
    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, stage: str, share: float, left: float) -> None:
        if time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._last = time.monotonic()
            note(f"{stage}: {share:.0%}, {left:.0f} s left")
