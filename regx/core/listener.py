"""Listeners to training: its moments, what is told at each, and the two kinds of listeners.

Those who change training are regularizers and optimizers. A listener changes nothing: a keeper stores what comes of
training, which ends where the keeper fails; a watcher shows it, and training goes on whatever becomes of the watcher.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from regx.core.errors import RegxError
from regx.core.notes import note

if TYPE_CHECKING:
    from regx.core.arrays import Array

Moment = Literal["on_glimpse", "on_checkpoint", "on_trained", "on_failed"]


@dataclass(frozen=True)
class Glimpse:
    """How the networks of a population that are still training stand at an evaluated epoch.

    networks: (r,) their numbers in the population. metrics: those of an epoch's row by name, each (r,).
    outputs: (r, K, n), what these networks predict at the watched inputs; None without inputs.
    """

    epoch: int
    networks: Array
    metrics: dict[str, Array]
    outputs: Array | None


@dataclass(frozen=True)
class Progress:
    """How far training is. share: of all epochs of all networks, where those that a stopped network did not need count.

    stage: what is being done, where one command does several things. seconds_left: where it is known.
    """

    share: float
    networks: int = 0
    all_networks: int = 0
    stage: str = ""
    seconds_left: float | None = None


@dataclass(frozen=True)
class Wanted:
    """What a listener wants to be told.

    seconds: between two glimpses of a population. inputs: (n, D), where glimpses are to show what is predicted.
    side_by_side: whether populations are to train in turns. checkpoints: whether there are to be any.
    slim: whether networks come as `Trained.slim` leaves them. metrics: which are measured of the reported networks,
    beside those that always are.
    """

    seconds: float = 0.1
    inputs: Array | None = None
    side_by_side: bool = False
    checkpoints: bool = False
    slim: bool = False
    metrics: tuple[str, ...] = ()


class Listener:
    """Hears of training. The speaker calls `hear`, which calls the method of the moment; here none does anything.

        for each population, one after the other or in turns:
            on_begin(whose)                            keepers alone, perhaps in another thread
            for epoch in 0, ..., epochs:
                train and evaluate
                on_glimpse(whose, glimpse)             every `wanted.seconds`; of the networks still training
                on_checkpoint(whose, checkpoint)       every `training.checkpoint_seconds`, if `wanted.checkpoints`
            on_trained(whose, trained)                 one result per network, in their order,
            on_failed(whose, reason)                   or for each network that cannot be trained
        on_progress(progress)                          watchers alone, after a glimpse and after networks that ended

    The engine says whose by the number of the population, as a worker process does to the one that started it; the
    runner says it by the members, in the thread that called it. What is told is plain data, and the listener's own.
    """

    wanted = Wanted()

    def hear(self, moment: Moment, whose: Any, what: Any) -> None:
        getattr(self, moment)(whose, what)

    def on_glimpse(self, whose: Any, glimpse: Glimpse) -> None: ...

    def on_checkpoint(self, whose: Any, checkpoint: Any) -> None: ...

    def on_trained(self, whose: Any, trained: Sequence[Any]) -> None: ...

    def on_failed(self, whose: Any, reason: str) -> None: ...

    def on_progress(self, progress: Progress) -> None: ...


class Keeper(Listener):
    """Keeps what is trained; a network that cannot be trained ends everything where `on_failed` says nothing else."""

    def on_begin(self, members: Sequence[Any]) -> None: ...

    def on_failed(self, members: Sequence[Any], reason: str) -> None:
        raise RegxError(f"a network cannot be trained (seed {members[0].seed}): {reason}. What is finished is kept.")


class Following(Listener):
    """A watcher that tells a function how far training is."""

    def __init__(self, follow: Callable[[Progress], None]) -> None:
        self._follow = follow

    def on_progress(self, progress: Progress) -> None:
        self._follow(progress)


class Watchers(Listener):
    """Several who watch. One that fails is told nothing more, which is said on stderr; training goes on without it."""

    def __init__(self, *each: Listener) -> None:
        self._each = list(each)
        self.wanted = next((one.wanted for one in each if one.wanted is not Listener.wanted), Listener.wanted)

    def hear(self, moment: Moment, whose: Any, what: Any) -> None:
        self._tell(lambda one: one.hear(moment, whose, what))

    def on_progress(self, progress: Progress) -> None:
        self._tell(lambda one: one.on_progress(progress))

    def _tell(self, tell: Callable[[Listener], None]) -> None:
        for one in list(self._each):
            try:
                tell(one)
            except Exception as error:  # whatever a watcher raises: it is not part of the training
                self._each.remove(one)
                why = f"{type(error).__name__}: {error}"
                note(f"warning: training goes on, but cannot be shown any more: {why}")
