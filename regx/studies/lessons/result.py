"""What an exercise finds."""

from dataclasses import dataclass
from pathlib import Path

from regx.core.shown import Shown
from regx.studies.lessons.answer import Answer, ClaimVerdict, together
from regx.studies.lessons.exercise import Exercise


@dataclass(frozen=True)
class Finding(Shown):
    """Of one exercise; without answers where it was not run.

    seconds: by the clock. folder: its runs, None where it trains nothing.
    """

    exercise: Exercise
    answers: tuple[Answer, ...] = ()
    seconds: float | None = None
    folder: Path | None = None

    @property
    def name(self) -> str:
        return self.exercise.name

    @property
    def lesson(self) -> str:
        return self.exercise.lesson

    @property
    def claim(self) -> str:
        return self.exercise.claim

    @property
    def measured(self) -> str | None:
        """All that was measured, in sentences."""
        return " ".join(answer.said for answer in self.answers) or None

    @property
    def verdict(self) -> ClaimVerdict | None:
        return together(answer.verdict for answer in self.answers)

    def __repr__(self) -> str:
        return f"<regx lesson {self.name}: {self.verdict or 'not run'}>"
