"""How a run folder stands: which seeds are finished, of what they are, whether all is whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from regx.core.errors import InputError, RegxError
from regx.store import files
from regx.store.about import now
from regx.store.atomic import write_atomically
from regx.store.lock import LOCK, Lock, holder
from regx.store.metrics import format_metrics, read_rows
from regx.store.opened import read_bytes
from regx.store.weights import read_snapshots, read_weights

Status = Literal["running", "completed", "diverged", "interrupted", "failed"]


def settle(folder: Path) -> None:
    """Finish what a writer left undone that was killed after its last seed. Does nothing while somebody writes here.

    Raises InputError if the folder is damaged; RegxError if the disk refuses.
    """
    about = files.read_json(folder / files.ABOUT)
    is_marked = about["status"] in ("completed", "diverged")
    if holder(folder) is not None or (is_marked and not (folder / LOCK).exists()):
        return
    entries = listed(folder)
    if all(str(seed) in entries for seed in files.read_config(folder / files.CONFIG)["seeds"]):
        with Lock(folder):
            if not is_marked:
                rows = read_rows(folder / files.METRICS, about["task"], entries)
                content = format_metrics(rows.lines, rows.names).encode()
                if read_bytes(folder / files.METRICS, files.most_bytes()) != content:
                    write_atomically(folder / files.METRICS, content)
                mark(folder, ended(entries))


def mark(folder: Path, status: Status) -> None:
    """Write how a run stands into its run.json, with the time if it has come to an end."""
    finished = None if status == "running" else now()
    about = files.read_json(folder / files.ABOUT)
    files.write_json(folder / files.ABOUT, {**about, "status": status, "finished": finished})


def pictured(entries: Mapping[str, Any]) -> set[int]:
    """Those of the listed seeds of which there are snapshots."""
    return {int(seed) for seed, entry in entries.items() if "snapshots" in entry.get("sha256", {})}


def check_data(folder: Path, fingerprint: str) -> None:
    """Raises InputError if the finished seeds of a folder were trained on data of another fingerprint."""
    before = files.read_json(folder / files.SUMMARY)["data_fingerprint"]
    if before != fingerprint:
        raise InputError(
            f"{folder}: the data has changed since these seeds were trained: expected fingerprint {before}, "
            f"found {fingerprint}. Choose another --out, or --force to train anew."
        )


def check_peek(folder: Path, peek: bool) -> None:
    """Raises InputError if the finished seeds of a folder were trained with --peek and `peek` is not, or vice versa."""
    before = files.read_json(folder / files.SUMMARY).get("peek", False)
    if before != peek:
        raise InputError(
            f"{folder}: expected seeds trained {'with' if before else 'without'} --peek, as those that are there, "
            f"found {'none' if before else '--peek'}. {'Add --peek' if before else 'Leave --peek out'}, choose another "
            "--out, or --force to train anew."
        )


def can_be_kept(folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any]) -> bool:
    """Whether the finished seeds of a folder, if it has any, are of this config and this data, and whole."""
    try:
        entries = finished(folder, resolved, about)
        read_rows(folder / files.METRICS, about["task"], entries)
        read_weights(folder / files.WEIGHTS, entries, resolved)
        read_snapshots(folder / files.SNAPSHOTS, entries, resolved)
    except RegxError:  # damaged, or what cannot be read at all
        return False
    return True


def ended(entries: Mapping[str, Any]) -> Status:
    """How a run stands all of whose seeds are finished."""
    return "diverged" if any(entry["status"] == "diverged" for entry in entries.values()) else "completed"


def listed(folder: Path) -> dict[str, Any]:
    """What summary.json says of each finished seed; nothing if there is no such file."""
    if not (folder / files.SUMMARY).exists():
        return {}
    seeds: dict[str, Any] = files.read_json(folder / files.SUMMARY)["seeds"]
    return seeds


def finished(folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """The listed seeds, once it is sure that they answer the same question."""
    entries = listed(folder)
    if not entries:
        return {}
    from regx.config.identity import question

    before, asked = question(files.read_config(folder / files.CONFIG)), question(resolved)
    for key in sorted(before.keys() | asked.keys()):
        if before.get(key) != files.strict(asked.get(key)):
            raise InputError(
                f"{folder / files.CONFIG}: expected the config that is being run, found another `{key}`: "
                f"{before.get(key)} instead of {asked.get(key)}. Choose another --out, or --force to train anew."
            )
    check_peek(folder, bool(about.get("peek", False)))
    check_data(folder, about["data_fingerprint"])
    return entries
