"""How far training is, and how a race stands, in the output of a notebook's cell."""

import importlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from regx.config.config import Config
from regx.core.listener import Listener, Progress, Wanted, Watchers
from regx.notebook.output import escaped
from regx.runner.networks import Options

SECONDS_BETWEEN = 0.5
WIDTH, HEIGHT = 110, 40  # of the view of a race, in characters


def in_notebook() -> bool:
    """Whether this is the kernel of a notebook, which shows what is displayed."""
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None else None
    return found is not None and "IPKernelApp" in getattr(found, "config", {})


def followed(options: Options) -> Options:
    """The options, in a notebook with a line in the cell's output that says how far training is."""
    return replace(options, watchers=Watchers(Display(_line))) if in_notebook() else options


def raced(options: Options, lanes: Sequence[Config], peek: bool) -> Options:
    """The options, in a notebook with the view of the race in the cell's output."""
    if not in_notebook():
        return options
    from regx.studies.race.display import View, race_lines
    from regx.studies.race.scene import scene
    from regx.studies.race.state import race_state

    picture = scene(lanes[0].dataset, lanes[0].seeds)
    state = race_state(lanes, peek, [], picture)
    state.wanted = Wanted(SECONDS_BETWEEN, None if picture is None else picture.inputs, side_by_side=True)

    def drawn(progress: Progress) -> str:
        from regx.report.output import picture_console

        console = picture_console(WIDTH)
        for line in race_lines(state, View(WIDTH, HEIGHT, False), picture):
            console.print(line, soft_wrap=True)
        view = console.export_html(inline_styles=True, code_format="<pre style='line-height:1.15'>{code}</pre>")
        return view + _line(progress)

    return replace(options, watchers=Watchers(state, Display(drawn)))


def _line(progress: Progress) -> str:
    what = progress.stage or f"{progress.networks} of {progress.all_networks} networks"
    return f"<progress value='{progress.share:.3f}'></progress> {escaped(what)}, {progress.share:.0%}"


class Display(Listener):
    """Shows HTML in one place of a cell's output, now and then, and clears it when training is done."""

    def __init__(self, draw: Callable[[Progress], str]) -> None:
        self._draw = draw
        self._due = 0.0
        self._place: Any = None

    def on_progress(self, progress: Progress) -> None:
        done = progress.share >= 1
        now = time.monotonic()
        if now < self._due and not done:
            return
        notebook: Any = importlib.import_module("IPython.display")
        shown = notebook.HTML("" if done else self._draw(progress))
        if self._place is None:
            self._place = notebook.display(shown, display_id=True)
        else:
            self._place.update(shown)
        self._due = time.monotonic() + SECONDS_BETWEEN
