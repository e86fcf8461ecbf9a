"""How the lanes of a race stand while they are trained, and when they are done."""

import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regx.config.config import Config
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.listener import Glimpse, Listener
from regx.core.regularizer import CROSS_FITTED
from regx.core.trained import Trained
from regx.evidence.predict import predict
from regx.evidence.run import Run, read_run
from regx.runner.plan import Trainee
from regx.runner.standing import run_folder
from regx.store.summary import stack_text
from regx.studies.race.scene import Scene

MOST_HISTORY = 128


class LaneView:
    """One lane. Arrays have an entry for each seed, (S,), not a number where nothing is known yet.

    judged: the loss that lanes are ranked by. start_norm: the weight norm before training. status: `waiting`,
    `training`, `done`, `stopped`, `diverged` or `failed`. history: epoch, train loss and judged loss, means over seeds.
    outputs: by seed, (K, n), what is predicted at the watched inputs.
    """

    def __init__(self, config: Config) -> None:
        self.name, self.seeds, self.stack = config.name, config.seeds, stack_text(config.resolved)
        self.stops = any("on_epoch" in member.hooks() for member in config.stack)
        self.epoch, self.train, self.judged, self.norm, self.start_norm = np.full((5, len(self.seeds)), math.nan)
        self.status = ["waiting"] * len(self.seeds)
        self.history: list[tuple[float, float, float]] = []
        self.outputs: dict[int, Array] = {}

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
        self.lanes = [LaneView(config) for config in lanes]
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

    def on_glimpse(self, trainees: Sequence[Trainee], glimpse: Glimpse) -> None:
        """Take in a glimpse of networks that train in one population; those missing since the last have left."""
        keys = [(trainee.config, trainee.seed) for trainee in trainees]
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

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        """Take in what came of networks."""
        for trainee, one in zip(trainees, trained, strict=True):
            lane = self.lanes[trainee.config]
            last, start = int(one.metrics["epoch"][-1]), float(one.metrics["weight_norm"][0])
            judged = one.diagnostics.get(CROSS_FITTED, one.reported[self.judged_by])
            self._end(lane, trainee.seed, last, one.status, {**one.reported, self.judged_by: judged}, start)
        for number in {trainee.config for trainee in trainees}:
            self.lanes[number].remember()

    def on_failed(self, trainees: Sequence[Trainee], reason: str) -> None:
        """Take in that networks have been given up."""
        for trainee in trainees:
            lane = self.lanes[trainee.config]
            lane.status[lane.seeds.index(trainee.seed)] = "failed"

    def take_in(self, runs: Sequence[Run], scene: Scene | None = None) -> None:
        """Take in what stored runs say, each of the lane of its name; at the scene's inputs only of the leader."""
        by_name, lanes = {run.name: run for run in runs}, {lane.name: lane for lane in self.lanes}
        for name, run in by_name.items():
            self.stored(lanes[name], run)
        leader = self.leader()
        if scene is not None and leader is not None and leader.name in by_name:
            leader.outputs = {leader.seeds[0]: predict(by_name[leader.name], scene.inputs).T}

    def stored(self, lane: LaneView, run: Run) -> None:
        """Take in what a stored run says of a lane."""
        metrics = run.metrics
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
        lane.outputs = {}

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


def mean(values: Array) -> float:
    """The mean of what is finite, or not a number."""
    finite = values[np.isfinite(values)]
    return float(finite.mean()) if len(finite) else math.nan
