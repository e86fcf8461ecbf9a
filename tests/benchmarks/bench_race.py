"""What the live view of a race costs.

    python tests/benchmarks/bench_race.py [CONFIG] [ROUNDS]

The same race, of the built-in config unless another is named, is trained with the view, drawn on a terminal of 160 by
50 characters that goes nowhere, and without, in alternating pairs and with all cores. Prints the medians and their
ratio, by the clock and in processor time of all processes, which other work on the machine disturbs less, and how long
one picture takes to draw. Ends with 1 where both say that the view takes more than 10 % of the time.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from regx.cli import live
from regx.config.load import load_lanes
from regx.report.output import Output
from regx.runner.networks import Options
from regx.studies.race.display import View, race_lines
from regx.studies.race.scene import scene
from regx.studies.race.state import race_state
from regx.studies.sweep.question import sweep

ROUNDS, AT_MOST = 5, 1.10


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def main(config: str | None, rounds: int) -> int:
    race = load_lanes(config)
    lanes = [cell.config for cell in race.cells]
    picture = scene(lanes[0].dataset, lanes[0].seeds)
    os.environ |= {"COLUMNS": "160", "LINES": "50", "TERM": "xterm-256color"}
    terminal = Terminal()

    def seconds(watched: bool) -> tuple[float, float]:
        state = race_state(lanes)
        with tempfile.TemporaryDirectory() as folder:
            start = time.perf_counter(), processor_seconds()
            with (
                contextlib.redirect_stderr(terminal),
                live.race_view(Output(None if watched else "json"), state, picture) as watchers,
            ):
                sweep(race, race.cells, Path(folder), Options(watchers=watchers))
            took = time.perf_counter() - start[0], processor_seconds() - start[1]
        if watched:
            seen.append(state)
        return took

    seen: list[object] = []
    plain: list[tuple[float, float]] = []
    watched: list[tuple[float, float]] = []
    for number in range(rounds):
        pair = [(True, watched), (False, plain)]
        for view, into in pair if number % 2 else reversed(pair):
            into.append(seconds(view))
        (clock, busy), (plain_clock, plain_busy) = watched[-1], plain[-1]
        print(
            f"round {number + 1}: by the clock {clock:6.2f} s with the view, {plain_clock:6.2f} s without; "
            f"processors {busy:6.2f} s with, {plain_busy:6.2f} s without",
            flush=True,
        )
    ratios = []
    for index, name in enumerate(("by the clock", "processors")):
        one, other = (statistics.median(each[index] for each in times) for times in (watched, plain))
        ratios.append(one / other)
        print(f"{name}: median {one:.2f} s with the view, {other:.2f} s without, ratio {one / other:.3f}")
    start = time.perf_counter()
    for _ in range(20):
        race_lines(seen[-1], View(160, 50), picture)  # type: ignore[arg-type]
    milliseconds = (time.perf_counter() - start) / 20 * 1000
    print(f"one picture: {milliseconds:.1f} ms, about {1 / live.SECONDS_PER_PICTURE:.0f} a second")
    assert "\x1b[" in terminal.getvalue(), "the view was not drawn"
    return int(min(ratios) > AT_MOST)


def processor_seconds() -> float:
    """What this process and those it has started and ended have used so far."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else None, int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS))
