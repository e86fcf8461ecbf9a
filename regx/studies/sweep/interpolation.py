"""Where along an axis the training rows are just fitted, and the best strength on either side of it.

There double descent has its peak: Belkin et al. 2019, Reconciling Modern Machine-Learning Practice; Nakkiran et al.
2020, Deep Double Descent, section 2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from regx.config.grid import Axis, Point
from regx.core.errors import RegxError
from regx.evidence.run import Run
from regx.runner.plan import dataset
from regx.studies.sweep.result import Sweep, Tried

# Along which fitting begins: size, time, rows, and noise in the labels.
ALONG = ("architecture.hidden", "architecture.conv", "training.epochs", "dataset.n_train", "dataset.label_noise")
STRENGTHS = ("regularizers.", "optimizer.weight_decay")
FITTED = 0.01  # of the trivial predictor's loss: a regression's training error that counts as none


@dataclass(frozen=True)
class Interpolation:
    """Of the values of `key`, in the order of their size.

    values: those of which anything is known. fitted: of each whether the training error is 0: every row's class is
    found, or of a regression the loss is a hundredth of the trivial one or less; None where nobody knows. enough: of
    each whether there are as many parameters as training rows times outputs. fixed: the other axes' values there, of a
    strength the least. strength, best: the axis of strengths, and which of them has the least mean loss by which the
    sweep chooses, at each value.
    """

    key: str
    values: tuple[Any, ...]
    fitted: tuple[bool | None, ...]
    enough: tuple[bool | None, ...]
    fixed: Mapping[str, Any]
    strength: str | None = None
    best: tuple[Any, ...] = ()

    def turn(self, flags: Sequence[bool | None]) -> tuple[Any, Any] | None:
        """The neighbours between which a flag first turns, the value without it first; None where it does not."""
        for one, other in pairwise(range(len(flags))):
            if {flags[one], flags[other]} == {True, False}:
                without, with_it = (one, other) if flags[other] else (other, one)
                return self.values[without], self.values[with_it]
        return None

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "fitted_between": self.turn(self.fitted), "enough_between": self.turn(self.enough)}


def fitting_axes(sweep: Sweep) -> tuple[Axis | None, Axis | None]:
    """The first axis along which fitting may begin, and the first of strengths."""
    axis = next((axis for axis in sweep.axes if axis.key in ALONG and len(axis.values) > 2), None)
    strengths = [one for one in sweep.axes if one.key.startswith(STRENGTHS) and len(one.values) > 1]
    numbers = [[value for value in one.values if value not in ("off", "on")] for one in strengths]
    found = (one for one, of in zip(strengths, numbers, strict=True) if all(isinstance(v, int | float) for v in of))
    return axis, next(found, None)


def interpolation(sweep: Sweep) -> Interpolation | None:
    """Of the first axis along which fitting may begin; None where there is none, or no run folders."""
    axis, strength = fitting_axes(sweep)
    if axis is None or not sweep.runs or sweep.chosen is None:
        return None
    fixed = {one.key: sweep.chosen.point[one.key] for one in sweep.axes if one is not axis}
    if strength is not None:
        fixed[strength.key] = "off" if "off" in strength.values else min(strength.values, key=float)
    cells = [(value, sweep.at({**fixed, axis.key: value})) for value in axis.values]
    known = [(value, cell.run) for value, cell in cells if cell is not None and cell.run is not None]
    known.sort(
        key=lambda one: float(one[1].summary.parameters or 0) if isinstance(one[0], list | tuple) else float(one[0])
    )
    values, runs = tuple(value for value, _ in known), [run for _, run in known]
    best = tuple(_best(sweep, {**fixed, axis.key: value}, strength) for value in values) if strength else ()
    return Interpolation(
        axis.key, values, tuple(map(fits, runs)), tuple(map(_has_enough, runs)), fixed,
        strength.key if strength else None, best,
    )  # fmt: skip


def fits(run: Run) -> bool | None:
    """Whether the mean training error is 0."""
    if run.summary.task != "regression":
        accuracy = run.summary.over_seeds("train_accuracy")["mean"]
        return None if accuracy is None else accuracy >= 1 - 1e-9
    loss = run.summary.over_seeds("train_loss")["mean"]
    trivial = [one.diagnostics.get("trivial_train_loss") for one in run.summary.networks.values() if one.completed]
    numbers = [float(number) for number in trivial if number is not None]
    return None if loss is None or not numbers else loss <= FITTED * sum(numbers) / len(numbers)


def _has_enough(run: Run) -> bool | None:
    try:
        train = dataset(run.typed.dataset, run.typed.seeds[0]).train
    except RegxError:  # the data are gone
        return None
    return None if run.summary.parameters is None else run.summary.parameters >= train.y.size


def _best(sweep: Sweep, point: Point, strength: Axis) -> Any:
    tried: list[tuple[float, Any]] = []
    for value in strength.values:
        cell: Tried | None = sweep.at({**point, strength.key: value})
        loss = sweep.judged(cell)["mean"] if cell is not None and not cell.unfinished else None
        tried += [] if loss is None else [(loss, value)]
    return min(tried, key=lambda one: one[0])[1] if tried else None
