"""The errors that a user can cause, and the exit codes they end with.

Everything here ends in one clear message and never in a traceback: what was expected, what was found, where, and
what to type instead.
"""

import difflib
from collections.abc import Iterable

DONE, FAILED, BAD_INPUT, SOME_DIVERGED = 0, 1, 2, 3


class RegxError(Exception):
    """An expected failure. The command line prints `str(error)` and ends with `exit_code`."""

    exit_code = FAILED


class InputError(RegxError):
    """The user's input is wrong: a config, an option, a table, a name."""

    exit_code = BAD_INPUT


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with the nearest known word, capitals or not, or nothing when none is near."""
    small = {one.lower(): one for one in known}
    nearest = difflib.get_close_matches(word.lower(), small, n=1, cutoff=0.5)
    return f" Did you mean '{small[nearest[0]]}'?" if nearest else ""
