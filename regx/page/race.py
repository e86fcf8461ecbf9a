"""The race: what the networks of one seed were at some dozens of epochs, for the page to play."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regx.core.arrays import Array
from regx.evidence.predict import predict_snapshots
from regx.evidence.run import Run
from regx.figures.weights import as_matrix
from regx.page.curves import SPLITS, thin, thinned_curve
from regx.page.surface import DrawnSurface, as_signed_bytes, plain_surface, rounded

MOST_FRAMES, LEAST_FRAMES = 40, 6
MOST_UNITS, LEAST_UNITS = 40, 8
LOSS_POINTS = 120
# What keeps the page small, over all its runs.
ALL_FRAMES = 400
ALL_WEIGHTS = 1_000_000


def race_of(
    runs: Sequence[Run], index: Mapping[str, int], surface: DrawnSurface | None, seed: int, lanes: int
) -> tuple[dict[str, Any], list[Run], list[Run]]:
    """The race of the runs that have snapshots of the seed, of which there must be one.

    index: a run's folder -> its place on the page. lanes: how many runs with snapshots the whole page has.
    Returns plain data that page.js reads, the runs, and those that are left out: with snapshots of another seed, whose
    training points are others.
    """
    racing = [run for run in runs if pictured_seed(run) == seed]
    most = max(min(MOST_FRAMES, ALL_FRAMES // lanes), LEAST_FRAMES)
    frames = {}
    for run in racing:
        kept = sorted(run.snapshots)
        at = np.round(np.linspace(0, len(kept) - 1, min(most, len(kept)))).astype(int)
        frames[run.folder] = [kept[i] for i in np.unique(at)]
    every = sorted({epoch for epochs in frames.values() for epoch in epochs})
    stops = [every[i] for i in thin(np.array(every), MOST_FRAMES)]
    scales = _scales(racing)
    content_of = [
        _lane(run, index[str(run.folder)], frames[run.folder], stops, surface, seed, scales, ALL_WEIGHTS // lanes)
        for run in racing
    ]
    left_out = [run for run in runs if pictured_seed(run) not in (None, seed)]
    return {"epochs": stops, "lanes": content_of, "surface": plain_surface(surface)}, racing, left_out


def pictured_seed(run: Run) -> int | None:
    """The finished seed whose snapshots a run keeps; None if it keeps none."""
    named = [seed for seed, network in run.summary.networks.items() if network.keeps_snapshots]
    return named[0] if named and run.snapshots else None


def _lane(
    run: Run,
    index: int,
    epochs: Sequence[int],
    stops: Sequence[int],
    surface: DrawnSurface | None,
    seed: int,
    scales: Mapping[tuple[str, tuple[int, ...]], float],
    budget: int,
) -> dict[str, Any]:
    network = run.summary.networks[seed]
    predicted = predict_snapshots(run, surface.where.x) if surface is not None else {}
    frames = [_matrices(run.snapshots[epoch]) for epoch in epochs]
    shapes = {name: matrix.shape for name, matrix in frames[0].items()}
    units = _units(list(shapes.values()), budget // len(epochs))
    layers = [
        {"name": name, "shape": [rows, columns], "rows": min(rows, units), "columns": min(columns, units),
         "scale": scales[name, (rows, columns)]}
        for name, (rows, columns) in shapes.items()
    ]  # fmt: skip
    weights = [
        [as_signed_bytes(matrix[:units, :units], scales[name, matrix.shape]) for name, matrix in frame.items()]
        for frame in frames
    ]
    count = max(sum(math.prod(shape) for shape in shapes.values()), 1)
    zeros = [round(sum(int(np.count_nonzero(one == 0)) for one in frame.values()) / count, 4) for frame in frames]
    loss: dict[str, Any] = {}
    for split in SPLITS:
        curve = thinned_curve(run, f"{split}_loss", LOSS_POINTS, seed)
        if curve is not None:
            loss[split] = {"epoch": curve.epoch.tolist(), "loss": rounded(curve.mean)}
    return {
        "run": index,
        "ended": "stopped" if network.completed else "diverged",
        "last": network.last_epoch,
        "reported": network.reported_epoch,
        # A run that has no snapshot at a stop shows the one before it: the network that it had by then.
        "frame": [max(sum(epoch <= stop for epoch in epochs) - 1, 0) for stop in stops],
        "drawn": [surface.drawn(predicted[epoch]) for epoch in epochs] if surface is not None else [],
        "layers": layers,
        "weights": weights,
        "zeros": zeros,
        "loss": loss,
    }


def _units(shapes: Sequence[tuple[int, ...]], most: int) -> int:
    """How many rows and columns of each matrix are drawn, so that no more than `most` weights are."""
    for units in range(MOST_UNITS, LEAST_UNITS, -1):
        if sum(min(rows, units) * min(columns, units) for rows, columns in shapes) <= most:
            return units
    return LEAST_UNITS


def _matrices(snapshot: Mapping[str, Array]) -> dict[str, Array]:
    """The weight matrices, layer by layer, (in, out)."""
    found = {
        name.removesuffix("/weight"): as_matrix(array) for name, array in snapshot.items() if name.endswith("/weight")
    }
    return {name: found[name] for name in sorted(found, key=lambda name: (len(name), name))}


def _scales(runs: Sequence[Run]) -> dict[tuple[str, tuple[int, ...]], float]:
    """Per layer and shape the weight at which the colours end, the same for all runs, so that they can be compared.

    The greatest of the runs' 99th percentiles: a few large weights would leave the rest without colour.
    """
    scales: dict[tuple[str, tuple[int, ...]], float] = {}
    for run in runs:
        for epoch in (min(run.snapshots), max(run.snapshots)):
            for name, matrix in _matrices(run.snapshots[epoch]).items():
                large = float(np.nan_to_num(np.percentile(np.abs(matrix), 99)))
                key = (name, matrix.shape)
                scales[key] = max(scales.get(key, 0.0), float(f"{large:.3g}"))
    return scales
