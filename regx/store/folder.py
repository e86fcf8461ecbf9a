"""Writing a run folder.

A seed is finished when summary.json lists it, and summary.json is written after the seed's metrics and weights. So a
process killed at any point leaves a folder in which every listed seed is whole; rows and arrays of seeds that are not
listed are ignored by readers and dropped by the next write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from regx.core.errors import InputError, RegxError
from regx.core.trained import Trained
from regx.store.about import now
from regx.store.atomic import locked, write_atomically
from regx.store.files import (
    ABOUT,
    CONFIG,
    METRICS,
    SNAPSHOTS,
    SUMMARY,
    WEIGHTS,
    read_config,
    read_json,
    strict,
    write_config,
    write_json,
)
from regx.store.metrics import columns, format_metrics, format_rows, read_rows
from regx.store.summary import seed_summary, summary
from regx.store.weights import format_weights, read_weights

Status = Literal["running", "completed", "diverged", "interrupted", "failed"]


def begin_run(folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any], keep_finished: bool = True) -> None:
    """Make the folder, if there is none, and mark it as running, before anything is trained.

    config.yaml then asks for the seeds of `resolved` and those that the folder has already; see `write_run`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RegxError(f"{folder}: the run folder cannot be made: {error.strerror or error}.") from error
    with locked(folder):
        finished = _finished(folder, resolved, about) if keep_finished else {}
        if (folder / ABOUT).exists():  # a completed run stops being one before it is asked for more seeds
            mark(folder, "running")
        _write_config(folder, resolved, finished)
        write_json(folder / ABOUT, {"status": "running", "started": now(), "finished": None, **about})


def write_run(
    folder: Path,
    resolved: Mapping[str, Any],
    trained: Sequence[Trained],
    about: Mapping[str, Any],
    keep_finished: bool = True,
) -> None:
    """Add trained seeds to a folder. Seeds that it has already are kept, or with `keep_finished=False` dropped.

    resolved: the resolved config, a mapping of plain values, its seeds the ones asked for. about: from `about.about`.
    When all seeds that config.yaml asks for are finished the status becomes `completed`, or `diverged` if one of them
    has diverged.
    Raises InputError if the folder holds another config or other data, or is damaged; RegxError if the disk refuses.
    """
    if not (folder / ABOUT).exists() or read_json(folder / ABOUT, ("status",))["status"] != "running":
        begin_run(folder, resolved, about, keep_finished)
    with locked(folder):
        finished = _finished(folder, resolved, about) if keep_finished else {}
        names = columns(about["task"])
        new = {str(one.seed): one for one in trained}
        kept = {seed: entry for seed, entry in finished.items() if seed not in new}
        rows = read_rows(folder / METRICS, names, last_epochs(kept))
        arrays = read_weights(folder / WEIGHTS, [int(seed) for seed in kept])
        if (folder / SUMMARY).exists():
            # Seeds that are about to be replaced are first unlisted.
            write_json(folder / SUMMARY, summary(resolved, about, kept))

        rows.update({one.seed: format_rows(one, names) for one in trained})
        arrays.update({f"seed{one.seed}/{name}": array for one in trained for name, array in one.weights.items()})
        entries = {**kept, **{seed: seed_summary(one, about["task"]) for seed, one in new.items()}}
        seeds = _write_config(folder, resolved, entries)
        write_atomically(folder / METRICS, format_metrics(rows, names).encode())
        write_atomically(folder / WEIGHTS, format_weights(arrays))
        snapshots = {
            f"seed{one.seed}/epoch{epoch}/{name}": array
            for one in trained
            for epoch, named in one.snapshots.items()
            for name, array in named.items()
        }
        if snapshots:
            write_atomically(folder / SNAPSHOTS, format_weights(snapshots))
        write_json(folder / SUMMARY, summary(resolved, about, entries))
        if all(str(seed) in entries for seed in seeds):
            mark(folder, "diverged" if any(e["status"] == "diverged" for e in entries.values()) else "completed")


def mark(folder: Path, status: Status) -> None:
    """Write how a run stands into its run.json, with the time if it has come to an end."""
    about = read_json(folder / ABOUT)
    write_json(folder / ABOUT, {**about, "status": status, "finished": None if status == "running" else now()})


def finished_seeds(folder: Path) -> list[int]:
    """The seeds that need no training; none if there is no such folder."""
    return sorted(int(seed) for seed in _listed(folder))


def check_data(folder: Path, fingerprint: str) -> None:
    """Raises InputError if the finished seeds of a folder were trained on data of another fingerprint."""
    before = read_json(folder / SUMMARY, ("data_fingerprint",))["data_fingerprint"]
    if before != fingerprint:
        raise InputError(
            f"{folder}: the data has changed since these seeds were trained: expected fingerprint {before}, "
            f"found {fingerprint}. Choose another --out, or --force to train anew."
        )


def check_peek(folder: Path, peek: bool) -> None:
    """Raises InputError if the finished seeds of a folder were trained with --peek and `peek` is not, or vice versa."""
    before = read_json(folder / SUMMARY, ("peek",))["peek"]
    if before != peek:
        raise InputError(
            f"{folder}: expected seeds trained {'with' if before else 'without'} --peek, as those that are "
            "there. Choose another --out, or --force to train anew."
        )


def is_same_question(folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    """Whether the finished seeds of a folder, if it has any, are of this config and this data."""
    try:
        _finished(folder, resolved, about)
    except InputError:
        return False
    return True


def last_epochs(seeds: Mapping[str, Any]) -> dict[int, int]:
    """The last row's epoch of each listed seed."""
    return {int(seed): entry["last_epoch"] for seed, entry in seeds.items()}


def _listed(folder: Path) -> dict[str, Any]:
    if not (folder / SUMMARY).exists():
        return {}
    seeds: dict[str, Any] = read_json(folder / SUMMARY, ("seeds",))["seeds"]
    return seeds


def _finished(folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """The listed seeds, once it is sure that they answer the same question."""
    listed = _listed(folder)
    if not listed:
        return {}
    before = read_config(folder / CONFIG)
    for key in sorted((before.keys() | resolved.keys()) - {"seeds"}):
        if before.get(key) != strict(resolved.get(key)):
            raise InputError(
                f"{folder / CONFIG}: expected the config that is being run, found another `{key}`: "
                f"{before.get(key)} instead of {resolved.get(key)}. Choose another --out, or --force to train anew."
            )
    check_peek(folder, bool(about.get("peek", False)))
    check_data(folder, about["data_fingerprint"])
    return listed


def _write_config(folder: Path, resolved: Mapping[str, Any], finished: Mapping[str, Any]) -> list[int]:
    """Write config.yaml, which asks for what is asked for now and what is finished. Its seeds."""
    seeds = sorted({*resolved["seeds"], *map(int, finished)})
    without = {key: value for key, value in resolved.items() if key != "seeds"}
    write_config(folder / CONFIG, {**without, "seeds": seeds})
    return seeds
