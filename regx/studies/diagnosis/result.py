"""What a diagnosis has found."""

from dataclasses import dataclass
from pathlib import Path

from regx.core.shown import Shown
from regx.evidence.run import Run
from regx.studies.diagnosis.judgement import Evidence, Seed, Verdict


@dataclass(frozen=True)
class MeanLosses:
    """Mean losses over the completed seeds at the evaluated epochs that all of them reached; val empty without one."""

    epochs: tuple[int, ...] = ()
    train: tuple[float, ...] = ()
    val: tuple[float, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a run. evidence: the decisive first. notes: what limits the verdict, a sentence each.

    seeds: the numbers behind it. curves: means over seeds. rows: of the training split, None where the data could not
    be loaded. trivial: the loss of the trivial predictor on the validation split, without one on the training split,
    mean over seeds; None where it is not known.
    """

    verdict: Verdict
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...]
    seeds: tuple[Seed, ...]
    curves: MeanLosses
    rows: int | None
    trivial: float | None


@dataclass(frozen=True)
class Advice:
    """One change. name: a word for it that fits into a run's name. reason: a sentence.

    overrides: KEY=VALUE each, as `--set` takes them; none where no key does it, as with data yet to be collected.
    """

    name: str
    overrides: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Diagnosed(Shown):
    """A run, or the file of another program's log, what is wrong with it, and what to change."""

    run: Run | None
    diagnosis: Diagnosis
    advice: tuple[Advice, ...]
    log: Path | None = None

    @property
    def place(self) -> Path:
        """The run folder, or the log."""
        found = self.run.folder if self.run is not None else self.log
        assert found is not None
        return found

    @property
    def name(self) -> str:
        return self.run.name if self.run is not None else self.place.name
