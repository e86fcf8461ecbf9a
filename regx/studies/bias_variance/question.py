"""A study of bias and variance: networks of one config, each on another training set, at every point of an axis."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from regx.config.config import Config
from regx.config.grid import Grid
from regx.config.identity import Identity, digest
from regx.core.arrays import Array
from regx.core.errors import InputError
from regx.core.listener import Keeper
from regx.core.notes import note
from regx.core.trained import Trained
from regx.data.redrawn import Redrawn, redrawn
from regx.evidence.predict import outputs
from regx.runner.networks import DEFAULT, Options, train_networks
from regx.runner.plan import Trainee, dataset, fingerprint, forget_data
from regx.runner.standing import standing
from regx.stats.aggregate import UNKNOWN
from regx.store.files import BIAS_VARIANCE, write_json
from regx.store.lock import Lock
from regx.studies.bias_variance.judgement import FEWEST_DRAWS, PARTS, decompose, intervals
from regx.studies.bias_variance.result import BiasVariance, Decomposed, read_bias_variance


def study_folder(grid: Grid, out: Path) -> Path:
    """The folder of a study: of its config, axis and draws. Raises InputError for what cannot be studied."""
    if len(grid.axes) > 1:
        keys = ", ".join(axis.key for axis in grid.axes)
        raise grid.axes[-1].refused(
            f"expected at most one axis for a study of bias and variance, found {len(grid.axes)}: {keys}. "
            f"Give all but one of them a single value, such as -s {grid.axes[-1].key}={grid.axes[-1].values[0]}."
        )
    config = grid.cells[0].config
    if len(config.seeds) < FEWEST_DRAWS:
        raise InputError(
            f"--draws: expected at least {FEWEST_DRAWS} training sets, found {len(config.seeds)}. "
            "With 50 the intervals are useful."
        )
    draws = {"seeds": list(config.seeds), "axes": [[axis.key, list(axis.values)] for axis in grid.axes]}

    def of(identity: Identity) -> str:
        return digest({**identity(config.resolved), "name": grid.name, **draws})

    return standing(out, f"{grid.name}-bias-variance", of, config)


def missing_points(grid: Grid, folder: Path, force: bool) -> list[int]:
    """The numbers of the grid's cells that a study's folder lacks. With `force` all of them."""
    found = {} if force else _stored(folder)
    return [number for number, value in enumerate(_values(grid)) if digest(value) not in found]


def bias_variance(grid: Grid, out: Path, options: Options = DEFAULT) -> BiasVariance:
    """Train what the study lacks, a network on each training set.

    The seeds of the config are the draws: each fixes a training set, a validation split and initial weights, as in a
    run. A point is written when its last network is trained, so whatever ends this early loses at most the points under
    way. Networks that diverge are counted and left out, and so are those that cannot be trained, which the same command
    tries again. Raises InputError for what cannot be studied, RegxError where the folder cannot be written or somebody
    else writes there.
    """
    forget_data()
    folder = study_folder(grid, out)
    with Lock(folder):
        lacking = missing_points(grid, folder, options.force)
        configs = [dataclasses.replace(cell.config, dataset=redrawn(cell.config.dataset)) for cell in grid.cells]
        study = _Study(grid, folder, configs, options.force)
        trainees = [Trainee(number, seed) for number in lacking for seed in configs[number].seeds]
        if trainees:
            train_networks(configs, trainees, study, options)
    return study.found()


class _Study(Keeper):
    """What is known of each point, and the predictions of points under way."""

    def __init__(self, grid: Grid, folder: Path, configs: Sequence[Config], force: bool) -> None:
        self._grid, self._folder, self._configs = grid, folder, configs
        self._values = _values(grid)
        self._points = {} if force else _stored(folder)
        self._data = fingerprint(configs[0].dataset)
        self._under_way: dict[int, dict[int, Array | None]] = {}
        self._failed: Counter[int] = Counter()  # networks of each cell
        if self._points:
            before = read_bias_variance(folder).data_fingerprint
            if before != self._data:
                raise InputError(
                    f"{folder}: the data has changed since this study: expected fingerprint {before}, found "
                    f"{self._data}. Choose another --out, or --force to train anew."
                )

    def on_trained(self, trainees: Sequence[Trainee], trained: Sequence[Trained]) -> None:
        """Keep what the networks predict, and write the points that are complete with them."""
        for number in dict.fromkeys(trainee.config for trainee in trainees):
            own = [one for trainee, one in zip(trainees, trained, strict=True) if trainee.config == number]
            self._know(number, self._predictions(number, own))

    def on_failed(self, trainees: Sequence[Trainee], reason: str) -> None:
        """Leave out a network that cannot be trained, and say why on stderr."""
        (trainee,) = trainees
        value = self._values[trainee.config]
        where = "" if value is None else f" at {self._grid.axes[0].key}={value}"
        note(f"warning: {self._folder}: seed {trainee.seed}{where} failed and is left out: {reason}")
        self._failed[trainee.config] += 1
        self._know(trainee.config, {trainee.seed: None})

    def _know(self, number: int, predicted: dict[int, Array | None]) -> None:
        known = self._under_way.setdefault(number, {})
        known.update(predicted)
        if len(known) == len(self._configs[number].seeds):
            self._points[digest(self._values[number])] = self._point(number, self._under_way.pop(number))
            write_json(self._folder / BIAS_VARIANCE, self.found().as_json())

    def found(self) -> BiasVariance:
        """The points that are there, in the axis' order."""
        first = self._configs[0]
        assert isinstance(first.dataset, Redrawn)
        source, axis = first.dataset, next(iter(self._grid.axes), None)
        data = source.of.kind, source.fixed.task, source.truth() is not None, self._data
        points = tuple(self._points[digest(value)] for value in self._values if digest(value) in self._points)
        return BiasVariance(self._folder, self._grid.name, axis, first.seeds, *data, points)

    def _predictions(self, number: int, trained: Sequence[Trained]) -> dict[int, Array | None]:
        """By seed, (n, K) at the test inputs, None of a network that diverged."""
        config = self._configs[number]
        assert isinstance(config.dataset, Redrawn)
        completed = [one for one in trained if one.status == "completed"]
        predicted: dict[int, Array | None] = dict.fromkeys((one.seed for one in trained), None)
        if completed:
            networks = [one.stage("reported") for one in completed]
            at = config.dataset.fixed.test.x
            found = outputs(config, config.dataset.fixed.task, networks, at).astype(np.float64)
            predicted.update({one.seed: rows for one, rows in zip(completed, found, strict=True)})
        return predicted

    def _point(self, number: int, predicted: dict[int, Array | None]) -> Decomposed:
        source = self._configs[number].dataset
        assert isinstance(source, Redrawn)
        kept = {seed: rows for seed, rows in sorted(predicted.items()) if rows is not None}
        failed = self._failed[number]
        left_out = len(predicted) - len(kept) - failed, failed
        truth = source.truth()
        if len(kept) < FEWEST_DRAWS:
            nothing = {name: UNKNOWN for name in PARTS if name != "noise" or truth is not None}
            return Decomposed(self._values[number], nothing, {}, *left_out)
        targets = np.stack([dataset(source, seed).test.y for seed in kept])
        times = targets.shape[1] // len(source.fixed.test.x)  # test inputs may stand there twice
        predictions = np.stack([np.tile(rows, (times, 1)) for rows in kept.values()])
        parts = decompose(predictions, targets, truth)
        draws = {name: dict(zip(kept, values.tolist(), strict=True)) for name, values in parts.items()}
        return Decomposed(self._values[number], intervals(parts), draws, *left_out)


def _values(grid: Grid) -> list[Any]:
    """The axis' value at each cell of the grid; None without an axis."""
    return [next(iter(cell.point.values()), None) for cell in grid.cells]


def _stored(folder: Path) -> dict[str, Decomposed]:
    """The points that a study's file has and that lack no network, by the key of their value."""
    if not (folder / BIAS_VARIANCE).exists():
        return {}
    return {digest(point.value): point for point in read_bias_variance(folder).points if not point.failed}
