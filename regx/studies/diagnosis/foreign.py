"""Diagnosing a training that another program has logged: a CSV, a Keras history or a TensorBoard file of losses.

A log has no data, no weights and no trivial predictor, so less can be said than of a run; the notes name what.
"""

import csv
import io
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regx.core.errors import InputError, RegxError, did_you_mean
from regx.core.text import first_of
from regx.studies.diagnosis.judgement import Seed, Verdict, difference, judge
from regx.studies.diagnosis.result import Advice, Diagnosed, Diagnosis, MeanLosses
from regx.studies.diagnosis.words import ON_LOGS, evidence_for, notes_on_log

MOST_BYTES = 64 << 20
FEWEST_EPOCHS = 3
ENDINGS = (".csv", ".tsv", ".txt", ".log", ".json")
# Names in lower case, every other sign an underscore, by what they are usually called in Keras, Lightning and PyTorch.
NAMES = {
    "epoch": ("epoch", "epochs", "step", "global_step", "iteration"),
    "train_loss": ("train_loss", "training_loss", "loss", "train_loss_epoch", "loss_train", "loss_epoch", "epoch_loss"),
    "val_loss": (
        "val_loss", "valid_loss", "validation_loss", "loss_val", "val_loss_epoch", "eval_loss", "dev_loss",
        "epoch_val_loss", "val_epoch_loss", "test_loss",
    ),
    "train_accuracy": ("train_accuracy", "train_acc", "accuracy", "acc", "training_accuracy", "train_acc_epoch"),
    "val_accuracy": ("val_accuracy", "val_acc", "valid_accuracy", "validation_accuracy", "eval_accuracy"),
}  # fmt: skip


@dataclass(frozen=True)
class Log:
    """The curves of one training, by epoch. named: by what they are, the names that they have in the log."""

    epochs: tuple[int, ...]
    train: tuple[float, ...]
    val: tuple[float, ...]
    train_accuracy: float | None
    val_accuracy: float | None
    named: dict[str, str]


def is_log(path: Path) -> bool:
    """Whether a path is a log, by its ending or by TensorBoard's files in it, rather than a folder of runs."""
    if os.path.isfile(path):  # noqa: PTH113  # false where a name is too long, or a folder closed
        return path.suffix.lower() in ENDINGS or "tfevents" in path.name
    return os.path.isdir(path) and bool(_events(path))  # noqa: PTH112


def diagnose_log(path: Path, columns: Mapping[str, str] | None = None) -> Diagnosed:
    """The verdict on a log. columns: the names that `train_loss`, `val_loss`, ... have in it; the rest is guessed.

    Raises InputError where there is no training loss, fewer than three epochs, or no log at all.
    """
    log = read_log(path, columns or {})
    diverged = next((epoch for epoch, loss in zip(log.epochs, log.train, strict=True) if not math.isfinite(loss)), None)
    trivial = next((loss for loss in log.train if math.isfinite(loss) and loss > 0), None)
    seed = _seed(log, trivial, diverged)
    verdict, curves = judge([seed]), MeanLosses(log.epochs, log.train, log.val)
    evidence, notes = evidence_for(verdict, [seed]), tuple(notes_on_log(log.named, has_val=bool(log.val)))
    diagnosis = Diagnosis(verdict, evidence, notes, (seed,), curves, None, trivial)
    return Diagnosed(None, diagnosis, tuple(_advice(verdict, log)), path)


def read_log(path: Path, columns: Mapping[str, str]) -> Log:
    """The curves in a file, each epoch's last value of each. Raises InputError naming file, line or column."""
    found = _tensorboard(path) if _events(path) else _history(path) if path.suffix == ".json" else _csv(path)
    by_name = {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in found}
    named = {}
    for role, usual in NAMES.items():
        asked = columns.get(role)
        if asked is not None and asked not in found:
            raise InputError(
                f"{path}: expected a column '{asked}', found {first_of(found)}.{did_you_mean(asked, found)}"
            )
        name = asked or next((by_name[word] for word in usual if word in by_name), None)
        if name is not None:
            named[role] = name
    if "train_loss" not in named:
        raise InputError(
            f"{path}: expected a column of training losses, such as train_loss or loss, found {first_of(found)}. "
            "Name it with --train-loss COLUMN."
        )
    train = found[named["train_loss"]]
    numbers = found[named["epoch"]] if "epoch" in named else list(range(len(train)))
    rows: dict[int, dict[str, float]] = {}
    for place, number in enumerate(numbers):
        if number is None:
            continue
        row = rows.setdefault(int(number), {})
        for role in ("train_loss", "val_loss", "train_accuracy", "val_accuracy"):
            value = found[named[role]][place] if role in named and place < len(found[named[role]]) else None
            if value is not None:
                row[role] = value
    epochs = [epoch for epoch, row in sorted(rows.items()) if "train_loss" in row]
    if len(epochs) < FEWEST_EPOCHS:
        raise InputError(f"{path}: expected {FEWEST_EPOCHS} epochs or more with a training loss, found {len(epochs)}.")
    both = [epoch for epoch in epochs if "val_loss" in rows[epoch]]
    kept = both if len(both) >= FEWEST_EPOCHS else epochs
    last = {role: value for epoch in kept for role, value in rows[epoch].items()}
    return Log(
        tuple(kept), tuple(rows[epoch]["train_loss"] for epoch in kept),
        tuple(rows[epoch]["val_loss"] for epoch in kept) if kept is both else (),
        _share(last.get("train_accuracy")), _share(last.get("val_accuracy")), named,
    )  # fmt: skip


def _seed(log: Log, trivial: float | None, diverged: int | None) -> Seed:
    if diverged is not None or trivial is None:
        return Seed(0, diverged=diverged)
    half, watched = len(log.train) // 2, log.val or log.train
    val, rise = (log.val[-1] / trivial, (log.val[-1] - min(log.val)) / trivial) if log.val else (None, None)
    gain = (watched[half] - min(watched[half:])) / trivial
    apart = difference(log.train_accuracy, log.val_accuracy)
    return Seed(0, log.train[-1] / trivial, val, log.train[0] / trivial, rise, gain, accuracy_gap=apart)


def _advice(verdict: Verdict, log: Log) -> list[Advice]:
    """The usual playbook; without overrides, since there is no config to change."""
    if verdict == "cannot tell" and log.val:
        return []
    best = log.epochs[log.val.index(min(log.val))] if log.val else None
    p = 0.4 if verdict == "severe overfitting" else 0.2
    return [Advice(name, (), reason.format(best=best, p=p)) for name, reason in ON_LOGS.get(verdict, {}).items()]


def _csv(path: Path) -> dict[str, list[float | None]]:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise RegxError(f"{path}: cannot be read: {error.strerror or error}.") from error
    if len(content) > MOST_BYTES:
        raise InputError(f"{path}: expected a log of at most {MOST_BYTES >> 20} MiB, found more.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: expected a log of losses as text, found other bytes.") from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=separator))
    if len(rows) < 2:
        raise InputError(f"{path}: expected a header and a line for each epoch, found {len(rows)} lines.")
    header = [name.strip() for name in rows[0]]
    found: dict[str, list[float | None]] = {name: [] for name in header}
    for row in rows[1:]:
        for name, cell in zip(header, row, strict=False):
            found[name].append(_number(cell))
    numeric = {name: values for name, values in found.items() if any(value is not None for value in values)}
    if not numeric:
        raise InputError(f"{path}: expected columns of numbers, found text alone.")
    return numeric


def _history(path: Path) -> dict[str, list[float | None]]:
    """A JSON of lists by name, as Keras' history.history."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: expected JSON, such as Keras' history, found: {error}") from None
    if isinstance(content, dict) and isinstance(content.get("history"), dict):
        content = content["history"]
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a mapping of names to lists of numbers.")
    return {str(name): [_number(one) for one in values] for name, values in content.items() if isinstance(values, list)}


def _events(path: Path) -> list[Path]:
    """TensorBoard's files at a path."""
    if os.path.isfile(path):  # noqa: PTH113
        return [path] if "tfevents" in path.name else []
    return sorted(path.glob("**/*tfevents*")) if os.path.isdir(path) else []  # noqa: PTH112


def _tensorboard(path: Path) -> dict[str, list[float | None]]:
    """Scalars by tag, beside their steps; of a folder those of all its files, its folders' names before the tags."""
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError:
        raise InputError(f"{path}: reading TensorBoard's files needs it: pip install tensorboard") from None
    by_tag: dict[str, dict[int, float]] = {}
    for file in _events(path):
        inside = file.parent.relative_to(path).parts if path.is_dir() else ()
        prefix = "val_" if any("val" in part for part in inside) else ""
        events = EventAccumulator(str(file))
        events.Reload()
        for tag in events.Tags()["scalars"]:
            by_tag.setdefault(prefix + tag, {}).update({event.step: event.value for event in events.Scalars(tag)})
    if not by_tag:
        raise InputError(f"{path}: expected scalars, found none.")
    steps = sorted({step for values in by_tag.values() for step in values})
    found: dict[str, list[float | None]] = {"epoch": [float(step) for step in steps]}
    return found | {tag: [values.get(step) for step in steps] for tag, values in by_tag.items() if tag != "epoch"}


def _number(cell: Any) -> float | None:
    try:
        value = float(cell)
    except (TypeError, ValueError):
        return None
    return value if not math.isnan(value) or str(cell).strip().lower() == "nan" else None


def _share(accuracy: float | None) -> float | None:
    """An accuracy as a share, where it may be written in percent."""
    return accuracy / 100 if accuracy is not None and accuracy > 1.5 else accuracy
