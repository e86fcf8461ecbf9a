"""Which question a config asks: what changes a number, without what stands at its default.

Run folders are named by it, so it outlives new parameters: a config that leaves them at their defaults asks what it
always asked.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

from regx.config.schema import FIXED, NAMED
from regx.core.parameters import MISSING, parameters
from regx.regularizers import REGISTRY as REGULARIZERS

Identity = Callable[[Mapping[str, Any]], dict[str, Any]]

FORMAT = 2  # of the hash
SECTIONS = {str(path[-1]): cls for path, cls in FIXED.items()}
REGISTRIES = {str(path[-1]): registry for path, (_, registry) in NAMED.items()}
TOP = ("name", "dataset", "architecture", "regularizers", "optimizer", "training", "seeds")
# Where a table lies, and what is kept of a training, change no number.
NO_QUESTION = {("dataset", "path"), ("training", "snapshots"), ("training", "checkpoint_seconds")}
# The parameters of version 0.1.0, whose hash was of all of them, at their defaults or not. Those of sections first.
_TABLE = "test_fraction val_fraction n_train label_noise"
_STEP = "lr sam schedule"
FORMER = {
    "architecture": "hidden activation init residual tied",
    "training": "epochs batch_size dtype eval_every snapshots checkpoint_seconds",
    "sine": "n_train n_val n_test noise label_noise", "circle": "n_train n_val n_test label_noise",
    "diabetes": f"{_TABLE} path missing", "breast_cancer": _TABLE, "digits": _TABLE,
    "csv": f"{_TABLE} path target task drop categorical separator",
    "sgd": f"{_STEP} momentum nesterov", "rmsprop": f"{_STEP} alpha eps", "adam": f"{_STEP} beta1 beta2 eps",
    "adamw": f"{_STEP} beta1 beta2 eps weight_decay",
    "constant": "warmup", "step": "warmup every decay", "cosine": "warmup floor",
    "l2": "lam", "l1": "lam method", "elastic_net": "lam l1_ratio", "group_lasso": "lam", "weight_decay": "lam",
    "max_norm": "c", "orthogonal": "lam", "dropout": "p input", "group_dropout": "p size", "gaussian_dropout": "p",
    "dropconnect": "p", "weight_noise": "sigma", "input_noise": "sigma", "stochastic_depth": "p", "mixup": "alpha",
    "label_smoothing": "eps", "smote": "share k", "activity_penalty": "lam norm", "confidence_penalty": "beta",
    "batch_norm": "momentum eps position", "layer_norm": "eps position", "rms_norm": "eps position",
    "clip_norm": "max_norm", "clip_value": "clip_value", "gradient_noise": "eta gamma",
    "early_stopping": "patience min_delta metric", "weight_average": "method decay start",
}  # fmt: skip


def digest(data: Any) -> str:
    """8 hex digits of the SHA-256 of plain data as canonical JSON."""
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def question(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """What of a resolved config changes a number, without its seeds and what stands at its default.

    Two configs of one question have the same results on the same data, which it does not name.
    """

    def is_asked(cls: type | None, section: str, kind: str, key: str, value: Any) -> bool:
        return (section, key) not in NO_QUESTION and not _is_default(cls, key, value)

    return {key: value for key, value in _kept(resolved, is_asked).items() if key != "seeds"}


def known(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved config without the keys that this version does not know."""

    def is_known(cls: type | None, section: str, kind: str, key: str, value: Any) -> bool:
        return cls is None or key in ("name", "schedule") or key in parameters(cls)

    return {key: value for key, value in _kept(resolved, is_known).items() if key in TOP}


def identity(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """What a folder is named by: the question, and the name of the table that it is asked of."""
    path, cls = resolved["dataset"].get("path"), REGISTRIES["dataset"].get(resolved["dataset"]["name"])
    is_own = path and (cls is None or parameters(cls)["path"].required)  # where another may stand in its place
    return {"format": FORMAT, **question(resolved), "table": PurePath(path).name if is_own else None}


def former_identity(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """What version 0.1.0 named a folder by, seeds and all. Parameters that it did not know are left out."""

    def was_known(cls: type | None, section: str, kind: str, key: str, value: Any) -> bool:
        return kind not in FORMER or key == "name" or key in FORMER[kind].split()

    training = {**resolved["training"], "snapshots": resolved["training"]["snapshots"] or 0}
    return {key: value for key, value in _kept({**resolved, "training": training}, was_known).items() if key in TOP}


def pointed(kind: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a regularizer as a value of an axis, by which cells are named.

    Parameters that version 0.1.0 did not know are left out where they stand at their default.
    """
    former, cls = FORMER.get(kind, " ".join(settings)).split(), REGULARIZERS[kind]
    return {key: value for key, value in settings.items() if key in former or not _is_default(cls, key, value)}


def _kept(resolved: Mapping[str, Any], keep: Callable[[type | None, str, str, str, Any], bool]) -> dict[str, Any]:
    """A resolved config with what keep(class, section, kind, key, value) says yes to; class None if unknown."""

    def of(section: str, given: Any, registry: Mapping[str, type] | None = None) -> Any:
        if not isinstance(given, Mapping):
            return given
        name = given.get("name", section) if registry is None else section
        kind = name if isinstance(name, str) else section
        cls = (registry or REGISTRIES.get(section, SECTIONS)).get(kind)
        return {key: of(key, value) for key, value in given.items() if keep(cls, section, kind, key, value)}

    stack = [{kind: of(kind, given, REGULARIZERS) for kind, given in one.items()} for one in resolved["regularizers"]]
    return {**{key: of(key, value) for key, value in resolved.items()}, "regularizers": stack}


def _is_default(cls: type | None, key: str, value: Any) -> bool:
    declared = parameters(cls).get(key) if cls is not None else None
    default = MISSING if declared is None else declared.default
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
