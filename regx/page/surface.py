"""A prediction as the page draws it: a line over one feature, a map over two, and what is said of it."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.data.dataset import Dataset
from regx.data.surface import Surface, surface_over

LINE_POINTS = 121
MAP_SIDE = 36


@dataclass(frozen=True)
class DrawnSurface:
    """Where a network is asked for its prediction, and the data to draw beside it.  low, high: of the numbers drawn.

    With several outputs on a map the most probable class is drawn.
    """

    where: Surface
    dataset: Dataset
    low: float
    high: float

    @property
    def kind(self) -> str:
        return "line" if self.where.is_line else "map"

    @property
    def classes(self) -> int:
        """How many classes a map shows as areas of their own; 0 where it shows one number."""
        outputs = int(self.dataset.train.y.shape[1])
        return outputs if outputs > 1 else 0

    @property
    def test_is_a_curve(self) -> bool:
        """Whether the test split of a line lies at evenly spaced x, as a generated one does; a table's is a cloud."""
        steps = np.diff(np.sort(self.dataset.test.x[:, 0]))
        return len(steps) > 1 and bool(np.allclose(steps, steps[0]))

    def drawn(self, predicted: Array) -> list[float] | str:
        """A prediction, (n, K), as the page holds it: a line's numbers, or a map's as base64 of bytes from low to high.

        A map is read row by row, from the least of the second feature on.
        """
        if self.where.is_line:
            return rounded(predicted[:, 0])
        values = predicted.argmax(axis=1) if self.classes else predicted[:, 0]
        return as_bytes(values, self.low, self.high)


def surface_of(dataset: Dataset) -> DrawnSurface | None:
    """The surface of a dataset of one feature and one output, or of two features; None for any other."""
    where = surface_over(dataset, LINE_POINTS, MAP_SIDE)
    outputs = dataset.train.y.shape[1]
    if where is None or (where.is_line and outputs > 1):
        return None
    if where.is_line:
        y = np.concatenate([dataset.train.y, dataset.test.y])
        margin = 0.25 * (float(np.ptp(y)) or 1.0)
        return DrawnSurface(where, dataset, float(y.min()) - margin, float(y.max()) + margin)
    if outputs == 1 and dataset.task == "regression":
        return DrawnSurface(where, dataset, float(dataset.train.y.min()), float(dataset.train.y.max()))
    return DrawnSurface(where, dataset, 0.0, max(outputs - 1.0, 1.0))


def plain_surface(surface: DrawnSurface | None) -> dict[str, Any] | None:
    """What page.js needs in order to read what `drawn` gives."""
    if surface is None:
        return None
    return {
        "kind": surface.kind,
        "axes": [[float(f"{number:.5g}") for number in axis] for axis in surface.where.axes],
        "low": surface.low,
        "high": surface.high,
        "classes": surface.classes,
    }


def rounded(numbers: Array) -> list[float]:
    """To four digits, which keeps the page small."""
    return [float(f"{number:.4g}") for number in numbers.tolist()]


def as_bytes(values: Array, low: float, high: float) -> str:
    """Numbers as base64 of one byte each: 0 for low and below, 255 for high and above."""
    share = (np.nan_to_num(np.asarray(values, dtype=np.float64)) - low) / ((high - low) or 1.0)
    return base64.b64encode(np.round(255 * share.clip(0, 1)).astype(np.uint8).tobytes()).decode()


def as_signed_bytes(values: Array, scale: float) -> str:
    """Numbers as base64 of one signed byte each: ±127 for ±scale and beyond, and 0 for what is exactly 0 alone."""
    values = np.nan_to_num(np.asarray(values, dtype=np.float64))
    scaled = np.round(127 * (values / (scale or 1.0)).clip(-1, 1))
    scaled = np.where((scaled == 0) & (values != 0), np.sign(values), scaled)
    return base64.b64encode(scaled.astype(np.int8).tobytes()).decode()


def picture(surface: DrawnSurface) -> dict[str, str]:
    """What the picture of a prediction is of, in the plural if it is, what it shows, and how that is to be read."""
    points = "signs are the training points by their label"
    if surface.where.is_line:
        test = "the dotted line is" if surface.test_is_a_curve else "dots are"
        return {
            "of": "fitted curves",
            "shows": "Fitted curves of the runs over the training points",
            "reads": f"Fitted curves; circles are the training points, {test} the test split.",
        }
    of, reads = {
        "binary": ("boundary", f"Probability over the two features; the line is the boundary, {points}"),
        "multiclass": ("map of classes", f"Areas are the most probable class at each place, {points}"),
        "regression": ("map of predictions", "Prediction over the two features; circles are the training points."),
    }[surface.dataset.task]
    return {"of": of, "shows": f"The {of} over the two features, with the training points", "reads": reads}


def undrawable(dataset: Dataset) -> str:
    """Why there is no picture of what networks on this dataset predict."""
    features, outputs = dataset.train.x.shape[1], dataset.train.y.shape[1]
    has = f"{features:,} features" if features > 1 else f"one feature and {outputs} classes"
    return (
        f"There is no fit or boundary to draw: the data has {has}, and a picture has room for one feature and one "
        "output, or for two features."
    )
