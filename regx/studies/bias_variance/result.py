"""What a study of bias and variance has found, as bias_variance.json holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.config.grid import Axis
from regx.core.shown import Shown
from regx.stats.aggregate import UNKNOWN, Interval
from regx.store.files import BIAS_VARIANCE, FORMAT, read_json
from regx.store.opened import damaged
from regx.studies.bias_variance.judgement import PARTS

LEFT_OUT = ("diverged", "failed")  # counts of networks, by point


@dataclass(frozen=True)
class Decomposed:
    """The test error at one value of the axis, None without one.

    parts: of `PARTS` those that can be told, each over the training sets. draws: by part the pseudo-value of each
    training set, by its seed. diverged, failed: networks that are left out.
    """

    value: Any
    parts: Mapping[str, Interval]
    draws: Mapping[str, Mapping[int, float]]
    diverged: int = 0
    failed: int = 0

    def part(self, name: str) -> Interval:
        return self.parts.get(name, UNKNOWN)

    @property
    def known(self) -> bool:
        """Whether enough networks were left to split their error."""
        return self.part("error")["mean"] is not None

    def as_json(self) -> dict[str, Any]:
        nothing = {name: None if name == "noise" else UNKNOWN for name in PARTS}
        seeds = {"seeds": list(next(iter(self.draws.values()), {}))}
        over = {name: list(values.values()) for name, values in self.draws.items()}
        drawn = {"over_draws": {**seeds, **over}} if self.draws else {}
        counts = {"diverged": self.diverged, "failed": self.failed}
        return {"value": self.value, **nothing, **self.parts, **drawn, **counts}


@dataclass(frozen=True)
class BiasVariance(Shown):
    """A study: the expected test error split at every point of an axis.

    seeds: the training sets that were drawn. separable: whether noise can be told from bias²; where not, `bias2` is of
    both. points: in the axis' order, those that are there.
    """

    folder: Path
    name: str
    axis: Axis | None
    seeds: tuple[int, ...]
    dataset: str
    task: str
    separable: bool
    data_fingerprint: str
    points: tuple[Decomposed, ...]

    def left_out(self, what: str) -> int:
        """How many networks have no part in it.  what: one of `LEFT_OUT`."""
        return sum(int(getattr(point, what)) for point in self.points)

    def as_json(self) -> dict[str, Any]:
        """What stands in the file."""
        axis = None if self.axis is None else {"key": self.axis.key, "values": list(self.axis.values)}
        drawn = {"draws": len(self.seeds), "seeds": list(self.seeds)}
        of = {name: getattr(self, name) for name in ("dataset", "task", "separable", "data_fingerprint")}
        points = [point.as_json() for point in self.points]
        return {"format": FORMAT, "name": self.name, "axis": axis, **drawn, **of, "points": points}


def read_bias_variance(folder: Path) -> BiasVariance:
    """The study in a folder. Raises InputError if there is none, or its file is damaged."""
    path = folder / BIAS_VARIANCE
    content = read_json(path)
    for point in content["points"]:
        over = point.get("over_draws")
        if over and any(len(over.get(name, ())) != len(over["seeds"]) for name in PARTS if point[name] is not None):
            raise damaged(path, "expected under 'over_draws' as many numbers as seeds of each part, found others")
    return of_content(folder, content)


def of_content(folder: Path, content: Mapping[str, Any]) -> BiasVariance:
    """The study that a file's content is. A key that later versions have added is not known."""
    axis = None if content["axis"] is None else Axis(content["axis"]["key"], tuple(content["axis"]["values"]))
    seeds = tuple(content.get("seeds", range(content["draws"])))
    data = content.get("dataset", ""), content.get("task", "regression"), content.get("separable", True)
    points = tuple(map(_point, content["points"]))
    return BiasVariance(folder, content["name"], axis, seeds, *data, content.get("data_fingerprint", ""), points)


def _point(point: Mapping[str, Any]) -> Decomposed:
    over = point.get("over_draws") or {"seeds": []}
    return Decomposed(
        point["value"],
        {name: point[name] for name in PARTS if point[name] is not None},
        {name: dict(zip(over["seeds"], over[name], strict=True)) for name in PARTS if name in over},
        *(point.get(what, 0) for what in LEFT_OUT),
    )
