"""Leaving a training where it stands: asked to end, it comes to the end of an epoch, where a checkpoint is kept.

An epoch that takes too long is cut short by whoever asks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_asked: BaseException | None = None
_can_wait = False


def ask(error: BaseException) -> None:
    """End the training that goes on here after its epoch, or raise the error where none does. For signal handlers."""
    global _asked
    if not _can_wait:
        raise error
    _asked = error


def is_asked() -> bool:
    """Whether the training that goes on here is to end."""
    return _asked is not None


@contextlib.contextmanager
def after_an_epoch(keeps: bool) -> Iterator[None]:
    """Around a training, which looks at `is_asked` after each epoch; raises what was asked for.

    keeps: whether checkpoints are. Without any there is nothing to wait for.
    """
    global _asked, _can_wait
    _can_wait, before = keeps, _can_wait
    try:
        yield
    finally:
        _can_wait = before
        if _asked is not None and not _can_wait:
            error, _asked = _asked, None
            raise error
