"""What an exercise finds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Verdict = Literal["holds", "does not hold", "cannot tell", "checked"]


@dataclass(frozen=True)
class Answer:
    """To one question. said: what was asked and measured, in a sentence."""

    verdict: Verdict
    said: str


@dataclass(frozen=True)
class Finding:
    """Of one exercise. folder: its runs, None where it trains nothing. seconds: by the clock."""

    name: str
    verdict: Verdict
    answers: tuple[Answer, ...]
    seconds: float
    folder: Path | None = None

    @property
    def measured(self) -> str:
        """All that was measured, in sentences."""
        return " ".join(answer.said for answer in self.answers)


def verdict_of(answers: list[Answer]) -> Verdict:
    """Of all answers together: one that does not hold decides, then one that cannot be told."""
    verdicts = [answer.verdict for answer in answers]
    for decisive in ("does not hold", "cannot tell", "holds"):
        if decisive in verdicts:
            return decisive
    return "checked"
