"""The ladder of stacks that `regx recommend` races, in the order in which one would try them.

No regularizer; augmentation, which for images moves and turns them and for a table is noise on its rows or mixtures of
them; penalties on the weights; early stopping; dropout; layers and averages; less capacity; weights of the classes;
then several together, and a cocktail of any of them. A part has a small grid of strengths, which goes on where the best
of it stands at an end, and each of them is tried with each learning rate: what a regularizer does depends on it, and a
comparison at one learning rate says which lane that one happens to suit (Choi et al. 2019, On Empirical Comparisons of
Optimizers).
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from regx.core.parameters import Parameter, parameters
from regx.core.streams import stream
from regx.data.table import Table
from regx.regularizers import REGISTRY

LEARNING_RATES = (0.01, 0.03, 0.1)  # of gradient descent with momentum
ADAPTIVE_RATES = (0.001, 0.003, 0.01)  # of any other optimizer
UNEVEN = 1.5  # times as many rows of the commonest class as of the rarest: then weights of the classes are a lane
CLASSES = ("binary", "multiclass")


@dataclass(frozen=True)
class Part:
    """One thing that regularizes: a member of the stack, or something that is written elsewhere in a config.

    key, strengths: the parameter that is tuned, and the values that are tried; none where there is nothing to tune.
    settings: of the member besides. changes: of the config, by section. tasks: where it can act.
    exclusive: of parts with the same word a cocktail holds one at most. only: the `images` or the `columns` that it is
    for, if it is not for both.
    """

    name: str
    key: str = ""
    strengths: tuple[float, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    tasks: tuple[str, ...] = ("regression", *CLASSES)
    exclusive: str = ""
    only: str = ""

    @property
    def parameter(self) -> Parameter:
        """What is tuned."""
        return parameters(REGISTRY[self.name])[self.key]

    def strength(self, value: float) -> float:
        """A strength that it can have near this value: a whole number where the parameter is one."""
        return max(1, round(value)) if self.parameter.type is int else round(value, 6)


CYCLES = 5  # of the learning rate, each of which leaves a snapshot
RESIDUAL = {"architecture": {"residual": True}}
PARTS: Mapping[str, Part] = {
    part.name: part
    for part in (
        Part("crop", "padding", (1, 2), only="images"),
        Part("rotate", "degrees", (5.0, 15.0), only="images"),
        Part("flip", only="images"),
        Part("color_jitter", "brightness", (0.1, 0.3), only="images"),
        Part("random_erasing", "p", (0.25, 0.5), only="images"),
        Part("input_noise", "sigma", (0.1, 0.3, 1.0)),
        Part("mixup", "alpha", (0.2, 1.0), exclusive="rows"),
        # On images `random_erasing` stands for it, whose boxes have any shape.
        Part("cutout", "share", (0.05, 0.15, 0.4), exclusive="rows", only="columns"),
        Part("cutmix", "alpha", (0.1, 0.5), exclusive="rows"),
        Part("adversarial", "eps", (0.03, 0.1, 0.3), exclusive="rows"),
        Part("label_smoothing", "eps", (0.03, 0.1), tasks=CLASSES),
        Part("l2", "lam", (0.0001, 0.001, 0.01, 0.1), exclusive="decay"),
        Part("weight_decay", "lam", (0.1, 0.5, 2.0), exclusive="decay"),
        Part("l1", "lam", (0.0003, 0.003, 0.03, 0.3)),
        Part("early_stopping"),
        Part("dropout", "p", (0.1, 0.3, 0.5)),
        Part("spatial_dropout", "p", (0.1, 0.3), only="images"),
        Part("batch_norm"),
        Part("skip", changes=RESIDUAL, exclusive="skip"),
        Part("stochastic_depth", "p", (0.2, 0.5), changes=RESIDUAL, exclusive="skip"),
        Part("shake_drop", "p", (0.1, 0.4), changes=RESIDUAL, exclusive="skip"),
        Part("lookahead"),
        Part("weight_average", "decay", (0.99, 0.999), exclusive="average"),
        Part("snapshot_ensemble", settings={"cycles": CYCLES}, exclusive="average"),
        Part("small"),
        Part("class_weight", changes={"training": {"class_weight": "balanced"}}, tasks=CLASSES),
    )
}
TOGETHER = {
    "crop+l2": ("crop", "l2"),
    "crop+dropout": ("crop", "dropout"),
    "l2+early_stopping": ("l2", "early_stopping"),
    "l2+dropout": ("l2", "dropout"),
    "dropout+batch_norm": ("dropout", "batch_norm"),
    "weight_decay+dropout+batch_norm": ("weight_decay", "dropout", "batch_norm"),
    "full": ("input_noise", "l2", "early_stopping", "dropout"),
}
COCKTAIL, COCKTAILS, SHARE = "cocktail", 27, 0.3  # so many drawn, each part in this share of them
# Drawn ones are joined by two that many start from, at the first of their strengths.
USUAL = (("weight_decay", "dropout", "batch_norm"), ("label_smoothing", "dropout", "batch_norm", "weight_average"))
WEAKER = 1 / 3  # regularizers add up, so together each is also tried at a third of the strength that it has alone
EXTENSIONS = 2  # times that a grid goes on where the best of it stands at an end


@dataclass(frozen=True)
class LadderLane:
    """One rung of the ladder: its name, and its parts, in order; of a cocktail all that it may hold."""

    name: str
    parts: tuple[str, ...]

    @property
    def is_alone(self) -> bool:
        return len(self.parts) < 2

    @property
    def is_cocktail(self) -> bool:
        return self.name == COCKTAIL

    @property
    def known(self) -> list[Part]:
        return [PARTS[name] for name in self.parts]


@dataclass(frozen=True)
class Candidate:
    """A lane at one learning rate, and its parts with the strength of each; None for a part that has none."""

    lane: str
    lr: float
    parts: tuple[tuple[str, float | None], ...] = ()

    @property
    def strengths(self) -> tuple[float, ...]:
        return tuple(strength for _, strength in self.parts if strength is not None)


def is_uneven(table: Table) -> bool:
    """Whether a table has classes of which some are much rarer than others."""
    counts = np.bincount(table.y) if table.classes else np.ones(1)
    return bool(counts.max() >= UNEVEN * counts.min())


def ladder(task: str, uneven: bool, images: bool = False) -> tuple[LadderLane, ...]:
    """The lanes for a task. uneven: whether its classes are. images: whether rows are."""
    usable = [
        part.name
        for part in PARTS.values()
        if task in part.tasks and (uneven or part.name != "class_weight")
        if part.only in ("", "images" if images else "columns")
    ]
    together = [LadderLane(name, kinds) for name, kinds in TOGETHER.items() if set(kinds) <= set(usable)]
    every = tuple(name for name in usable if name != "small")
    alone = [LadderLane(name, (name,)) for name in usable]
    return (LadderLane("none", ()), *alone, *together, LadderLane(COCKTAIL, every))


def candidates(lane: LadderLane, rates: Sequence[float]) -> list[Candidate]:
    """Those of a lane with at most one part: every strength at every learning rate."""
    grids = [_grid(PARTS[name]) for name in lane.parts]
    return [Candidate(lane.name, lr, parts) for lr in rates for parts in itertools.product(*grids)]


def _grid(part: Part) -> list[tuple[str, float | None]]:
    return [(part.name, strength) for strength in part.strengths or (None,)]


def combined(lane: LadderLane, chosen: Mapping[str, Candidate]) -> list[Candidate]:
    """The candidates of a lane of several: what was chosen for each alone and a third of it, combined.

    The learning rate is that of the first alone.
    """
    grids = []
    for name in lane.parts:
        strength = chosen[name].parts[0][1]
        weaker = strength and dict.fromkeys(PARTS[name].strength(strength * each) for each in (1, WEAKER))
        grids.append([(name, one) for one in weaker or (None,)])
    return [Candidate(lane.name, chosen[lane.parts[0]].lr, parts) for parts in itertools.product(*grids)]


def cocktails(lane: LadderLane, rates: Sequence[float]) -> list[Candidate]:
    """Stacks drawn at random of all parts (Kadra et al. 2021, Well-tuned Simple Nets Excel on Tabular Datasets)."""
    rng, drawn = stream(0, COCKTAIL), []
    usual = [names for names in USUAL if set(names) <= set(lane.parts)]
    for number in range(COCKTAILS):
        names = usual[number] if number < len(usual) else [name for name in lane.parts if rng.random() < SHARE]
        words: dict[str, str] = {}  # of exclusive parts the last that was drawn
        words |= {PARTS[name].exclusive or name: name for name in names}
        grids = [_grid(PARTS[name]) for name in lane.parts if name in words.values()]
        parts = tuple(grid[0 if number < len(usual) else int(rng.integers(len(grid)))] for grid in grids)
        drawn.append(Candidate(lane.name, rates[int(rng.integers(len(rates)))], parts))
    return list(dict.fromkeys(drawn))


def beyond(best: Candidate, tried: Sequence[Candidate]) -> Candidate | None:
    """The candidate beside the best, where its strength (of the plain network its rate) stands at an end of the grid.

    Its strength is as far from the end as the one before it is, as a ratio; what has a greatest value goes half of the
    way to it. None where the best stands in the middle, nothing was tuned, or the bounds of the parameter end it.
    """
    if not best.parts:
        rate = _next(best.lr, {one.lr for one in tried})
        return None if rate is None else Candidate(best.lane, rate)
    (name, strength), *others = best.parts
    if strength is None or others:
        return None
    found = _next(strength, {of for one in tried for of in one.strengths})
    declared = PARTS[name].parameter
    for bound in (declared.lt, declared.le):
        if found is not None and bound is not None and found >= bound:
            found = float(f"{(strength + bound) / 2:.6g}")
    if found is not None and declared.type is int:
        found = PARTS[name].strength(found)
    return None if found in (None, strength) else Candidate(best.lane, best.lr, ((name, found),))


def _next(value: float, tried: set[float]) -> float | None:
    """The value beyond an end of those tried; None of one in the middle, or where one was tried alone."""
    *_, beside, end = [None, None, *sorted(tried, reverse=value == min(tried))]
    return float(f"{value * value / beside:.2g}") if beside and value == end else None


def applied(resolved: Mapping[str, Any], candidate: Candidate, patience: int) -> dict[str, Any]:
    """The config of a network with what a candidate changes in it."""
    found = {**resolved, "optimizer": {**resolved["optimizer"], "lr": candidate.lr}, "regularizers": []}
    for name, strength in candidate.parts:
        part = PARTS[name]
        for section, changes in part.changes.items():
            found[section] = {**found[section], **changes}
        if name == "small":
            architecture = found["architecture"]
            found["architecture"] = {**architecture, "hidden": [max(2, units // 4) for units in architecture["hidden"]]}
        elif name in REGISTRY:
            if name == "snapshot_ensemble":
                period = max(1, found["training"]["epochs"] // CYCLES)
                schedule = {"name": "warm_restarts", "period": period, "multiplier": 1}
                found["optimizer"] = {**found["optimizer"], "schedule": schedule}
            tuned = {} if strength is None else {part.key: strength}
            waits = {"patience": patience} if name == "early_stopping" else {}
            found["regularizers"].append({name: {**part.settings, **tuned, **waits}})
    return found
