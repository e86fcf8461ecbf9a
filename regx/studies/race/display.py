"""What a race looks like on a terminal while it is run and when it is over."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from regx.core.errors import InputError
from regx.core.text import elided
from regx.evidence.run import Run
from regx.report.output import Console, Output, picture_console
from regx.report.render import print_rows
from regx.report.sparkline import bar, sparkline
from regx.report.table import compare_rows, sort_rows
from regx.store.atomic import write_atomically
from regx.studies.race.scene import Scene
from regx.studies.race.state import RaceState, mean

NARROWEST = 80
SPARKLINE, BAR = (7, 20), (6, 20)  # least and greatest widths
PICTURE = (29, 72)  # least and greatest width
LEAST_HEIGHT, MOST_HEIGHT = 10, 20
LONGEST_NAME = 16
SVG_WIDTH, SVG_HEIGHT = 122, 60
SVG_START = b'<svg class="rich-terminal"'  # how an SVG of Rich begins
FOOTER_BAR = 30
BAD = "bold red"
STYLES = {"done": "green", "stopped": "yellow", "diverged": BAD, "failed": BAD, "training": "", "waiting": "dim"}


@dataclass(frozen=True)
class View:
    """How a race is drawn: its size in characters, and whether only those of ASCII can be shown."""

    width: int
    height: int
    ascii: bool = False


def race_lines(state: RaceState, view: View, scene: Scene | None = None, footer: Text | None = None) -> list[Text]:
    """The lanes, the footer and the leader's picture, a Text each line: none wider than the view.

    Nor are there more lines than its height, if that is at least 4: without room for all lanes, the best are drawn.
    """
    room = view.height - 1 - (footer is not None)  # below the line with the columns' names
    stacks = 2 * len(state.lanes) <= room
    count = len(state.lanes) * (1 + stacks)
    height = min(max(count, LEAST_HEIGHT), room, MOST_HEIGHT)
    if scene is not None and height >= LEAST_HEIGHT and view.width >= NARROWEST + PICTURE[0] + 3:
        widest = min(max(PICTURE[0], (view.width - NARROWEST - 3) * 2 // 3), PICTURE[1])
        width = min(widest, scene.width(height))
        beside = view.width - max(width, PICTURE[0]) - 3
        lines = _lane_lines(state, View(beside, view.height, view.ascii), stacks, room)
        drawn = _picture(state, scene, width, height, view.ascii)
        lines += [Text(no_wrap=True) for _ in drawn[len(lines) :]]
        for line, part in zip(lines, drawn, strict=False):  # there may be more lanes
            line.append(" " * (beside + 3 - line.cell_len))
            line.append_text(part)
    else:
        lines = _lane_lines(state, view, stacks, room)
        height = min(room - count - 3, MOST_HEIGHT)
        if scene is not None and height >= LEAST_HEIGHT:
            width = min(view.width, PICTURE[1], scene.width(height))
            lines += [Text(), *_picture(state, scene, width, height, view.ascii)]
    if footer is not None:
        lines.append(footer)
    for line in lines:
        line.truncate(view.width)
    return lines


def _lane_lines(state: RaceState, view: View, stacks: bool, room: int) -> list[Text]:
    """The columns' names, and the lanes; of more than `room` of them the best, and how many are left out."""
    lanes = state.lanes if len(state.lanes) <= room else state.best(max(room - 1, 1))
    names = [_short(lane.name, LONGEST_NAME + max(view.width - NARROWEST, 0) // 4, view.ascii) for lane in lanes]
    name_width = max(4, *map(len, names))
    # Marks, numbers, spaces and the state take 44 columns; what is left is for the lines and the bar.
    left = max(view.width - name_width - 44, 0)
    wide = min(max(left * 35 // 100, SPARKLINE[0]), SPARKLINE[1]) if left >= 2 * SPARKLINE[0] else 0
    bar_width = min(left - 2 * wide, BAR[1]) if left - 2 * wide >= BAR[0] else 0
    gaps = [lane.gap for lane in lanes]
    widest = max((gap for gap in gaps if math.isfinite(gap)), default=0.0)
    leader, mark = state.leader(), ">" if view.ascii else "▶"
    by, gap = state.judged_by.split("_")[0], "gap" if bar_width else ""
    header = f"  {'lane':{name_width}} {'epoch':>5} {'train':>6} {'':{wide}} {by:>6} {'':{wide}} {gap:{bar_width}}"
    lines = [_dim(f"{header} {'weights':>7}")]
    for lane, name, apart in zip(lanes, names, gaps, strict=True):
        leads = lane is leader
        train, judged = ([entry[column] for entry in lane.history] for column in (1, 2))
        words, look = lane.state()
        lines.append(Text.assemble(
            (f"{mark if leads else ' '} {name:{name_width}}", "bold green" if leads else "bold"),
            f" {_whole(mean(lane.epoch)):>5} {_number(mean(lane.train)):>6} ",
            (sparkline(train, wide, view.ascii), "cyan"),
            (f" {_number(mean(lane.judged)):>6} ", "bold" if leads else ""),
            (sparkline(judged, wide, view.ascii), "magenta"), " ",
            (bar(apart / widest if widest > 0 else 0.0, bar_width, view.ascii), "red"),
            f" {_factor(lane.growth):>7}", (f" {words}", STYLES[look]), no_wrap=True,
        ))  # fmt: skip
        if stacks:
            lines.append(_dim(f"    {_short(lane.stack, view.width - 4, view.ascii)}"))
    if len(lanes) < len(state.lanes):
        lines.append(_dim(f"  and {len(state.lanes) - len(lanes)} lanes more"))
    return lines


def _picture(state: RaceState, scene: Scene, width: int, height: int, ascii: bool) -> list[Text]:
    """A heading, the picture and its legend: `height` + 1 lines, none wider than the width or the least one."""
    leader = state.leader()
    lines = scene.draw(leader.output if leader is not None else None, width, height - 1, ascii)
    name = "" if leader is None else _short(leader.name, max(width, PICTURE[0]) - 6, ascii)
    heading = Text.assemble((name, "bold green"), "" if leader is None else " leads", no_wrap=True)
    return [heading, *lines, _dim(scene.legend(ascii))]


def _short(text: str, width: int, ascii: bool) -> str:
    short = elided(text, width)
    return short.replace("…", "~") if ascii else short


def _dim(text: str) -> Text:
    """A dim line, whose style what is appended does not take on."""
    return Text(no_wrap=True).append(text, "dim")


def _whole(number: float) -> str:
    """At most five characters, up to 9999 thousand."""
    return "-" if math.isnan(number) else f"{number:.0f}" if number < 99_999.5 else f"{number / 1000:.0f}k"


def _number(number: float) -> str:
    """At most six characters."""
    if not math.isfinite(number):
        return "-"
    if number and not 0.001 <= abs(number) < 1e5:
        mantissa, _, exponent = f"{number:.1e}".partition("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{number:.{max(0, min(4, 2 - math.floor(math.log10(abs(number)))) if number else 3)}f}"


def _factor(number: float) -> str:
    """At most seven characters."""
    return f"x{number:.2f}" if number < 100 else "-" if math.isnan(number) else f"x{_number(number)}"


def print_final(state: RaceState, scene: Scene | None, out: Output) -> None:
    """Write how the race ended to a terminal."""
    if out.form == "terminal":
        out.picture([*race_lines(state, view_of(out.console), scene), ""])


def view_of(console: Console) -> View:
    """The view that fits a console."""
    return View(console.width, console.height, not (console.encoding or "").lower().startswith("utf"))


def check_svg(path: Path | None) -> None:
    """Raises InputError where no SVG can be written, or another file would be lost; before anything is trained."""
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        found = "a folder" if path.is_dir() else f"no folder {path.parent}"
        raise InputError(f"--svg: expected a file in a folder that is there, found {found}: '{path}'")
    if path.exists() and not (path.is_file() and path.read_bytes().startswith(SVG_START)):
        raise InputError(f"--svg: expected no file, or one that --svg has made, found another: '{path}'")


def write_svg(path: Path, title: str, state: RaceState, scene: Scene | None, runs: Sequence[Run]) -> None:
    """Write how the race ended and its table as an SVG.  Raises RegxError where the file cannot be written."""
    console = picture_console(SVG_WIDTH)
    out = Output(console=console)
    out.picture([*race_lines(state, View(SVG_WIDTH, SVG_HEIGHT), scene), ""])
    by = None if state.judged_by == "val_loss" else state.judged_by
    print_rows(sort_rows(compare_rows(runs), by), out, sort=state.judged_by)
    write_atomically(path, console.export_svg(title=title).encode())


def race_footer(share: float, words: str, view: View) -> Text:
    """How far the race is: a bar over `share` of its width, and words."""
    drawn = bar(share, min(max(view.width - len(words) - 2, 0), FOOTER_BAR), view.ascii)
    return Text.assemble((drawn, "green on grey23"), (f"  {words}", "dim"), no_wrap=True)
