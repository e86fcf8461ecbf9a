"""What an exercise finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from regx.core.shown import Shown

if TYPE_CHECKING:
    from regx.studies.lessons.exercise import Exercise

Verdict = Literal["holds", "does not hold", "cannot tell", "checked"]


@dataclass(frozen=True)
class Answer:
    """To one question. said: what was asked and measured, in a sentence."""

    verdict: Verdict
    said: str


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
    def verdict(self) -> Verdict | None:
        """Of all answers together: one that does not hold decides, then one that cannot be told."""
        verdicts = [answer.verdict for answer in self.answers]
        for decisive in ("does not hold", "cannot tell", "holds", "checked"):
            if decisive in verdicts:
                return decisive
        return None

    def __repr__(self) -> str:
        return f"<regx lesson {self.name}: {self.verdict or 'not run'}>"
