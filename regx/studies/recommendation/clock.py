"""How long a race has been going, how long it may, and how far it is."""

import time
from collections.abc import Callable

from regx.core.listener import Progress

ENOUGH = 1.0  # seconds that have to be measured before they are believed


class Clock:
    """Counts work in estimated seconds of one core, and measures how many seconds one of those takes.

    pace: seconds for one that is estimated, as long as nothing has been measured. ahead: the work that is to be done.
    later: what comes after it and ends with the time.
    """

    def __init__(self, seconds: float, pace: float, tell: Callable[[Progress], None]) -> None:
        self._start = time.monotonic()
        self._seconds, self._guess, self._tell = seconds, pace, tell
        self._done = self._trained = self._spent = self._share = 0.0
        self.ahead = self.later = 0.0
        self.reserve = 0.0  # seconds that are kept for what comes after tuning
        self.is_bound = False  # whether what is being done ends with the time

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds that are left for tuning."""
        return self._seconds - self.reserve - self.elapsed

    @property
    def is_over(self) -> bool:
        return self.is_bound and self.left <= 0

    @property
    def pace(self) -> float:
        return self._spent / self._trained if self._spent > ENOUGH and self._trained > 0 else self._guess

    def fits(self, work: float, share: float = 1.0) -> bool:
        """Whether so much work can be done in the time that is left until a share of all is over."""
        return work * self.pace <= self.left - (1 - share) * (self._seconds - self.reserve)

    def known(self, work: float) -> None:
        """So much of it had been done before."""
        self.ahead -= work

    def trained(self, work: float, seconds: float) -> None:
        """So much was done now, and took so long."""
        self._trained, self._spent = self._trained + work, self._spent + seconds
        self.ahead -= work

    def tell(self, stage: str, part: float = 0.0, ends: bool = False) -> None:
        """Say how far it is. part: work of the stage that is done."""
        left = max(0.0, self.ahead - part) * self.pace
        if self.is_bound:
            left = min(left, max(0.0, self.left)) + self.reserve
        elif self.later:
            left += min(self.later * self.pace, max(0.0, self.left - left)) + self.reserve
        self._share = 1.0 if ends else max(self._share, min(0.99, self.elapsed / (self.elapsed + left)))
        self._tell(Progress(self._share, stage=stage, seconds_left=left))
