"""What is wrong with a stored run, if anything: the numbers that say so are gathered here, and judged beside it."""

import math

import numpy as np

from regx.core.arrays import Array
from regx.core.errors import RegxError
from regx.data.dataset import Dataset
from regx.engine.diagnostics import trivial
from regx.evidence.data import dataset_of
from regx.evidence.predict import predict
from regx.evidence.run import Run
from regx.stats.neighbours import shared_error
from regx.studies.diagnosis.judgement import Seed, difference, judge
from regx.studies.diagnosis.result import Diagnosis, MeanLosses
from regx.studies.diagnosis.words import evidence_for, notes_on

# Loading data and predicting cost more than all else; the pattern of the errors shows in a few seeds and many rows.
SEEDS_LOOKED_INTO = 5
ROWS_LOOKED_INTO = 1000


def diagnose(run: Run) -> Diagnosis:
    """The verdict on a run and what led there. Raises InputError if its metrics or weights are damaged.

    The test split is not looked at: what is changed on the strength of a diagnosis would be fitted to it.
    """
    curves = _curves(run)
    completed = run.completed_seeds
    datasets, unread = _datasets(run, completed[:SEEDS_LOOKED_INTO])
    scales = {seed: _trivial(run, seed, datasets.get(seed)) for seed in run.seeds}
    seeds = tuple(_seed(run, seed, curves[seed], scales[seed], datasets.get(seed)) for seed in run.seeds)
    verdict = judge(seeds)
    judged = [val if val is not None else train for train, val in (scales[seed] for seed in completed)]
    known = [scale for scale in judged if scale is not None]
    data = next(iter(datasets.values()), None)
    return Diagnosis(
        verdict,
        evidence_for(verdict, seeds),
        notes=tuple(notes_on(run, seeds, verdict, None if data is None else len(data.val.x), unread)),
        seeds=seeds,
        curves=_mean_curves([curves[seed] for seed in completed]),
        rows=None if data is None else len(data.train.x),
        trivial=sum(known) / len(known) if known else None,
    )


def _curves(run: Run) -> dict[int, Array]:
    """Epoch, training and validation loss of every finished seed, (rows, 3); NaN for what does not exist."""
    names = ("seed", *run.rows.names, "unknown")
    where = [names.index(name if name in names else "unknown") for name in ("epoch", "train_loss", "val_loss")]
    curves = {}
    for seed, text in run.rows.lines.items():
        rows = [f"{line},".split(",") for line in text.splitlines()]  # with an empty field for what the file has not
        curves[seed] = np.array([[float(fields[k] or "nan") for k in where] for fields in rows])
    return curves


def _mean_curves(curves: list[Array]) -> MeanLosses:
    if not curves:
        return MeanLosses()
    epochs, train, val = np.mean([curve[: min(map(len, curves))] for curve in curves], axis=0).T
    return MeanLosses(
        tuple(map(int, epochs)), tuple(train.tolist()), tuple(val.tolist()) if np.isfinite(val).all() else ()
    )


def _datasets(run: Run, seeds: list[int]) -> tuple[dict[int, Dataset], RegxError | None]:
    """The data of the seeds, or why there is none: a diagnosis can do without."""
    try:
        return {seed: dataset_of(run, seed) for seed in seeds}, None
    except RegxError as error:
        return {}, error


def _trivial(run: Run, seed: int, data: Dataset | None) -> tuple[float | None, float | None]:
    """The trivial predictor's loss on the training and the validation split."""
    found = run.summary.networks[seed].diagnostics
    if "trivial_train_loss" not in found and data is not None:  # a run of before these were kept
        found = trivial(data)
    return found.get("trivial_train_loss"), found.get("trivial_val_loss")


def _seed(run: Run, seed: int, curve: Array, scales: tuple[float | None, float | None], data: Dataset | None) -> Seed:
    network = run.summary.networks[seed]
    if not network.completed:
        return Seed(seed, diverged=network.diverged_at)
    metrics, diagnostics = network.metrics, network.diagnostics
    trivial_train, trivial_val = scales
    epochs, train, val = curve.T
    has_val = bool(np.isfinite(val).any())
    to_the_end = network.reported_epoch == epochs[-1] == run.config["training"]["epochs"]
    share = _ratio(metrics["train_loss"], trivial_train)
    rise = difference(metrics["val_loss"], float(np.nanmin(val))) if has_val else None
    pattern = None
    if data is not None and share is not None:
        x, y = data.train.x[:ROWS_LOOKED_INTO], data.train.y[:ROWS_LOOKED_INTO]
        pattern = shared_error(x, y - predict(run, x, seed))
    norm, size = diagnostics.get("first_layer_gradient_norm"), metrics["weight_norm"]
    return Seed(
        seed,
        train=share,
        val=_ratio(metrics["val_loss"], trivial_val),
        start=_ratio(float(train[0]), trivial_train),
        # Averaged weights are of no epoch, and may be better than all.
        rise=_ratio(None if rise is None else max(rise, 0.0), trivial_val),
        gain=_gain(epochs, *((val, trivial_val) if has_val else (train, trivial_train))) if to_the_end else None,
        pattern=None if pattern is None or share is None else max(pattern, 0.0) * share,
        growth=_ratio(diagnostics.get("mean_absolute_weight"), diagnostics.get("initial_mean_absolute_weight")),
        gradient=_ratio(None if norm is None or size is None else norm * size, metrics["train_loss"]),
        dead=diagnostics.get("dead_units"),
        accuracy_gap=difference(metrics.get("train_accuracy"), metrics.get("val_accuracy")),
    )


def _gain(epochs: Array, losses: Array, scale: float | None) -> float | None:
    """What the last half of the epochs took off the least loss so far, as a share of the trivial loss."""
    least = np.fmin.accumulate(losses)
    half = int(np.searchsorted(epochs, epochs[-1] / 2, side="right")) - 1
    return difference(_ratio(float(least[half]), scale), _ratio(float(least[-1]), scale))


def _ratio(value: float | None, scale: float | None) -> float | None:
    if value is None or scale is None or not scale > 0:
        return None
    ratio = value / scale
    return ratio if math.isfinite(ratio) else None
