"""What a kind of figure is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from regx.figures.style import Figure


@dataclass(frozen=True)
class Kind:
    """One kind of figure.

    of: what it is drawn of, one or several: a `Run`, a `Sweep` or a `BiasVariance`.
    unfit: why a subject cannot be drawn, or None if it can. Raises RegxError as `read` does.
    draw: the figure of what was read. Called within `style.styled()`.
    read: what is drawn of a subject, itself if nothing else. Raises RegxError where a file is missing or damaged.
    per_figure: how many subjects one figure may hold. together: whether one figure is to show all of them; of more than
    it may hold it is then drawn only where it is asked for. about: the same kind about another metric than the test
    loss; None where it is about none.
    """

    name: str
    of: Literal["run", "sweep", "bias_variance"]
    help: str
    unfit: Callable[[Any], str | None]
    draw: Callable[[Sequence[Any]], Figure]
    read: Callable[[Any], Any] = lambda subject: subject
    per_figure: int = 1
    together: bool = False
    about: Callable[[str], "Kind"] | None = None
