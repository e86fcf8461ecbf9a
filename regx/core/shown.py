"""What a result shows of itself: a card in a notebook, and figures. Floors above draw them, and are named here."""

from __future__ import annotations

TYPE_CHECKING = False  # this is loaded with the package, and `typing` takes longer than all else that is
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# `card`: a result as HTML. `plot`: figures of a run.
DRAWN: dict[str, Callable[..., Any]] = {}


class Shown:
    """A result that a notebook shows as HTML: its name, what follows from it, its table and a small figure."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(DRAWN["card"](self))
