"""How far training is, on stderr: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regx.core.notes import note

if TYPE_CHECKING:
    from regx.report.output import Output
    from regx.runner.networks import OnProgress, Progress

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress_bar(out: Output) -> Iterator[OnProgress]:
    """A function to be called with every `Progress`; shows nothing where none is wanted."""
    from rich.console import Console

    console = Console(stderr=True)
    if not out.shows_progress:
        yield lambda progress: None
    elif not console.is_terminal or console.is_dumb_terminal:
        yield Lines()
    else:
        from rich import progress as bar

        columns = (
            bar.TextColumn("{task.description}"), bar.BarColumn(), bar.MofNCompleteColumn(), bar.TextColumn("networks"),
            bar.TimeElapsedColumn(), bar.TextColumn("left"), bar.TimeRemainingColumn(compact=True),
        )  # fmt: skip
        with bar.Progress(*columns, console=console, transient=True) as bars:
            task = bars.add_task("training", total=None)

            def show(progress: Progress) -> None:
                # Of networks that are under way the part that is done counts.
                part = progress.all_networks * progress.epochs / progress.all_epochs
                bars.update(task, completed=part, total=progress.all_networks)

            yield show


@contextmanager
def resumable(out: Output, force: bool) -> Iterator[None]:
    """Around what a signal may end and the same command takes up again: says so."""
    command = "the same command without --force" if force else "the same command"
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        out.note(f"interrupted: {command} goes on from what is saved")
        raise


class Lines:
    """Prints a line on stderr now and then. more: what else to say each time."""

    def __init__(self, more: Callable[[], str] = lambda: "") -> None:
        self._more = more
        self._start = self._last = time.monotonic()

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        note(f"{how_far(progress, now - self._start)}{self._more()}")


def how_far(progress: Progress, seconds: float) -> str:
    """How far training is after so many seconds, in words."""
    share = progress.epochs / progress.all_epochs
    left = f", {seconds * (1 - share) / share:.0f} s left" if share else ""
    return f"{progress.networks} of {progress.all_networks} networks, {share:.0%}{left}"
