"""How a race stands, and what it looks like on a terminal while it is run and when it is over."""

import contextlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.text import Text

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.listener import Glimpse, Listener
from regx.core.regularizer import CROSS_FITTED
from regx.core.text import elided
from regx.core.trained import Trained
from regx.evidence.predict import predict
from regx.evidence.run import Run, read_run
from regx.report.output import Console, Output, picture_console
from regx.report.render import print_rows
from regx.report.sparkline import bar, sparkline
from regx.report.table import compare_rows, sort_rows
from regx.runner.plan import Member
from regx.runner.standing import run_folder
from regx.store.atomic import write_atomically
from regx.store.summary import stack_text
from regx.studies.race.scene import Scene

NARROWEST = 80
MOST_HISTORY = 128
SPARKLINE, BAR = (7, 20), (6, 20)  # least and greatest widths
PICTURE = (29, 72)  # least and greatest width
LEAST_HEIGHT, MOST_HEIGHT = 10, 20
LONGEST_NAME = 16
SVG_WIDTH, SVG_HEIGHT = 122, 60
SVG_START = b'<svg class="rich-terminal"'  # how an SVG of Rich begins
FOOTER_BAR = 30
BAD = "bold red"
STYLES = {"done": "green", "stopped": "yellow", "diverged": BAD, "failed": BAD, "training": "", "waiting": "dim"}


@dataclass
class LaneView:
    """One lane. Arrays have an entry for each seed, (S,), not a number where nothing is known yet.

    judged: the loss that lanes are ranked by. start_norm: the weight norm before training. status: `waiting`,
    `training`, `done`, `stopped`, `diverged` or `failed`. history: epoch, train loss and judged loss, means over seeds.
    outputs: by seed, (K, n), what is predicted at the watched inputs.
    """

    name: str
    stack: str
    stops: bool
    seeds: tuple[int, ...]
    epoch: Array = field(init=False)
    train: Array = field(init=False)
    judged: Array = field(init=False)
    norm: Array = field(init=False)
    start_norm: Array = field(init=False)
    status: list[str] = field(init=False)
    history: list[tuple[float, float, float]] = field(default_factory=list)
    outputs: dict[int, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        nothing = np.full(len(self.seeds), math.nan)
        self.epoch, self.train, self.judged, self.norm, self.start_norm = (nothing.copy() for _ in range(5))
        self.status = ["waiting"] * len(self.seeds)

    @property
    def gap(self) -> float:
        return mean(self.judged) - mean(self.train)

    @property
    def has_ended(self) -> bool:
        return not {"waiting", "training"} & {*self.status}

    @property
    def reached(self) -> float:
        """The epoch that those of its networks that train have come to; infinite where none does."""
        training = self.epoch[[status == "training" for status in self.status]]
        return mean(training) if np.isfinite(training).any() else math.inf

    def loss_at(self, epoch: float) -> float:
        """The loss that lanes are ranked by, as it was at an epoch; from its end on, as it has ended."""
        if self.has_ended and epoch >= mean(self.epoch):
            return mean(self.judged)
        before = [judged for at, _, judged in self.history if at <= epoch]
        return before[-1] if before else math.nan

    @property
    def growth(self) -> float:
        """The weight norm relative to that before training."""
        return mean(self.norm / self.start_norm)

    @property
    def output(self) -> Array | None:
        """The mean over seeds of what is predicted at the watched inputs, (n,), of the first output."""
        return np.mean([each[0] for each in self.outputs.values()], axis=0) if self.outputs else None

    def state(self) -> tuple[str, str]:
        """What its networks do, in a few words, and the word that says how that looks."""
        for word in ("failed", "diverged", "stopped"):
            if word in self.status:
                count = self.status.count(word)
                return (word if count == len(self.status) else f"{count} {word}"), word
        word = next((word for word in ("training", "waiting") if word in self.status), "done")
        return word, word

    def remember(self) -> None:
        """Put how it stands into the history, of which every second entry is dropped when it is long."""
        if len(self.history) >= MOST_HISTORY:
            del self.history[1::2]
        at = self.reached if math.isfinite(self.reached) else mean(self.epoch)
        self.history.append((at, mean(self.train), mean(self.judged)))


class RaceState(Listener):
    """How the lanes of a race stand. Fed with glimpses and finished networks, or with stored runs."""

    def __init__(self, lanes: Sequence[Config], peek: bool = False) -> None:
        self.judged_by = "test_loss" if peek else "val_loss"
        self.epochs = lanes[0].training.epochs
        self.lanes = [
            LaneView(
                config.name,
                stack_text(config.resolved),
                any(member.kind == "early_stopping" for member in config.stack),
                config.seeds,
            )
            for config in lanes
        ]
        self._together: dict[tuple[int, int], frozenset[tuple[int, int]]] = {}

    def leader(self) -> LaneView | None:
        """The lane of the least mean loss, at the last epoch that all lanes have come to; None before the start.

        One that has lost no network comes before all that have. What has ended counts as it has ended from then on.
        """
        return next(iter(self._ranked()), None)

    def best(self, n: int) -> list[LaneView]:
        """The `n` lanes that are to be seen where there is room for no more, in the config's order."""
        chosen = [id(lane) for lane in [*self._ranked(), *self.lanes]]
        kept = list(dict.fromkeys(chosen))[:n]
        return [lane for lane in self.lanes if id(lane) in kept]

    def _ranked(self) -> list[LaneView]:
        """The lanes whose loss is known, best first."""
        at = min((lane.reached for lane in self.lanes), default=math.inf)
        known = [(lane, loss) for lane in self.lanes if math.isfinite(loss := lane.loss_at(at))]
        known.sort(key=lambda one: (bool({"diverged", "failed"} & {*one[0].status}), one[1]))
        return [lane for lane, _ in known]

    def on_glimpse(self, members: Sequence[Member], glimpse: Glimpse) -> None:
        """Take in a glimpse of networks that train in one population; those missing since the last have left."""
        keys = [(member.config, member.seed) for member in members]
        for key in keys:
            self._together.setdefault(key, frozenset(keys))
        for index, (number, seed) in enumerate(keys):
            lane = self.lanes[number]
            at = lane.seeds.index(seed)
            lane.status[at] = "training"
            lane.epoch[at] = glimpse.epoch
            lane.train[at] = glimpse.metrics["train_loss"][index]
            lane.judged[at] = glimpse.metrics[self.judged_by][index]
            lane.norm[at] = glimpse.metrics["weight_norm"][index]
            if glimpse.epoch == 0:
                lane.start_norm[at] = lane.norm[at]
            if glimpse.outputs is not None:
                lane.outputs[seed] = glimpse.outputs[index]
        for number, seed in self._together[keys[0]].difference(keys) if keys else ():
            lane = self.lanes[number]
            at = lane.seeds.index(seed)
            if lane.status[at] == "training":
                lane.status[at] = "stopped" if lane.stops else "diverged"
        for number in {number for number, _ in keys}:
            self.lanes[number].remember()

    def on_trained(self, members: Sequence[Member], trained: Sequence[Trained]) -> None:
        """Take in what came of networks."""
        for member, one in zip(members, trained, strict=True):
            lane = self.lanes[member.config]
            last, start = int(one.metrics["epoch"][-1]), float(one.metrics["weight_norm"][0])
            judged = one.diagnostics.get(CROSS_FITTED, one.reported[self.judged_by])
            self._end(lane, member.seed, last, one.status, {**one.reported, self.judged_by: judged}, start)
        for number in {member.config for member in members}:
            self.lanes[number].remember()

    def on_failed(self, members: Sequence[Member], reason: str) -> None:
        """Take in that networks have been given up."""
        for member in members:
            lane = self.lanes[member.config]
            lane.status[lane.seeds.index(member.seed)] = "failed"

    def take_in(self, runs: Sequence[Run], scene: Scene | None = None) -> None:
        """Take in what stored runs say, each of the lane of its name; at the scene's inputs only of the leader."""
        numbers = {lane.name: number for number, lane in enumerate(self.lanes)}
        by_lane = {numbers[run.name]: run for run in runs}
        for number, run in by_lane.items():
            self.stored(number, run)
        leader = self.leader()
        if scene is not None and leader is not None and leader.name in {run.name for run in runs}:
            number = numbers[leader.name]
            self.stored(number, by_lane[number], predict(by_lane[number], scene.inputs))

    def stored(self, number: int, run: Run, outputs: Array | None = None) -> None:
        """Take in what a stored run says of a lane. outputs: (n, K), what it predicts at the watched inputs."""
        lane, metrics = self.lanes[number], run.metrics
        by_seed = metrics.groupby("seed")
        last, start = by_seed["epoch"].last(), by_seed["weight_norm"].first()
        for seed in [seed for seed in run.seeds if seed in lane.seeds]:
            network = run.summary.networks[seed]
            known = {**network.metrics, self.judged_by: network.judged(self.judged_by)}
            reported = {name: math.nan if value is None else value for name, value in known.items()}
            self._end(lane, seed, int(last[seed]), network.status, reported, float(start[seed]))
        failed = run.about.get("failed") or {}
        for seed in [seed for seed in lane.seeds if seed not in run.seeds and str(seed) in failed]:
            lane.status[lane.seeds.index(seed)] = "failed"
        means = metrics.groupby("epoch")[["train_loss", self.judged_by]].mean()
        means = means.iloc[:: len(means) // MOST_HISTORY + 1]
        lane.history = [(float(epoch), float(one), float(other)) for epoch, one, other in means.reset_index().values]
        lane.outputs = {} if outputs is None else {lane.seeds[0]: outputs.T}

    def _end(
        self, lane: LaneView, seed: int, last: int, status: str, reported: dict[str, float], start_norm: float
    ) -> None:
        at = lane.seeds.index(seed)
        diverged = status == "diverged"
        lane.status[at] = "diverged" if diverged else "stopped" if last < self.epochs else "done"
        lane.epoch[at], lane.start_norm[at] = last, start_norm
        for array, name in ((lane.train, "train_loss"), (lane.judged, self.judged_by), (lane.norm, "weight_norm")):
            array[at] = math.nan if diverged else reported[name]


def race_state(
    lanes: Sequence[Config], peek: bool = False, runs: Sequence[Run] = (), scene: Scene | None = None
) -> RaceState:
    """How a race stands of which these runs are there."""
    state = RaceState(lanes, peek)
    state.take_in([run for run in runs if run.seeds], scene)
    return state


def kept_runs(lanes: Sequence[Config], folder: Path) -> list[Run]:
    """The runs of lanes that a race's folder has already."""
    found = []
    for lane in lanes:
        # What is not there yet or damaged, training says or mends.
        with contextlib.suppress(InputError):
            found.append(read_run(run_folder(lane, folder)))
    return found


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
    header = (
        f"  {'lane':{name_width}} {'epoch':>5} {'train':>6} {'':{wide}} {state.judged_by.split('_')[0]:>6} {'':{wide}} "
    )
    header += f"{'gap' if bar_width else '':{bar_width}} {'weights':>7}"
    lines = [_dim(header)]
    for lane, name, gap in zip(lanes, names, gaps, strict=True):
        leads = lane is leader
        _, train, judged = (
            (list(column) for column in zip(*lane.history, strict=True)) if lane.history else ([], [], [])
        )
        words, look = lane.state()
        line = Text(no_wrap=True)
        line.append(f"{mark if leads else ' '} {name:{name_width}}", "bold green" if leads else "bold")
        line.append(f" {_whole(mean(lane.epoch)):>5} {_number(mean(lane.train)):>6} ")
        line.append(sparkline(train, wide, view.ascii), "cyan")
        line.append(f" {_number(mean(lane.judged)):>6} ", "bold" if leads else "")
        line.append(sparkline(judged, wide, view.ascii), "magenta")
        line.append(" ")
        line.append(bar(gap / widest if widest > 0 else 0.0, bar_width, view.ascii), "red")
        line.append(f" {_factor(lane.growth):>7}")
        line.append(f" {words}", STYLES[look])
        lines.append(line)
        if stacks:
            lines.append(_dim(f"    {_short(lane.stack, view.width - 4, view.ascii)}"))
    if len(lanes) < len(state.lanes):
        lines.append(_dim(f"  and {len(state.lanes) - len(lanes)} lanes more"))
    return lines


def _picture(state: RaceState, scene: Scene, width: int, height: int, ascii: bool) -> list[Text]:
    """A heading, the picture and its legend: `height` + 1 lines, none wider than the width or the least one."""
    leader = state.leader()
    lines = scene.draw(leader.output if leader is not None else None, width, height - 1, ascii)
    heading = Text(no_wrap=True)
    if leader is not None:
        heading.append(_short(leader.name, max(width, PICTURE[0]) - 6, ascii), "bold green")
        heading.append(" leads")
    return [heading, *lines, _dim(scene.legend(ascii))]


def _short(text: str, width: int, ascii: bool) -> str:
    short = elided(text, width)
    return short.replace("…", "~") if ascii else short


def _dim(text: str) -> Text:
    """A dim line, whose style what is appended does not take on."""
    return Text(no_wrap=True).append(text, "dim")


def mean(values: Array) -> float:
    """The mean of what is finite, or not a number."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan


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
    line = Text(no_wrap=True)
    line.append(bar(share, min(max(view.width - len(words) - 2, 0), FOOTER_BAR), view.ascii), "green on grey23")
    line.append(f"  {words}", "dim")
    return line
