"""A race while it is run, on stderr: a live view on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regx.cli.progress import Lines, how_far
from regx.core.listener import Listener, Progress, Wanted, Watchers

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from regx.report.output import Output
    from regx.studies.race.scene import Scene
    from regx.studies.race.state import RaceState

# Drawing takes milliseconds of a core that has networks to train: at most this share of it, on a slow machine too.
SECONDS_PER_PICTURE, MOST_OF_A_CORE = 0.4, 0.03
SECONDS_PER_GLIMPSE = 0.5


@contextmanager
def race_view(out: Output, state: RaceState, scene: Scene | None) -> Iterator[Watchers]:
    """A watcher that tells `state` how the lanes stand and shows it on stderr until the end."""
    from regx.report.output import console as drawing
    from regx.studies.race.state import mean

    def who_leads() -> str:
        leader = state.leader()
        return "" if leader is None else f", {leader.name} leads, {state.judged_by} {mean(leader.judged):.3g}"

    console = drawing(sys.stderr)
    if not out.shows_progress:
        yield Watchers()
    # With FORCE_COLOR Rich takes a file for a terminal, too.
    elif not console.is_terminal or console.is_dumb_terminal or not console.file.isatty():
        state.wanted = Wanted(1.0, side_by_side=True)
        yield Watchers(state, Lines(who_leads))
    else:
        from rich.live import Live

        view = _View(console, state, scene)
        # No thread of its own: nothing changes while it is drawn.
        with Live(get_renderable=view.drawn, console=console, auto_refresh=False, transient=True) as live:
            view.refresh = live.refresh
            state.wanted = Wanted(SECONDS_PER_GLIMPSE, None if scene is None else scene.inputs, side_by_side=True)
            yield Watchers(state, view)


class _View(Listener):
    def __init__(self, console: Console, state: RaceState, scene: Scene | None) -> None:
        self._console, self._state, self._scene = console, state, scene
        self._progress: Progress | None = None
        self._start = time.monotonic()
        self._due = 0.0
        self.refresh: Callable[[], None] = lambda: None

    def on_progress(self, progress: Progress) -> None:
        self._progress = progress
        now = time.monotonic()
        if now >= self._due:
            self.refresh()
            took = time.monotonic() - now
            self._due = now + max(SECONDS_PER_PICTURE, took / MOST_OF_A_CORE)

    def drawn(self) -> RenderableType:
        from rich.console import Group

        from regx.studies.race.display import race_footer, race_lines, view_of

        share, words = 0.0, ""
        if self._progress is not None:
            share = self._progress.share
            words = how_far(self._progress, time.monotonic() - self._start)
        view = view_of(self._console)
        return Group(*race_lines(self._state, view, self._scene, race_footer(share, words, view)))
