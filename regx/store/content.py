"""What each stored file holds, written once: whatever is read of a run or a study is checked against it.

Keys that a file has beside these are of a later version, and are read over; what an earlier one had not is optional.
"""

from regx.data import REGISTRY as DATASETS
from regx.metrics import REGISTRY as METRICS
from regx.nn.architecture import Architecture, Training
from regx.optim import REGISTRY as OPTIMIZERS
from regx.optim import SCHEDULES
from regx.regularizers import REGISTRY as REGULARIZERS
from regx.store.shape import (
    ANY,
    COUNT,
    FLAG,
    chosen,
    either,
    listed,
    mapping,
    maybe,
    number,
    record,
    settings,
    word,
)

TASK = word("regression", "binary", "multiclass")
SEED = r"0|[1-9]\d{0,9}"  # as a key
_SPLIT = rf"({SEED})(, fold [1-9])?"
DIGEST = word(pattern=r"[0-9a-f]{64}")
NUMBER, WORD, NUMBERS = number(), word(), mapping(maybe(number()))
INTERVAL = record(dict.fromkeys(("mean", "low", "high"), maybe(NUMBER)))
VALUE = either(maybe(NUMBER), WORD, FLAG, listed(either(NUMBER, WORD, FLAG)))  # of an axis
AXIS = record({"key": WORD, "values": listed(VALUE)})

_VERSIONS = maybe(mapping(maybe(WORD)))
_TRAINING = {"versions": _VERSIONS, "command": maybe(listed(WORD)), "git_commit": maybe(WORD)}
RUN = record(
    {
        "status": word("running", "completed", "diverged", "interrupted", "failed"), "task": TASK,
        "data_fingerprint": WORD,
    },
    {
        "started": maybe(WORD), "finished": maybe(WORD), "digest": WORD, "peek": FLAG, "table": maybe(WORD),
        "rows": listed(COUNT, 3, 3), "failed": mapping(WORD, keys=SEED), "trainings": listed(record({}, _TRAINING)),
        **_TRAINING,
    },
)  # fmt: skip

CONFIG = record({
    "name": WORD, "dataset": chosen(DATASETS), "architecture": settings(Architecture, {"hidden": ANY}),
    "regularizers": listed(mapping(mapping(), {}, {kind: settings(cls) for kind, cls in REGULARIZERS.items()})),
    "optimizer": chosen(OPTIMIZERS, "lr", schedule=chosen(SCHEDULES)),
    "training": settings(Training, {"epochs": ANY}), "seeds": listed(number(0, (1 << 32) - 1, whole=True), 1),
})  # fmt: skip

_OF_METRICS = {name: maybe(number(metric.low, metric.high)) for name, metric in METRICS.items()}
_METRICS = mapping(maybe(NUMBER), {}, _OF_METRICS)
_NETWORK = record(
    {
        "status": word("completed", "diverged"), "reported_epoch": COUNT, "last_epoch": COUNT, "metrics": _METRICS,
        "seconds": number(0), "parameters": COUNT,
    },
    {
        "reported_because": WORD, "diagnostics": maybe(_METRICS), "bytes": COUNT, "training": COUNT,
        "divergence": maybe(record({"epoch": COUNT}, {"tensor": WORD})), "sha256": mapping(DIGEST),
    },
)  # fmt: skip
SUMMARY = record(
    {
        "name": WORD, "task": TASK, "stack": WORD, "dataset": WORD, "data_fingerprint": WORD,
        "over_seeds": mapping(INTERVAL), "seeds": mapping(_NETWORK, keys=SEED),
    },
    {"peek": FLAG, "parameters": maybe(COUNT), "diverged": COUNT, "bytes": mapping(COUNT)},
)  # fmt: skip

_FORM = record({"kind": word("number", "words", "date"), "unit": WORD, "format": WORD, "parts": listed(WORD)})
_PREPARED = record({
    "reading": record({"forms": mapping(_FORM), "decimal": word(".", ","), "missing": maybe(listed(WORD))}),
    "numbers": listed(record({"name": WORD, "fill": NUMBER, "mean": NUMBER, "scale": NUMBER})),
    "words": listed(record({"name": WORD, "levels": listed(maybe(WORD))})),
    "task": TASK, "target": WORD, "classes": listed(WORD), "center": NUMBER, "spread": NUMBER,
})  # fmt: skip
PREPARATION = record({"seeds": mapping(_PREPARED, keys=SEED)})

SWEEP = record(
    {"name": WORD, "axes": listed(AXIS, 0, 100)},
    {
        "cells": listed(record({"run": WORD, "point": mapping(VALUE)})), "compact": FLAG, "config": CONFIG,
        "task": TASK, "data_fingerprint": WORD, "peek": FLAG, "baseline": WORD,
    },
)  # fmt: skip

_PARTS = dict.fromkeys(("bias2", "variance", "noise", "error"), maybe(INTERVAL))
_OVER_DRAWS = record({"seeds": listed(COUNT)}, dict.fromkeys(_PARTS, listed(NUMBER)))
_POINT = record({"value": VALUE, **_PARTS}, {"over_draws": _OVER_DRAWS, "diverged": COUNT, "failed": COUNT})
BIAS_VARIANCE = record(
    {"name": WORD, "axis": maybe(AXIS), "draws": number(0, 100_000, whole=True), "points": listed(_POINT, 1)},
    {"seeds": listed(COUNT), "dataset": WORD, "task": TASK, "separable": FLAG, "data_fingerprint": WORD},
)

_SCORES = mapping(NUMBER, keys=SEED)
_LANE = {"name": WORD, "stack": WORD, "lr": number(0), "val": _SCORES, "test": _SCORES}
_OTHERS = dict.fromkeys(("accuracy", "balanced", "p"), maybe(_SCORES))
_INSPECTION = record({
    "path": WORD, "target": WORD, "task": TASK, "rows": COUNT, "numeric": COUNT, "categorical": COUNT,
    "missing": mapping(COUNT), "inputs": COUNT, "classes": mapping(COUNT), "split": listed(COUNT, 3, 3),
    "parameters": COUNT, "notes": listed(WORD),
})  # fmt: skip
_MEASURED = record(
    {
        "lanes": listed(record(_LANE, _OTHERS), 1), "seconds": number(0), "unfinished": listed(WORD),
        "references": listed(record({"role": WORD, "test": _SCORES}, _OTHERS)),
    },
    {"gains": maybe(FLAG), "cost": WORD},
)  # fmt: skip
RECOMMENDATION = record({"inspection": _INSPECTION, "measured": _MEASURED, "notes": listed(WORD)})
_REFERENCE = record({"metrics": NUMBERS, "p": NUMBER, "notes": listed(WORD)})
TUNING = record({
    "networks": mapping(mapping(NUMBERS, keys=_SPLIT)), "references": mapping(mapping(_REFERENCE, keys=SEED)),
})  # fmt: skip

FILES = {
    "run.json": RUN, "config.yaml": CONFIG, "summary.json": SUMMARY, "preparation.json": PREPARATION,
    "sweep.json": SWEEP, "bias_variance.json": BIAS_VARIANCE, "recommendation.json": RECOMMENDATION,
    "tuning.json": TUNING,
}  # fmt: skip
