"""tuning.json: every result of tuning and of the references, so that nothing is trained twice."""

import math
import time
from pathlib import Path
from typing import Any

import numpy as np

from regx.core.regularizer import CROSS_FITTED
from regx.core.trained import Trained
from regx.store.files import FORMAT, read_json, write_json
from regx.studies.recommendation.criteria import MEASURED
from regx.studies.recommendation.ladder import Candidate
from regx.studies.recommendation.references import Score

SECONDS_BETWEEN_WRITES = 5.0


class Tuning:
    """Every result of tuning and of the references, in a file that is written now and then."""

    def __init__(self, path: Path, anew: bool) -> None:
        self._path = path
        stored = read_json(path, sealed=True) if path.exists() and not anew else {}
        self._networks: dict[str, dict[str, dict[str, float | None]]] = stored.get("networks", {})
        self._references: dict[str, dict[str, dict[str, Any]]] = stored.get("references", {})
        self.failed: set[tuple[str, str]] = set()  # not stored, so that another start tries again
        self.reason = ""  # of the last that failed
        self.network = ""  # whose results are asked for and added: lanes of one are no lanes of another
        self._written = time.monotonic()

    def _key(self, candidate: Candidate, epochs: int) -> str:
        parts = ", ".join(name if of is None else f"{name} {of:g}" for name, of in candidate.parts)
        return f"{candidate.lane} lr={candidate.lr:g} ({parts}) {self.network}, {epochs} epochs"

    @staticmethod
    def _split(seed: int, fold: int) -> str:
        return f"{seed}, fold {fold}" if fold else str(seed)

    def has(self, candidate: Candidate, epochs: int, seed: int, fold: int = 0) -> bool:
        """Whether a trial is over. fold: which rows of the split are for validation, see `split_rows`."""
        key, split = self._key(candidate, epochs), self._split(seed, fold)
        return split in self._networks.get(key, {}) or (key, split) in self.failed

    def value(self, metric: str, candidate: Candidate, epochs: int, seed: int, fold: int = 0) -> float:
        """A metric of the reported network, or `best_val_loss`; infinite where it diverged, failed or is not known."""
        found = self._networks.get(self._key(candidate, epochs), {}).get(self._split(seed, fold), {}).get(metric)
        return math.inf if found is None else found

    def add(self, candidate: Candidate, epochs: int, fold: int, trained: Trained) -> None:
        values = {**trained.diagnostics, **trained.reported}
        names = [f"{split}_{name}" for name in MEASURED for split in ("val", "test") if f"{split}_{name}" in values]
        # A test loss that is no number can be averaged with nothing. So no such network is chosen.
        finite = trained.status == "completed" and all(math.isfinite(values[f"{one}_loss"]) for one in ("val", "test"))
        kept = {name: values[name] if finite and math.isfinite(values[name]) else None for name in names}
        kept["best_val_loss"] = float(np.nanmin(trained.metrics["val_loss"])) if finite else None
        if finite and math.isfinite(judged := trained.diagnostics.get(CROSS_FITTED, math.nan)):
            kept["val_loss"] = judged  # the least of many would win for being the least
        self._networks.setdefault(self._key(candidate, epochs), {})[self._split(trained.seed, fold)] = kept
        self._write_now_and_then()

    def fail(self, candidate: Candidate, epochs: int, seed: int, fold: int, reason: str) -> None:
        self.failed.add((self._key(candidate, epochs), self._split(seed, fold)))
        self.reason = reason

    def reference(self, role: str, seed: int) -> Score | None:
        found = self._references.get(role, {}).get(str(seed))
        if found is None:
            return None
        metrics = {name: math.nan if value is None else value for name, value in found["metrics"].items()}
        return Score(metrics, found["p"], tuple(found["notes"]))

    def add_reference(self, role: str, seed: int, found: Score) -> None:
        kept = {"metrics": dict(found.metrics), "p": found.p, "notes": list(found.notes)}
        self._references.setdefault(role, {})[str(seed)] = kept
        self._write_now_and_then()

    def _write_now_and_then(self) -> None:
        if time.monotonic() - self._written > SECONDS_BETWEEN_WRITES:
            self.write()

    def write(self) -> None:
        write_json(self._path, {"format": FORMAT, "networks": self._networks, "references": self._references})
        self._written = time.monotonic()
