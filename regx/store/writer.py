"""Writing a run folder.

A seed is finished when summary.json lists it, and summary.json is written after the seed's metrics and weights. So a
process killed at any point leaves a folder in which every listed seed is whole; rows and arrays of seeds that are not
listed are ignored by readers and dropped by the next writer. There is one writer at a time, who holds the lock.
"""

import contextlib
import os
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from regx.core.arrays import Array, under
from regx.core.errors import InputError, RegxError
from regx.core.trained import Trained
from regx.store import files
from regx.store.about import now, training_facts
from regx.store.atomic import append_lines, write_atomically
from regx.store.folder import ended, finished, mark, pictured
from regx.store.lock import Lock
from regx.store.metrics import format_metrics, format_rows, read_rows
from regx.store.opened import is_own_folder, read_bytes
from regx.store.summary import seed_summary, summary
from regx.store.weights import digest, format_weights, read_arrays, read_weights


class RunWriter(contextlib.AbstractContextManager["RunWriter", None]):
    """The one writer of a run folder, from before anything is trained until `close`.

    resolved: the resolved config, a mapping of plain values, its seeds the ones asked for. about: from `about.about`.
    Seeds that the folder has already are kept, or with `keep_finished=False` dropped when the first new ones are added.
    config.yaml asks for both. lock: the folder's, where it is held already.
    Raises InputError if what is to be kept is of another config or other data, or is damaged; RegxError if the disk
    refuses or somebody else is writing.
    """

    def __init__(
        self, folder: Path, resolved: Mapping[str, Any], about: Mapping[str, Any], keep_finished: bool = True,
        lock: Lock | None = None,
    ) -> None:  # fmt: skip
        self._folder, self._resolved, self._about = folder, resolved, about
        if lock is None:
            is_own_folder(folder)  # a study's cell may be a link to anywhere
        self._lock = lock or Lock(folder)
        try:
            self._entries = finished(folder, resolved, about) if keep_finished else {}
            # Old seeds go when new ones come.
            self._drops = not keep_finished and (folder / files.SUMMARY).exists()
            # A folder keeps the columns that it was begun with.
            kept = read_rows(folder / files.METRICS, about["task"], {} if self._drops else self._entries)
            self._names, rows = kept.names, kept.lines
            try:
                _seal(folder)
            except RegxError:
                if not self._drops:  # what is trained anew takes the place of what is damaged
                    raise
            was_begun = (folder / files.ABOUT).exists()
            trainings, own = _trainings(folder) if self._entries else [], training_facts(about)
            trainings += [] if own in trainings else [own]
            self._training = trainings.index(own)
            running = {"status": "running", "started": now(), "finished": None, **about, "trainings": trainings}
            if was_begun:  # a completed run stops being one before it is asked for more seeds
                files.write_json(folder / files.ABOUT, running)
            self._seeds = _write_config(folder, resolved, self._entries)
            if not was_begun:
                files.write_json(folder / files.ABOUT, running)
            if not self._drops:
                self._write_metrics(rows)
        except BaseException:
            self.close()
            raise
        self._failed: dict[str, str] = {}
        self._appended: dict[int, int] = {}  # how many rows of seeds in training are there
        self._order = sorted(rows)  # whose rows come after whose

    def append(self, metrics: Mapping[int, Mapping[str, Array]]) -> None:
        """Add rows of seeds in training: by seed, all columns of the epochs so far. Readers wait for the whole seed.

        Rows that are there already, also of an attempt that failed later than this one has come, are not added again.

        Raises RegxError naming the file if the disk refuses.
        """
        self._lock.check()
        if not self._drops:
            self._append({seed: own for seed, own in metrics.items() if str(seed) not in self._entries}, durable=False)

    def add(self, trained: Sequence[Trained]) -> None:
        """Add trained seeds. The seeds that they replace are dropped first.

        When all seeds that config.yaml asks for are finished the status becomes `completed`, or `diverged` if one of
        them has diverged. Raises InputError if the folder is damaged; RegxError if the disk refuses.
        """
        self._lock.check()
        folder, names = self._folder, self._names
        new = {str(one.seed): one for one in trained}
        rows = {one.seed: format_rows(one.seed, one.metrics, names) for one in trained}
        kept = {seed: entry for seed, entry in self._entries.items() if seed not in new}
        arrays = read_weights(folder / files.WEIGHTS, kept, self._resolved)
        if self._drops or len(kept) < len(self._entries):
            others = read_rows(folder / files.METRICS, self._about["task"], kept).lines
            files.write_json(folder / files.SUMMARY, summary(self._resolved, self._about, kept))
            self._write_metrics({**others, **rows})
            self._appended |= {one.seed: len(one.metrics["epoch"]) for one in trained}
            self._drops, self._entries = False, kept
        else:
            self._append({one.seed: one.metrics for one in trained}, durable=True)
        for one in trained:
            arrays |= under(f"seed{one.seed}", one.weights)
        in_order = sorted(arrays, key=lambda name: int(name.partition("/")[0].removeprefix("seed")))
        write_atomically(folder / files.WEIGHTS, format_weights({name: arrays[name] for name in in_order}))
        if prepared := {seed: one.preparation for seed, one in new.items() if one.preparation is not None}:
            path = folder / files.PREPARATION
            others = files.read_json(path)["seeds"] if kept and path.exists() else {}
            of_kept = {seed: of for seed, of in others.items() if seed in kept}
            files.write_json(path, {"format": files.FORMAT, "seeds": {**of_kept, **prepared}})
        entries = dict(self._entries)
        for seed, one in new.items():
            own = {"training": self._training, "bytes": len(rows[one.seed])}
            seal = {"sha256": self._digests(one, rows[one.seed])}
            entries[seed] = {**seed_summary(one, self._about["task"]), **own, **seal}
        # So that a file that was cut is noticed without reading it. Rows of seeds in training come and go.
        sizes = {
            files.METRICS: len(format_metrics({}, names)) + sum(entry.get("bytes", 0) for entry in entries.values()),
            files.WEIGHTS: (folder / files.WEIGHTS).stat().st_size,
        }
        files.write_json(folder / files.SUMMARY, {**summary(self._resolved, self._about, entries), "bytes": sizes})
        self._entries = entries
        if self.complete:
            # Seeds that ended in another order, or a part at a time, are put in ascending order.
            if any(after <= before for before, after in pairwise(self._order)):
                self._write_metrics(read_rows(folder / files.METRICS, self._about["task"], entries).lines)
            mark(folder, ended(entries))
        elif self._is_over:
            mark(folder, "failed")

    def fail(self, seed: int, reason: str) -> None:
        """Say of a seed that it cannot be trained, and why. It stays missing, so another start tries it again.

        When nothing else is missing the status becomes `failed`. Raises RegxError if the disk refuses.
        """
        self._failed[str(seed)] = reason
        path = self._folder / files.ABOUT
        failed = dict(sorted(self._failed.items(), key=lambda one: int(one[0])))
        files.write_json(path, {**files.read_json(path), "failed": failed})
        if self._is_over:
            mark(self._folder, "failed")

    @property
    def _is_over(self) -> bool:
        """Whether of all seeds that config.yaml asks for it is known that they are finished or cannot be."""
        return all(str(seed) in self._entries or str(seed) in self._failed for seed in self._seeds)

    @property
    def complete(self) -> bool:
        """Whether all seeds that config.yaml asks for are finished."""
        return not self._drops and all(str(seed) in self._entries for seed in self._seeds)

    def close(self) -> None:
        """Let others write here."""
        self._lock.release()

    def __exit__(self, *error: object) -> None:
        self.close()

    def _digests(self, one: Trained, rows: str) -> dict[str, str]:
        """What of a seed stands in other files, so that a change there is noticed. Writes its snapshots, if any."""
        found = {"metrics": files.sha256(rows.encode()), "weights": digest(under(f"seed{one.seed}", one.weights))}
        if one.snapshots:
            snapshots = dict[str, Array]()
            for epoch, picture in one.snapshots.items():
                snapshots |= under(f"seed{one.seed}/epoch{epoch}", picture)
            path, others = self._folder / files.SNAPSHOTS, pictured(self._entries) - {one.seed}
            earlier = read_arrays(path, {f"seed{seed}" for seed in others}) if others else {}
            write_atomically(path, format_weights({**earlier, **snapshots}))
            found["snapshots"] = digest(snapshots)
        return found

    def _append(self, metrics: Mapping[int, Mapping[str, Array]], durable: bool) -> None:
        text = "".join(
            [format_rows(seed, own, self._names, self._appended.get(seed, 0)) for seed, own in metrics.items()]
        )
        if text or durable:
            append_lines(self._folder / files.METRICS, text.encode(), durable)
        self._order += metrics
        for seed, own in metrics.items():
            # A network that is trained again after its worker died makes rows that are there already.
            self._appended[seed] = max(self._appended.get(seed, 0), len(own["epoch"]))

    def _write_metrics(self, rows: Mapping[int, str]) -> None:
        """Write metrics.csv with these seeds alone, unless it holds just that."""
        path, content = self._folder / files.METRICS, format_metrics(rows, self._names).encode()
        is_there = False
        with contextlib.suppress(RegxError):  # what cannot be read is written
            is_there = read_bytes(path, len(content)) == content
        if not is_there:
            write_atomically(path, content)
        self._order = sorted(rows)


def _seal(folder: Path) -> None:
    """Seal what was written before there were seals, run.json last: where that has one, readers expect all to have."""
    if (folder / files.SUMMARY).exists() and files.SEAL not in (content := files.read_json(folder / files.SUMMARY)):
        files.write_config(folder / files.CONFIG, files.read_config(folder / files.CONFIG))
        files.write_json(folder / files.SUMMARY, content)


def _write_config(folder: Path, resolved: Mapping[str, Any], finished: Mapping[str, Any]) -> list[int]:
    """Write config.yaml, which asks for what is asked for now and what is finished. Its seeds."""
    seeds = sorted({*resolved["seeds"], *map(int, finished)})
    dataset = dict(resolved["dataset"])
    if isinstance(dataset.get("path"), str):
        dataset["path"] = _from_folder(folder, dataset["path"])
    without = {key: value for key, value in {**resolved, "dataset": dataset}.items() if key != "seeds"}
    files.write_config(folder / files.CONFIG, {**without, "seeds": seeds})
    return seeds


def _from_folder(folder: Path, path: str) -> str:
    """A table's path as config.yaml beside it can be read wherever both are moved; as it is where there is none."""
    try:
        table = Path(path).expanduser()
        return Path(os.path.relpath(table.resolve(), folder.resolve())).as_posix() if table.exists() else path
    except (OSError, ValueError):  # of a name that is too long, or of another drive of Windows
        return path


def _trainings(folder: Path) -> list[dict[str, Any]]:
    """Who trained the seeds of a folder, start by start. A run of version 0.1.0 says it of all of them at once."""
    about: dict[str, Any] = {}
    with contextlib.suppress(InputError):  # that it is damaged, whoever trains anew wants to mend
        about = files.read_json(folder / files.ABOUT)
    return list(about.get("trainings") or [training_facts(about)])
