"""What one question of an exercise is answered with."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

ClaimVerdict = Literal["holds", "does not hold", "cannot tell", "checked"]
DECISIVE: tuple[ClaimVerdict, ...] = ("does not hold", "cannot tell", "holds", "checked")


@dataclass(frozen=True)
class Answer:
    """To one question. said: what was asked and measured, in a sentence."""

    verdict: ClaimVerdict
    said: str


def together(verdicts: Iterable[ClaimVerdict]) -> ClaimVerdict | None:
    """Of several answers: one that does not hold decides, then one that cannot be told; None without any."""
    found = set(verdicts)
    return next((verdict for verdict in DECISIVE if verdict in found), None)
