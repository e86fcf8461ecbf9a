"""How far training is, on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from regx.core.listener import Following, Listener, Progress, Watchers
from regx.core.notes import note

if TYPE_CHECKING:
    from regx.report.output import Output
    from regx.runner.networks import Options

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def followed(out: Output, options: Options) -> Iterator[Options]:
    """The options with a watcher that shows how far training is, if it is to be shown."""
    from regx.report.output import is_terminal

    if not out.shows_progress:
        yield options
    elif not is_terminal(sys.stderr) or os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
        yield replace(options, watchers=Watchers(Lines()))
    else:
        from rich import progress as bar

        from regx.report.output import console

        columns = (bar.BarColumn(), bar.TextColumn("{task.description}", markup=False), bar.TimeElapsedColumn())
        with bar.Progress(*columns, console=console(sys.stderr), transient=True) as bars:
            start, task = time.monotonic(), bars.add_task("training", total=1)

            def show(progress: Progress) -> None:
                words = how_far(progress, time.monotonic() - start)
                bars.update(task, completed=progress.share, description=words)

            yield replace(options, watchers=Watchers(Following(show)))


class Lines(Listener):
    """Prints a line on stderr now and then. more: what else to say each time."""

    def __init__(self, more: Callable[[], str] = lambda: "") -> None:
        self._more = more
        self._start = self._last = time.monotonic()

    def on_progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        note(f"{how_far(progress, now - self._start)}{self._more()}")


def how_far(progress: Progress, seconds: float) -> str:
    """How far training is after so many seconds, in words."""
    share, left = progress.share, progress.seconds_left
    if left is None and share > 0:
        left = seconds * (1 - share) / share
    what = f"{progress.stage}: " if progress.stage else f"{progress.networks} of {progress.all_networks} networks, "
    return f"{what}{share:.0%}{'' if left is None else f', {left:.0f} s left'}"
